package lawtest

import (
	"flag"
	"fmt"
	"sync"
	"testing"

	"github.com/fieldlww/fieldlww/record"
)

// The scopes try every case of a small world instead of some cases of a large
// one. Each counts its cases, so that none can go missing unnoticed. That a small
// world is enough rests on scope A: there the join of one field is seen to be the
// greatest of a set, and the greatest of any set is fixed by pairs. The others
// guard what is not that join: records, orders, repetition, exchange, clocks.
//
//	A  joins of one field, and of two: any three states (exhaustive_laws_test.go)
//	B  the orders and repetitions in which writes of a record arrive (exhaustive_orders_test.go)
//	C  replicas that exchange their states (exhaustive_exchange_test.go)
//	D  replicas with clocks that stand still and step back (exhaustive_clock_test.go)
//
// In the name of a test, a digit is the number of writes, of fields in A2.
//
// With -short, the scopes B and C run a sample of their configurations. The large ones
// run with
//
//	go test ./merge/internal/lawtest -run Scope -scopes=large [-sample=47] -timeout=2h
var (
	scopes = flag.String("scopes", "small", "which exhaustive scopes to run: small or large")
	sample = flag.Int("sample", 1, "of the scopes that are only in large, run one configuration in so many")
)

// large skips the test unless the large scopes are wanted.
func large(t *testing.T) {
	if *scopes != "large" {
		t.Skip("a large scope: run it with -scopes=large")
	}
}

// scope is a number of configurations to go through.
type scope struct {
	configs int
	// step is 1 to run all of them, n to run one in n.
	step int
}

// run goes through the configurations on two goroutines and returns the number
// of cases. The function start returns what runs one of them: it is called once
// for each goroutine, which thus need not share anything.
func (s scope) run(t *testing.T, start func() func(config int) (cases int, err error)) int {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		total int
	)
	const workers = 2
	for worker := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			work, sum := start(), 0
			for i := worker * s.step; i < s.configs; i += workers * s.step {
				cases, err := work(i)
				if err != nil {
					t.Errorf("configuration %d: %v", i, err)
					return
				}
				sum += cases
			}
			mu.Lock()
			defer mu.Unlock()
			total += sum
		}()
	}
	wg.Wait()
	return total
}

// chosen returns how many configurations run goes through.
func (s scope) chosen() int { return (s.configs + s.step - 1) / s.step }

// oneIn returns the step that runs all configurations, or with -short one in n.
func oneIn(n int) int {
	if testing.Short() {
		return n
	}
	return 1
}

// digits takes the number of a configuration apart, the least digit first.
type digits int

func (d *digits) next(n int) int {
	digit := int(*d) % n
	*d /= digits(n)
	return digit
}

// power returns n to the k.
func power(n, k int) int {
	p := 1
	for range k {
		p *= n
	}
	return p
}

// tiePatterns returns every way in which n writes can be before, after and level
// with one another: for each write its rank, where no rank is left out. There are
// 13 of three writes, 75 of four, 541 of five.
func tiePatterns(n int) [][]int {
	var all [][]int
	for i := range power(n, n) {
		d, ranks, seen := digits(i), make([]int, n), 0
		for k := range ranks {
			ranks[k] = d.next(n)
			seen |= 1 << ranks[k]
		}
		if seen&(seen+1) == 0 {
			all = append(all, ranks)
		}
	}
	return all
}

// assignments returns every way to hand n writes to at most three replicas that
// are alike: 5 for three writes, 14 for four, 41 for five.
func assignments(n int) [][]int {
	var all [][]int
	for i := range power(3, n) {
		d, replicas, used := digits(i), make([]int, n), 0
		for k := range replicas {
			replicas[k] = d.next(3)
			if replicas[k] > used {
				used = 4
			} else if replicas[k] == used {
				used++
			}
		}
		if used < 4 {
			all = append(all, replicas)
		}
	}
	return all
}

// twoFields is the state of a record with the fields a and b: the write of each, or
// the zero FieldValue.
type twoFields [2]record.FieldValue

// pairFields are the fields of a twoFields, and pairValues the two values that each
// can have: null, which is not the least by its bytes, and two of one length.
var (
	pairFields = [2]string{"a", "b"}
	pairValues = [2][2]string{{"null", "9"}, {"10", `""`}}
)

// pairKey is the key of the record whose state is a twoFields.
var pairKey = record.Key{Table: "t", ID: "1"}

// pairWrite returns a write of field a or b. Kind 0 and 1 are values, 2 is a
// deletion.
func pairWrite(field, kind int, time int64, client [16]byte) entry {
	w := entry{table: pairKey.Table, id: pairKey.ID, field: pairFields[field], time: time, client: client}
	if w.deleted = kind == 2; !w.deleted {
		w.value = pairValues[field][kind]
	}
	return w
}

// check returns an error unless r is the record with this state.
func (p *twoFields) check(r record.Record) error {
	i := 0
	for f, name := range pairFields {
		if p[f].IsZero() {
			continue
		}
		if i >= r.Len() {
			return fmt.Errorf("field %s is gone in %v", name, r)
		}
		if got, w := r.At(i); got != name || w != p[f] {
			return fmt.Errorf("field %s is not the oracle's %v in %v", name, p[f], r)
		}
		i++
	}
	if i != r.Len() {
		return fmt.Errorf("a field too many in %v", r)
	}
	return nil
}

// winnersOf returns the state for each subset of the writes, the oracle's way:
// sort all writes, then the last one of each field counts. Bit i of the index
// says that write i was seen.
func winnersOf(writes []entry, values []record.FieldValue, out []twoFields) {
	var order [8]int
	n := 0
	for i := range writes {
		k := n
		for ; k > 0 && ruleOrder(writes[order[k-1]], writes[i]) > 0; k-- {
			order[k] = order[k-1]
		}
		order[k] = i
		n++
	}
	for set := range 1 << n {
		out[set] = twoFields{}
		for _, i := range order[:n] {
			if set>>i&1 == 1 {
				f := 0
				if writes[i].field == pairFields[1] {
					f = 1
				}
				out[set][f] = values[i]
			}
		}
	}
}
