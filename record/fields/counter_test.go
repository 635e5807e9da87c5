package fields_test

import (
	"fmt"
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/fields"
)

var stock = record.Key{Table: "stock", ID: "milk"}

// written returns a record after an edit of it.
func written(t require.TestingT, r record.Record, at clock.Stamp, edit func(e *record.Edit) error) record.Record {
	e := r.Edit(at)
	require.NoError(t, edit(e))
	m, err := e.Mutation()
	require.NoError(t, err)
	return joined(t, r, m.Data)
}

func joined(t require.TestingT, a, b record.Record) record.Record {
	var builder record.Builder
	r, _, err := builder.Join(a, b)
	require.NoError(t, err)
	return r
}

func idOf(i int) string { return fmt.Sprintf("%016d", i) }

// counting is a replica of a counter, and an oracle that keeps sets of additions.
type counting struct {
	client clock.ClientID
	record record.Record
	added  map[int]bool // the additions that it saw
	gone   map[int]bool // the additions among them that a reset cancelled
}

func (c *counting) receive(t require.TestingT, from *counting) {
	c.record = joined(t, c.record, from.record)
	for i := range from.added {
		c.added[i] = true
	}
	for i := range from.gone {
		c.gone[i] = true
	}
}

// TestNoAdditionIsLostOrCountedTwice: devices add and reset offline, and sync in any order, more than once. Two of them
// are clones. An addition counts unless the author of a reset had seen it.
func TestNoAdditionIsLostOrCountedTwice(t *testing.T) {
	quantity := fields.Counter{Name: "qty"}
	rapid.Check(t, func(t *rapid.T) {
		devices := make([]*counting, 4)
		for i := range devices {
			devices[i] = &counting{client: clients[i%3], record: record.New(stock), added: map[int]bool{}, gone: map[int]bool{}}
		}
		var values []int64
		step := func(now int64) {
			d := rapid.SampledFrom(devices).Draw(t, "device")
			at := stampOf(now-now%2, d.client) // clones use one stamp twice
			switch rapid.IntRange(0, 4).Draw(t, "kind") {
			case 0:
				d.record = written(t, d.record, stampOf(now, d.client), quantity.Reset)
				for i := range d.added {
					d.gone[i] = true
				}
			case 1, 2:
				d.receive(t, rapid.SampledFrom(devices).Draw(t, "from"))
			default:
				n := rapid.Int64Range(-5, 5).Draw(t, "n")
				d.added[len(values)] = true
				d.record = written(t, d.record, at, func(e *record.Edit) error {
					return quantity.Add(e, fields.Addition{ID: idOf(len(values)), N: n})
				})
				values = append(values, n)
			}
		}
		for now := range int64(rapid.IntRange(1, 40).Draw(t, "steps")) {
			step(2 + now)
		}
		for range 2 {
			for _, d := range devices {
				for _, from := range devices {
					d.receive(t, from)
				}
			}
		}
		for _, d := range devices {
			var want int64
			for i, n := range values {
				if !d.gone[i] {
					want += n
				}
			}
			got, err := quantity.Sum(d.record)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	})
}

// TestSumMayLeaveInt64AndComeBack: additions are summed up exactly, in whichever order their names are, and only a sum outside
// int64 is refused.
func TestSumMayLeaveInt64AndComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := record.New(stock).Edit(stampOf(1, clients[0]))
		want := new(big.Int)
		numbers := rapid.SliceOfN(rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, -1, 0, 1})), 1, 12).Draw(t, "numbers")
		for i, n := range numbers {
			e.Set("qty/"+idOf(i), n)
			want.Add(want, big.NewInt(n))
		}
		after, err := e.After()
		require.NoError(t, err)
		got, err := fields.Counter{Name: "qty"}.Sum(after)
		if !want.IsInt64() {
			require.ErrorIs(t, err, fields.ErrOverflow)
			return
		}
		require.NoError(t, err)
		require.Equal(t, want.Int64(), got)
	})
}

// TestCounterRefuses: what does not fit a counter is refused, with an error that says why, and writes nothing.
func TestCounterRefuses(t *testing.T) {
	quantity := fields.Counter{Name: "qty", Most: 2}
	at := func(ms int64) clock.Stamp { return stampOf(ms, clients[0]) }
	add := func(n int64, id int) func(e *record.Edit) error {
		return func(e *record.Edit) error { return quantity.Add(e, fields.Addition{ID: idOf(id), N: n}) }
	}
	one := written(t, record.New(stock), at(1), add(math.MaxInt64, 1))
	require.ErrorIs(t, add(1, 2)(one.Edit(at(2))), fields.ErrOverflow)
	require.ErrorIs(t, quantity.Add(one.Edit(at(2)), fields.Addition{ID: "short", N: 1}), fields.ErrID)
	two := written(t, one, at(2), add(-1, 2))
	require.ErrorIs(t, add(-1, 3)(two.Edit(at(3))), fields.ErrFull)
	m, err := two.Edit(at(3)).Mutation()
	require.NoError(t, err)
	require.Zero(t, m.Data.Len())

	// Offline, each of two clients may add what both together may not.
	other := written(t, record.New(stock), at(3), add(1, 3))
	over := joined(t, one, other)
	_, err = quantity.Sum(over)
	require.ErrorIs(t, err, fields.ErrOverflow)
	require.ErrorIs(t, quantity.Admit(one, over), fields.ErrOverflow)
	require.ErrorIs(t, quantity.Admit(two, joined(t, two, other)), fields.ErrFull)
	require.NoError(t, quantity.Admit(one, two))
	full := joined(t, two, other)
	less := written(t, full, at(4), func(e *record.Edit) error { e.Delete("qty/" + idOf(1)); return nil })
	require.NoError(t, quantity.Admit(full, less))
	full = joined(t, full, written(t, record.New(stock), at(3), add(1, 4)))
	less = written(t, full, at(5), func(e *record.Edit) error { e.Delete("qty/" + idOf(1)); return nil })
	require.NoError(t, quantity.Admit(full, less)) // still more than Most, and fewer than before
	require.NoError(t, quantity.Admit(over, written(t, over, at(4), quantity.Reset)))

	broken := written(t, one, at(5), func(e *record.Edit) error { e.Set("qty/"+idOf(4), "two"); return nil })
	_, err = quantity.Sum(broken)
	var where *record.Error
	require.ErrorAs(t, err, &where)
	require.ErrorIs(t, err, record.ErrType)
	require.Equal(t, "qty/"+idOf(4), where.Path)
	require.NotContains(t, err.Error(), "two")
	require.ErrorIs(t, quantity.Admit(one, broken), record.ErrType)
	fixed := written(t, broken, at(6), quantity.Reset)
	sum, err := quantity.Sum(fixed)
	require.NoError(t, err)
	require.Zero(t, sum)
	require.NoError(t, quantity.Admit(broken, fixed))
	still := written(t, broken, at(7), func(e *record.Edit) error { e.Set("title", "Milk"); return nil })
	require.NoError(t, quantity.Admit(broken, still))
	require.ErrorIs(t, fields.Counter{}.Admit(one, one), record.ErrName)

	for _, name := range []string{"", "a/b", "$deleted"} {
		c := fields.Counter{Name: name}
		_, err := c.Sum(one)
		require.ErrorIs(t, err, record.ErrName, name)
		require.ErrorIs(t, c.Add(one.Edit(at(9)), fields.Addition{ID: idOf(9), N: 1}), record.ErrName)
		require.ErrorIs(t, c.Reset(one.Edit(at(9))), record.ErrName)
	}
}

// TestCounterStandardLimit: a counter has at most 1,000 live additions, and a reset makes room.
func TestCounterStandardLimit(t *testing.T) {
	quantity := fields.Counter{Name: "qty"}
	r := record.New(stock)
	e := r.Edit(stampOf(1, clients[0]))
	for i := range 1000 {
		require.NoError(t, quantity.Add(e, fields.Addition{ID: idOf(i), N: 1}))
	}
	m, err := e.Mutation()
	require.NoError(t, err)
	r = m.Data
	require.ErrorIs(t, quantity.Add(r.Edit(stampOf(2, clients[0])), fields.Addition{ID: idOf(1000), N: 1}), fields.ErrFull)
	r = written(t, r, stampOf(2, clients[0]), func(e *record.Edit) error { return quantity.Reset(e) })
	written(t, r, stampOf(3, clients[0]), func(e *record.Edit) error {
		return quantity.Add(e, fields.Addition{ID: idOf(1000), N: 1000})
	})
	require.Equal(t, 1000, r.Len())
}

// TestCallsOnOneEditCount: additions and resets see those before them in the same edit.
func TestCallsOnOneEditCount(t *testing.T) {
	quantity := fields.Counter{Name: "qty", Most: 2}
	add := func(e *record.Edit, id int, n int64) error {
		return quantity.Add(e, fields.Addition{ID: idOf(id), N: n})
	}
	r := written(t, record.New(stock), stampOf(1, clients[0]), func(e *record.Edit) error {
		require.NoError(t, add(e, 1, math.MaxInt64))
		require.ErrorIs(t, add(e, 2, 1), fields.ErrOverflow)
		require.ErrorIs(t, add(e, 1, 1), fields.ErrID)
		require.NoError(t, add(e, 2, -1))
		require.ErrorIs(t, add(e, 3, -1), fields.ErrFull)
		return nil
	})
	r = written(t, r, stampOf(2, clients[0]), func(e *record.Edit) error {
		require.NoError(t, quantity.Reset(e))
		require.ErrorIs(t, add(e, 1, 5), fields.ErrID, "a reset does not free an ID")
		return add(e, 3, 5)
	})
	sum, err := quantity.Sum(r)
	require.NoError(t, err)
	require.Equal(t, int64(5), sum)
	e := r.Edit(stampOf(3, clients[0])).Set("$", 1)
	require.ErrorIs(t, add(e, 4, 1), record.ErrName)
}

// TestAdmitKeepsAdditionsAsTheyAre: an addition gets no other number, is not revived after a reset, and has a long ID. What
// only deletes is admitted, even if the sum overflows then.
func TestAdmitKeepsAdditionsAsTheyAre(t *testing.T) {
	quantity := fields.Counter{Name: "qty"}
	set := func(r record.Record, ms int64, id string, v any) record.Record {
		return written(t, r, stampOf(ms, clients[0]), func(e *record.Edit) error { e.Set("qty/"+id, v); return nil })
	}
	none := record.New(stock)
	one := set(none, 1, idOf(1), 5)
	require.NoError(t, quantity.Admit(none, one))
	renamed := written(t, one, stampOf(1, clients[1]), func(e *record.Edit) error { e.Set("qty/"+idOf(1), 5); return nil })
	require.NoError(t, quantity.Admit(one, renamed), "stamped again for another client ID")
	require.ErrorIs(t, quantity.Admit(one, set(one, 2, idOf(1), 5)), fields.ErrID, "stamped again above a reset that may come")
	other := written(t, one, stampOf(1, clients[1]), func(e *record.Edit) error { e.Set("qty/"+idOf(1), 6); return nil })
	require.ErrorIs(t, quantity.Admit(one, other), fields.ErrID, "another number at the same time")
	require.ErrorIs(t, quantity.Admit(one, set(one, 2, idOf(1), 6)), fields.ErrID)
	require.ErrorIs(t, quantity.Admit(one, set(one, 2, "x", 5)), fields.ErrID)
	require.ErrorIs(t, quantity.Admit(one, set(one, 2, idOf(2), 1.5)), record.ErrType)
	reset := written(t, one, stampOf(2, clients[0]), quantity.Reset)
	require.NoError(t, quantity.Admit(one, reset))
	require.ErrorIs(t, quantity.Admit(reset, set(reset, 3, idOf(1), 5)), fields.ErrID)

	full := set(set(set(none, 1, idOf(1), int64(math.MaxInt64)), 2, idOf(2), 5), 3, idOf(3), -5)
	less := written(t, full, stampOf(4, clients[0]), func(e *record.Edit) error { e.Delete("qty/" + idOf(3)); return nil })
	_, err := quantity.Sum(less)
	require.ErrorIs(t, err, fields.ErrOverflow)
	require.NoError(t, quantity.Admit(full, less))
	require.ErrorIs(t, quantity.Admit(less, set(less, 5, idOf(4), 1)), fields.ErrOverflow)
}

// TestCounterOfOneAddition: the least bound of a Counter is a bound.
func TestCounterOfOneAddition(t *testing.T) {
	one := fields.Counter{Name: "qty", Most: 1}
	r := written(t, record.New(stock), stampOf(1, clients[0]), func(e *record.Edit) error { return one.Add(e, fields.Addition{ID: idOf(1), N: 1}) })
	require.ErrorIs(t, one.Add(r.Edit(stampOf(2, clients[0])), fields.Addition{ID: idOf(2), N: 1}), fields.ErrFull)
}
