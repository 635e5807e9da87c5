package lawtest

import (
	"flag"
	"fmt"
	"sync"
	"testing"

	"github.com/fieldlww/fieldlww/record"
)

// A scope checks every case of a small world instead of some cases of a large one. Each scope
// counts its cases, so a missing case does not go unnoticed. A small world is enough because of
// the scopes of one field: they show that the join of one field is the greatest of a set of
// writes, and comparisons of pairs determine the greatest of any set. The other scopes check
// records, orders, repetition, exchange and clocks.
//
//	exhaustive_laws_test.go      joins of any three states of one field, or of two
//	exhaustive_orders_test.go    every order in which writes of a record arrive, also repeated
//	exhaustive_exchange_test.go  replicas that exchange their states
//	exhaustive_clock_test.go     replicas whose wall clocks stand still and step back
//	rights_scope_test.go         items under rights, judged as by an oracle
//	rights_secret_test.go        what answers tell about records that the actor may not read
//	purge_test.go                items under a fence, judged as by an oracle
//	purge_scope_test.go          clients and a server that purges, compared to a server that never purges
//
// With -short, the scopes of orders and the small scope of exchange run a sample of their
// configurations. The large scopes run with
//
//	go test ./merge/internal/lawtest -run Scope -scopes=large [-sample=47] -timeout=2h
var (
	scopes = flag.String("scopes", "small", "which exhaustive scopes to run: small or large")
	sample = flag.Int("sample", 1, "run only one in this many configurations of the large scopes")
)

// large skips the test unless the flag -scopes=large is set.
func large(t *testing.T) {
	if *scopes != "large" {
		t.Skip("a large scope: run it with -scopes=large")
	}
}

// scope is a number of configurations to run.
type scope struct {
	configs int
	// step is 1 to run all configurations, and n to run one in n.
	step int
}

// run runs the configurations on two goroutines and returns the number of cases. It calls start
// once for each goroutine, so the goroutines need not share anything. The function that start
// returns runs one configuration.
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

// chosen returns how many of the configurations are run.
func (s scope) chosen() int { return (s.configs + s.step - 1) / s.step }

// oneIn returns the step for all configurations, or, with -short, for one configuration in n.
func oneIn(n int) int {
	if testing.Short() {
		return n
	}
	return 1
}

// digits splits the number of a configuration into digits, the least significant first. For
// example, digits(23) gives next(2) = 1, next(3) = 2 and next(5) = 3: 23 = 1 + 2·2 + 3·6.
type digits int

// next returns the least significant digit in base n and removes it.
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

// tiePatterns returns every weak order of n writes, in which writes may tie. A pattern holds the
// rank of each write, and leaves out no rank. Three writes have 13 patterns, four have 75, five
// have 541. For example, {0, 1, 1} means that the first write is least and the others tie.
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

// assignments returns every way to assign n writes to at most three interchangeable replicas: 5
// ways for three writes, 14 for four, 41 for five.
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

// twoFields is the state of a record with the fields a and b: the write of each field, or the
// zero FieldValue if it has none.
type twoFields [2]record.FieldValue

// pairFields holds the names of the two fields, and pairValues the two values that each field
// can have. The values of field a include null, whose bytes do not sort first. The values of
// field b have the same length.
var (
	pairFields = [2]string{"a", "b"}
	pairValues = [2][2]string{{"null", "9"}, {"10", `""`}}
)

// pairKey is the key of the record whose state is a twoFields.
var pairKey = record.Key{Table: "t", ID: "1"}

// pairWrite returns a write of field a or b. Kinds 0 and 1 are values, and kind 2 is a deletion.
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
			return fmt.Errorf("field %s is missing in %v", name, r)
		}
		if got, w := r.At(i); got != name || w != p[f] {
			return fmt.Errorf("field %s of %v does not hold the oracle's write %v", name, r, p[f])
		}
		i++
	}
	if i != r.Len() {
		return fmt.Errorf("unexpected field in %v", r)
	}
	return nil
}

// winnersOf computes the oracle's state for each subset of the writes: it sorts all writes, and
// the last write of each field wins. Bit i of an index of "out" means that write i is in the
// subset.
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
