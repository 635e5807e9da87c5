package lawtest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// The scopes of exchange have three replicas. They make n writes in turn and, between the
// writes, send one another their states, in every interleaving. A world is determined by the
// writes that each replica has seen. If several paths reach a world, the search continues from
// it only once, but it makes every step into it, and compares each result with the oracle.

// step is an action of one replica: it makes a write, or receives the state of another replica.
type step struct {
	from, to int // the numbers of the worlds before and after the step
	replica  int // the replica whose state changes
	source   int // the replica that sends, or -1 for a write
	write    int
	seen     int  // the writes that the replica has seen after the step, one bit for each
	first    bool // whether this step is the first that reaches its world
}

// interleavings returns every possible step and the number of worlds. In the order of the
// steps, a step into a world comes before the steps out of it. Replica writers[i] makes write
// i.
func interleavings(writers []int) (steps []step, worlds int) {
	type world [3]int // the writes that each replica has seen
	start := world{}
	number := map[world]int{start: 0}
	queue := []world{start}
	for len(queue) > 0 {
		here := queue[0]
		queue = queue[1:]
		arrive := func(s step) {
			next := here
			next[s.replica] = s.seen
			to, known := number[next]
			if !known {
				to = len(number)
				number[next] = to
				queue = append(queue, next)
			}
			s.from, s.to, s.first = number[here], to, !known
			steps = append(steps, s)
		}
		for i, p := range writers {
			if made := here[0] | here[1] | here[2]; made == 1<<i-1 {
				arrive(step{replica: p, source: -1, write: i, seen: here[p] | 1<<i})
			}
		}
		for p := range 3 {
			for q := range 3 {
				if p != q {
					arrive(step{replica: p, source: q, seen: here[p] | here[q]})
				}
			}
		}
	}
	return steps, len(number)
}

// exchange is the scope of exchange for n writes.
type exchange struct {
	n        int
	writers  [][]int
	steps    [][]step // for each assignment of writes to replicas
	worlds   []int
	patterns [][]int
}

func newExchange(n int) *exchange {
	e := &exchange{n: n, writers: assignments(n), patterns: tiePatterns(n)}
	for _, writers := range e.writers {
		steps, worlds := interleavings(writers)
		e.steps, e.worlds = append(e.steps, steps), append(e.worlds, worlds)
	}
	return e
}

func (e *exchange) configs() int {
	return len(e.writers) * len(e.patterns) * power(2, e.n) * power(3, e.n)
}

// run checks one configuration and returns its number of cases: one for each step.
func (e *exchange) run(config int) (int, error) {
	digit := digits(config)
	kinds := digits(digit.next(power(3, e.n)))
	where := digits(digit.next(power(2, e.n)))
	ranks := e.patterns[digit.next(len(e.patterns))]
	way := digit.next(len(e.writers))

	var writes history
	var values []record.FieldValue
	var sent []merge.Collection
	for i, rank := range ranks {
		time := epoch + int64(rank/2)*1_000_000 + int64(rank%2)
		w := pairWrite(where.next(2), kinds.next(3), time, clientOf(2-e.writers[way][i], 0))
		writes, values = append(writes, w), append(values, w.fieldValue())
		sent = append(sent, history{w}.collection())
	}
	winners := make([]twoFields, 1<<e.n)
	winnersOf(writes, values, winners)

	worlds := make([][3]merge.Collection, e.worlds[way])
	for _, s := range e.steps[way] {
		have := worlds[s.from][s.replica]
		got, err := s.take(have, worlds[s.from], sent)
		if err == nil {
			err = winners[s.seen].checkOnly(got)
		}
		if err != nil {
			return 0, err
		}
		if s.first {
			worlds[s.to] = worlds[s.from]
			worlds[s.to][s.replica] = got
		}
	}
	return len(e.steps[way]), nil
}

// take returns the state of the replica after the step.
func (s *step) take(have merge.Collection, world [3]merge.Collection, sent []merge.Collection) (merge.Collection, error) {
	if s.source < 0 {
		return merge.Join(have, sent[s.write]), nil
	}
	want := world[s.source]
	got := merge.Join(have, want)
	if s.first && !merge.Join(have, merge.Delta(have, want)).Equal(got) {
		return got, errors.New("joining the delta does not give the same state as joining the whole state")
	}
	return got, nil
}

// checkOnly returns an error unless c holds exactly the record with this state.
func (p *twoFields) checkOnly(c merge.Collection) error {
	if *p == (twoFields{}) && c.Len() == 0 {
		return nil
	}
	if c.Len() != 1 {
		return errors.New("the collection does not hold exactly one record")
	}
	return p.check(c.At(0))
}

func TestScopeThreeWritesExchangedConverge(t *testing.T) {
	t.Parallel()
	e := newExchange(3)
	worlds := 0
	for _, n := range e.worlds {
		worlds += n * e.configs() / len(e.writers)
	}
	require.Equal(t, 772_200, worlds)
	s := scope{e.configs(), oneIn(31)}
	require.Equal(t, e.cases(s), s.run(t, func() func(int) (int, error) { return e.run }))
	require.True(t, s.step > 1 || e.cases(s) == 4_888_728)
}

// cases returns the number of steps in the configurations of a scope.
func (e *exchange) cases(s scope) (n int) {
	for config := 0; config < s.configs; config += s.step {
		n += len(e.steps[config*len(e.writers)/s.configs])
	}
	return n
}

// TestScopeFourWritesExchangedConverge has 1.3 billion cases.
func TestScopeFourWritesExchangedConverge(t *testing.T) {
	large(t)
	e := newExchange(4)
	require.Equal(t, 1_360_800, e.configs())
	s := scope{e.configs(), *sample}
	require.Equal(t, e.cases(s), s.run(t, func() func(int) (int, error) { return e.run }))
	require.True(t, s.step > 1 || e.cases(s) == 1_300_244_400)
}
