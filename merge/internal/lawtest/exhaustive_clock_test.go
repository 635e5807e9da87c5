package lawtest

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// The scopes of clocks run clocks and joins together. Three replicas, each with its own clock,
// make n writes of two fields. At each write, the wall clock has one of three readings, so it
// may stand still or step back. Before each write, one replica may send its state to another,
// which observes the stamps in it. A case is one such history. After every step, the stamp of
// a write must be above all that its replica has seen, and the state of each replica must be
// the oracle's state for the writes that it has seen.

// causal is a history in progress.
type causal struct {
	n       int
	writers []int // the replica that makes each write
	where   int   // bit i is the field of write i
	wall    time.Time
	read    func() time.Time
	builder record.Builder
	// entries and values hold the writes made so far.
	entries [8]entry
	values  [8]record.FieldValue
	// made caches the records of writes, because many cases repeat them: write i of a field by
	// one replica differs only in its time.
	made  map[madeKey]madeWrite
	cases int
}

type madeKey struct {
	write, field, replica int
	time                  clock.Timestamp
}

type madeWrite struct {
	entry  entry
	value  record.FieldValue
	record record.Record
}

// node is one replica: its state, the last timestamp of its clock, and the writes that it has
// seen, one bit for each.
type node struct {
	state record.Record
	last  clock.Timestamp
	seen  int
}

// clockScope runs the scope of clocks for n writes. The fields are symmetric, so the first
// write is always of field a.
func clockScope(t *testing.T, n, every int) (cases, configs int) {
	writers := assignments(n)
	s := scope{len(writers) * power(2, n-1), every}
	return s.run(t, func() func(int) (int, error) {
		c := &causal{n: n, made: make(map[madeKey]madeWrite)}
		c.read = func() time.Time { return c.wall }
		return func(config int) (int, error) {
			d := digits(config)
			c.cases, c.where, c.writers = 0, d.next(power(2, n-1))<<1, writers[d.next(len(writers))]
			start := node{state: record.New(pairKey)}
			err := c.next([3]node{start, start, start}, 0)
			return c.cases, err
		}
	}), s.chosen()
}

// readings are the possible readings of the wall clocks.
var readings = [3]time.Time{time.UnixMilli(1_795_366_637_000), time.UnixMilli(1_795_366_637_001), time.UnixMilli(1_795_366_637_002)}

// next makes write i and all later writes in every possible way.
func (c *causal) next(nodes [3]node, i int) error {
	if i == c.n {
		c.cases++
		return nil
	}
	for _, wall := range readings {
		for way := range 7 {
			c.wall = wall
			now := nodes
			if to := way / 2; way < 6 {
				if err := c.receive(&now[to], now[(to+1+way%2)%3]); err != nil {
					return err
				}
			}
			if err := c.write(&now[c.writers[i]], i); err != nil {
				return err
			}
			if err := c.next(now, i+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// receive joins the state that another replica sent, and the clock observes its stamps.
func (c *causal) receive(n *node, from node) error {
	k, err := c.clock(n)
	if err != nil {
		return err
	}
	for i := range from.state.Len() {
		_, w := from.state.At(i)
		if err := k.Observe(w.Stamp.Time); err != nil {
			return err
		}
	}
	n.last, n.seen = k.Last(), n.seen|from.seen
	if n.state, _, err = c.builder.Join(n.state, from.state); err != nil {
		return err
	}
	return c.check(n)
}

// write makes write i with the next stamp of the replica.
func (c *causal) write(n *node, i int) error {
	k, err := c.clock(n)
	if err != nil {
		return err
	}
	now := k.Now()
	for j := range i {
		if n.seen>>j&1 == 1 && int64(now) <= c.entries[j].time {
			return errors.New("a stamp is not above all stamps that its replica has seen")
		}
	}
	made := c.make(madeKey{i, c.where >> i & 1, c.writers[i], now})
	c.entries[i], c.values[i] = made.entry, made.value
	n.last, n.seen = k.Last(), n.seen|1<<i
	if n.state, _, err = c.builder.Join(n.state, made.record); err != nil {
		return err
	}
	return c.check(n)
}

func (c *causal) clock(n *node) (*clock.Clock, error) {
	return clock.New(clock.Options{Now: c.read, Last: n.last})
}

func (c *causal) make(key madeKey) madeWrite {
	made, ok := c.made[key]
	if !ok {
		made.entry = pairWrite(key.field, key.write%3, int64(key.time), clientOf(2-key.replica, key.replica))
		made.value, made.record = made.entry.fieldValue(), made.entry.record(&c.builder)
		c.made[key] = made
	}
	return made
}

// check compares the state of a replica with the oracle's state for the writes that it has
// seen.
func (c *causal) check(n *node) error {
	var want twoFields
	var best [2]int
	for i := range c.n {
		f := c.where >> i & 1
		if n.seen>>i&1 == 1 && (want[f].IsZero() || ruleOrder(c.entries[i], c.entries[best[f]]) > 0) {
			want[f], best[f] = c.values[i], i
		}
	}
	return want.check(n.state)
}

func TestScopeThreeWritesByClocksKeepCausality(t *testing.T) {
	t.Parallel()
	cases, _ := clockScope(t, 3, 1)
	require.Equal(t, 185_220, cases)
}

func TestScopeFourWritesByClocksKeepCausality(t *testing.T) {
	if testing.Short() {
		t.Skip("short: the scope of three writes runs instead")
	}
	t.Parallel()
	cases, _ := clockScope(t, 4, 1)
	require.Equal(t, 21_781_872, cases)
}

// TestScopeFiveWritesByClocksKeepCausality has 2.7 billion cases.
func TestScopeFiveWritesByClocksKeepCausality(t *testing.T) {
	large(t)
	cases, configs := clockScope(t, 5, *sample)
	require.Equal(t, configs*power(21, 5), cases)
	require.True(t, *sample > 1 || int64(cases) == 2_679_170_256)
}
