package lawtest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// sheetsOf returns all records whose stamps have ranks up to n.
func sheetsOf(n int8) (all []sheet) {
	deeds := func(field int) []deed {
		list := []deed{{}}
		for at := int8(1); at <= n; at++ {
			for by := int8(1); by <= 2; by++ {
				for value := range int8(3) {
					if field < 2 || value != wiped {
						list = append(list, deed{at, by, value})
					}
				}
			}
		}
		return list
	}
	for _, project := range deeds(0) {
		for _, title := range deeds(1) {
			for _, life := range deeds(2) {
				all = append(all, sheet{project, title, life})
			}
		}
	}
	for at := int8(1); at <= n; at++ {
		all = append(all, sheet{2: {at, 2, wiped}})
	}
	return all
}

// pleas returns the items that one edit can make, with stamps of ranks up to n: one field, project
// and title, the record deleted or restored; by the actor or another client, new or not, with and
// without a base.
func pleas(n int8) (all []plea) {
	for at := int8(1); at <= n; at++ {
		for by := int8(1); by <= 2; by++ {
			d := func(value int8) deed { return deed{at, by, value} }
			writes := []sheet{
				{d(inA)}, {d(inC)}, {d(inX)}, {1: d(short)}, {1: d(long)}, {1: d(noText)},
				{d(inA), d(short)}, {d(inC), d(short)}, {d(inC), d(long)}, {2: d(alive)}, {2: d(gone)},
			}
			if at > 1 {
				writes = append(writes, sheet{d(inC), {at - 1, by, short}}, sheet{{at - 1, by, inC}, d(long)})
			}
			for _, s := range writes {
				all = append(all, plea{s, false, false}, plea{s, true, false})
				if s[1].at > 0 {
					all = append(all, plea{s, false, true}, plea{s, true, true})
				}
			}
		}
	}
	return all
}

// projects is the usual policy: the actor reads project a, and may put tasks into projects a and c.
func projects() rightsWorld {
	return rightsWorld{
		mayRead:  func(r sheet) bool { return r[0].at > 0 && r[0].value == inA },
		mayWrite: func(_, after sheet, _ plea) bool { return after[0].at > 0 && after[0].value != inX },
	}
}

// anyhow is a policy without sense: the answer to each question is drawn. Two different questions
// soon get different answers, so it finds every question that is asked in another way.
func anyhow(n int) rightsWorld {
	drawn := func(flags uint64, sheets ...sheet) bool {
		hash := uint64(n)*4 + flags
		for _, s := range sheets {
			for _, d := range s {
				hash = (hash ^ uint64(d.at)<<16 ^ uint64(d.by)<<8 ^ uint64(d.value)) * 0x9e3779b97f4a7c15
				hash ^= hash >> 29
			}
		}
		return hash%3 > 0
	}
	return rightsWorld{
		mayRead: func(r sheet) bool { return drawn(0, r) },
		mayWrite: func(seen, after sheet, m plea) bool {
			flags := uint64(0)
			if m.isNew {
				flags++
			}
			if m.base {
				flags += 2
			}
			return drawn(flags, seen, after, m.writes)
		},
	}
}

// rightsWorlds returns the world of a configuration, and removes its digits.
func rightsWorlds(d *digits, stored []sheet, n int) rightsWorld {
	w := projects()
	if d.next(2) == 1 {
		w = anyhow(n)
	}
	w.stored = stored[d.next(len(stored))]
	w.fence, w.level = int8(d.next(4)), int8(1+d.next(2))
	w.whole = d.next(4) == 0
	switch d.next(4) {
	case 1:
		w.full = true
	case 2:
		w.most = sheet{{1, 1, inA}, {1, 1, short}}.size()
	}
	return w
}

// judgedBatches compares the answers to batches of n items with the oracle. The configurations are
// all worlds with all batches in every order; cases says how many are run.
func judgedBatches(t *testing.T, n, cases int) {
	stored, items := sheetsOf(3), pleas(4)
	total := 2 * len(stored) * 4 * 2 * 4 * 4 * power(len(items), n) // see rightsWorlds
	if *scopes == "large" {
		cases *= 100 / *sample
	}
	// The step shares no divisor with the number of values of a digit, so each digit takes all values.
	step := total / cases
	for !coprime(step, 2*3*5*7*11*13*len(stored)*len(items)) {
		step++
	}
	s := scope{configs: total, step: step}
	ran := s.run(t, func() func(int) (int, error) {
		e, batch := newRightsEngine(), make([]plea, n)
		return func(config int) (int, error) {
			d := digits(config)
			w := rightsWorlds(&d, stored, config)
			for i := range batch {
				batch[i] = items[d.next(len(items))]
			}
			if err := e.check(w, batch); err != nil {
				return 0, fmt.Errorf("%+v after %+v: %w", w, batch, err)
			}
			return 1, nil
		}
	})
	require.Equal(t, s.chosen(), ran)
}

func coprime(a, b int) bool {
	for b > 0 {
		a, b = b, a%b
	}
	return a == 1
}

func TestScopeRightsOfAnItemAgreeWithOracle(t *testing.T) { judgedBatches(t, 1, 20_000) }

func TestScopeRightsOfABatchOfTwoAgreeWithOracle(t *testing.T) { judgedBatches(t, 2, 40_000) }

func TestScopeRightsOfABatchOfThreeAgreeWithOracle(t *testing.T) { judgedBatches(t, 3, 40_000) }
