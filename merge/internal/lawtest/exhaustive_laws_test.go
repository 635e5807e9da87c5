package lawtest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestScopeOneFieldJoinIsTheGreatestWrite checks all triples of 36 writes of one field: 3
// milliseconds, 2 counters, 2 clients, 2 values and a deletion.
func TestScopeOneFieldJoinIsTheGreatestWrite(t *testing.T) {
	t.Parallel()
	var writes []entry
	for i := range 36 {
		d := digits(i)
		client := clients[1+d.next(2)]
		counter, wall, kind := int64(d.next(2)), int64(d.next(3)), d.next(3)
		writes = append(writes, pairWrite(0, kind, epoch+wall*1_000_000+counter, client))
	}
	require.Equal(t, 46_656, fieldLaws(t, writes))
}

// TestScopeDeletedFieldJoinIsTheGreatestWrite checks all triples of 24 writes of $deleted, which
// has two values and is never deleted.
func TestScopeDeletedFieldJoinIsTheGreatestWrite(t *testing.T) {
	t.Parallel()
	var writes []entry
	for i := range 24 {
		d := digits(i)
		client := clients[1+d.next(2)]
		counter, wall, dead := int64(d.next(2)), int64(d.next(3)), d.next(2) == 1
		w := entry{table: "t", id: "1", field: "$deleted", time: epoch + wall*1_000_000 + counter, client: client, value: "false"}
		if dead {
			w.value = "true"
		}
		writes = append(writes, w)
	}
	require.Equal(t, 13_824, fieldLaws(t, writes))
}

// fieldLaws checks the laws of the order and of the join of one field on all
// triples of writes, and returns their number.
func fieldLaws(t *testing.T, writes []entry) int {
	records := history(writes).records()
	s := scope{configs: len(writes), step: 1}
	return s.run(t, func() func(int) (int, error) {
		var b record.Builder
		return func(i int) (int, error) {
			for j := range writes {
				if err := pairLaws(writes[i], writes[j]); err != nil {
					return 0, err
				}
				for k := range writes {
					x := [3]int{i, j, k}
					if err := tripleLaws(&b, writes, records, x); err != nil {
						return 0, err
					}
				}
			}
			return len(writes) * len(writes), nil
		}
	})
}

// pairLaws checks that the order of two writes is total, antisymmetric and equal to the
// oracle's order.
func pairLaws(a, b entry) error {
	x, y := a.fieldValue(), b.fieldValue()
	switch got := x.Compare(y); {
	case got != ruleOrder(a, b):
		return errors.New("the order differs from the oracle's")
	case got != -y.Compare(x):
		return errors.New("the order is not antisymmetric")
	case (got == 0) != (x == y) || (got == 0) != (string(x.AppendJSON(nil)) == string(y.AppendJSON(nil))):
		return errors.New("different writes compare as equal")
	}
	return nil
}

// tripleLaws checks the laws of the join on three writes.
func tripleLaws(b *record.Builder, writes []entry, records []record.Record, x [3]int) error {
	join := func(x, y record.Record) record.Record {
		r, changed, err := b.Join(x, y)
		if err != nil || changed == r.Equal(x) {
			panic("Join reports wrongly whether the record changed")
		}
		return r
	}
	p, q, r := records[x[0]], records[x[1]], records[x[2]]
	pq := join(p, q)
	all := join(pq, r)
	_, got := all.At(0)
	best := writes[x[0]]
	for _, i := range x[1:] {
		if ruleOrder(writes[i], best) > 0 {
			best = writes[i]
		}
	}
	below := func(x, y record.Record) bool { return join(y, x).Equal(y) }
	switch {
	case all.Len() != 1 || got != best.fieldValue():
		return errors.New("the winner differs from the oracle's")
	case !pq.Equal(join(q, p)):
		return errors.New("the join is not commutative")
	case !all.Equal(join(p, join(q, r))):
		return errors.New("the join is not associative")
	case !join(p, p).Equal(p):
		return errors.New("the join is not idempotent")
	case !pq.Equal(p) && !pq.Equal(q):
		return errors.New("the join is not selective")
	case !below(p, pq) || !below(q, pq):
		return errors.New("the join is not inflationary")
	case below(p, r) && below(q, r) && !below(pq, r):
		return errors.New("the join is not the least upper bound")
	}
	return nil
}

// TestScopeTwoFieldJoinAgreesWithOracle checks all triples of 169 records of two fields. Each
// field is absent or holds one of 12 writes.
func TestScopeTwoFieldJoinAgreesWithOracle(t *testing.T) {
	large(t)
	var states []twoFields
	var histories []history
	for i := range 169 {
		d := digits(i)
		var h history
		for field := range 2 {
			if n := d.next(13); n > 0 {
				e := digits(n - 1)
				client := clients[1+e.next(2)]
				h = append(h, pairWrite(field, e.next(3), epoch+int64(e.next(2)), client))
			}
		}
		histories = append(histories, h)
		states = append(states, stateOf(h))
	}
	s := scope{configs: len(states), step: 1}
	cases := s.run(t, func() func(int) (int, error) {
		records := make([]record.Record, len(states))
		for i, h := range histories {
			records[i] = record.New(pairKey)
			for _, r := range h.records() {
				records[i], _ = merge.Records(records[i], r)
			}
		}
		var b record.Builder
		return func(i int) (int, error) {
			for j := range states {
				ij, _, _ := b.Join(records[i], records[j])
				ji, _, _ := b.Join(records[j], records[i])
				if !ij.Equal(ji) {
					return 0, errors.New("the join is not commutative")
				}
				for k := range states {
					jk, _, _ := b.Join(records[j], records[k])
					left, _, _ := b.Join(ij, records[k])
					right, _, _ := b.Join(records[i], jk)
					want := stateOf(append(append(append(history{}, histories[i]...), histories[j]...), histories[k]...))
					if err := errors.Join(want.check(left), want.check(right)); err != nil {
						return 0, err
					}
				}
			}
			return len(states) * len(states), nil
		}
	})
	require.Equal(t, 4_826_809, cases)
}

// stateOf returns the oracle's state of the two fields after the writes of h.
func stateOf(h history) (p twoFields) {
	for _, w := range h.winners() {
		for f, name := range pairFields {
			if w.field == name {
				p[f] = w.fieldValue()
			}
		}
	}
	return p
}
