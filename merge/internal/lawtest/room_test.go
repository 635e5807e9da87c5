package lawtest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestAnswerNearLimitAgreesWithModel compares answers near the size limit with the model. The
// answers must not depend on the order of the items, a retry must be accepted, and the journal
// must replay.
func TestAnswerNearLimitAgreesWithModel(t *testing.T) {
	counts := sometimes{}
	rapid.Check(t, func(t *rapid.T) {
		s := genFull().Draw(t, "situation")
		in, e := s.input(), s.engine()
		a := applied(e, in)
		want, state := s.decide()
		for i, r := range a.Results {
			require.Equal(t, want[i], opinionOf(r), "item %d", i)
			counts.add(string(want[i].code), 1)
		}
		require.Equal(t, []entry(state), read(stateAfter(in, a)))
		requireUpdates(t, in, a)
		requireMarks(t, s, a)

		places := rapid.Permutation(upTo(len(in.Items))).Draw(t, "order")
		moved := in
		moved.Items = nil
		for _, i := range places {
			moved.Items = append(moved.Items, in.Items[i])
		}
		b := applied(e, moved)
		for to, from := range places {
			require.Equal(t, a.Results[from], b.Results[to])
		}

		retry := in
		retry.Current, retry.StorageFull = stateAfter(in, a), true
		retry.Items = nil
		for i, r := range a.Results {
			if r.Accepted() {
				retry.Items = append(retry.Items, in.Items[i])
			}
		}
		tight := *e
		tight.MaxRecord = 1
		c := applied(&tight, retry)
		require.Empty(t, c.Updates)
		for _, r := range c.Results {
			require.True(t, r.Accepted(), "a retry of stored writes needs no room")
		}

		require.Equal(t, a.Digest(), replayed(t, journaled(e, in)).Digest())
	})
	if testing.Short() {
		return
	}
	for _, c := range []merge.Code{"", merge.RecordFull, merge.StorageFull} {
		require.Positive(t, counts[string(c)], c)
	}
}

func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// desk is one record and a client that edits it.
type desk struct {
	t       testing.TB
	engine  merge.Engine
	full    bool
	current record.Record
	clock   clock.Timestamp
}

func newDesk(t testing.TB, maxRecord int) *desk {
	return &desk{t: t, engine: merge.Engine{MaxRecord: maxRecord}, current: record.New(keyOf("1")), clock: clock.Timestamp(epoch)}
}

// edit pushes one edit, and returns the code of its refusal, or "".
func (d *desk) edit(change func(*record.Edit)) (code merge.Code) {
	d.t.Helper()
	d.clock++
	e := d.current.Edit(clock.Stamp{Time: d.clock, Client: clients[0]})
	change(e)
	m, err := e.Mutation()
	require.NoError(d.t, err)
	in := input{Actor: clients[0], Wall: d.clock.Time(), Items: []record.Item{{Mutation: m}}, Current: merge.Collect(d.current), StorageFull: d.full}
	a := applied(&d.engine, in)
	if len(a.Updates) > 0 {
		d.current = a.Updates[0].After
	}
	if r := a.Results[0].Refusal; r != nil {
		require.Error(d.t, r)
		require.ErrorIs(d.t, r, record.ErrLimit)
		require.Contains(d.t, r.Error(), "delete or shorten fields")
		require.Equal(d.t, r.Code == merge.StorageFull, r.Retryable)
		return r.Code
	}
	return ""
}

func (d *desk) set(name string, v any) merge.Code {
	d.t.Helper()
	return d.edit(func(e *record.Edit) { e.Set(name, v) })
}

// TestRecordMayBeAsLargeAsItsLimit: a record of exactly the greatest size is accepted, and a
// record that is a byte larger is refused, even with field names that JSON escapes.
func TestRecordMayBeAsLargeAsItsLimit(t *testing.T) {
	for _, name := range []string{"title", `a"b\c`, "tab\tand\x01", "größe", "\u2028"} {
		want := newDesk(t, 0)
		require.Empty(t, want.set("other", "a value"))
		require.Empty(t, want.set(name, "a longer value"))
		size := len(want.current.AppendJSON(nil))

		fits := newDesk(t, size)
		require.Empty(t, fits.set("other", "a value"))
		require.Empty(t, fits.set(name, "a longer value"), "%q", name)
		require.Len(t, fits.current.AppendJSON(nil), size)
		require.Equal(t, merge.RecordFull, fits.set(name, "a longer value."))
		require.Equal(t, merge.RecordFull, fits.set("x", nil))

		small := newDesk(t, size-1)
		require.Empty(t, small.set("other", "a value"))
		require.Equal(t, merge.RecordFull, small.set(name, "a longer value"), "%q", name)
	}
}

// TestTableLimitReplacesGeneralLimit: if a table has its own limit, that limit holds for its
// records. It may be smaller or greater than the general limit, or zero for no limit. Records of
// other tables have the general limit.
func TestTableLimitReplacesGeneralLimit(t *testing.T) {
	table := keyOf("1").Table
	for _, c := range []struct {
		general int
		tables  map[string]int
		want    merge.Code
	}{
		{0, map[string]int{table: 300}, merge.RecordFull},
		{1000, map[string]int{table: 300}, merge.RecordFull},
		{300, map[string]int{table: 1000}, ""},
		{300, map[string]int{table: 0}, ""},
		{0, map[string]int{"another": 300}, ""},
		{1000, map[string]int{"another": 300}, ""},
		{300, map[string]int{"another": 1000}, merge.RecordFull},
	} {
		d := newDesk(t, c.general)
		d.engine.TableMaxRecord = c.tables
		require.Empty(t, d.set("a", strings.Repeat("x", 10)))
		require.Equal(t, c.want, d.set("b", strings.Repeat("x", 300)), "%+v", c)
	}
}

// TestFullRecordMayShrink: a full record can be deleted, and its fields can be deleted and
// shortened, alone or together. After that, it can grow again.
func TestFullRecordMayShrink(t *testing.T) {
	for _, full := range []bool{false, true} {
		d := newDesk(t, 0)
		for i := range 50 {
			d.set(fmt.Sprint("set/", i), i%2 == 0)
			d.set(fmt.Sprint("text/", i), strings.Repeat("x", i))
		}
		code := merge.RecordFull
		if d.full = full; full {
			code = merge.StorageFull
		} else {
			d.engine.MaxRecord = 1000 // far below what is stored
		}
		require.Equal(t, code, d.set("more", 1))
		require.Equal(t, code, d.edit(func(e *record.Edit) { e.DeleteRecord().Set("more", 1) }))
		require.Empty(t, d.edit(func(e *record.Edit) { e.DeleteRecord() }))
		require.True(t, d.current.Deleted())
		require.Empty(t, d.edit(func(e *record.Edit) { e.RestoreRecord() }), "a restoration is a byte longer than a deletion")
		require.Empty(t, d.edit(func(e *record.Edit) { e.DeleteRecord().Delete("set/0").Set("text/49", "short") }))
		require.Empty(t, d.edit(func(e *record.Edit) { e.RestoreRecord() }))
		require.Empty(t, d.set("text/40", strings.Repeat("y", 40)), "the new value is as long as the stored value")
		require.Empty(t, d.set("set/1", true), "the new value is not longer than a deletion")
		require.Equal(t, code, d.edit(func(e *record.Edit) { e.Delete("never") }), "a deletion of a field that is not stored needs room")
		for i := range 50 {
			require.Empty(t, d.edit(func(e *record.Edit) { e.Delete(fmt.Sprint("set/", i)) }))
			require.Empty(t, d.edit(func(e *record.Edit) { e.Delete(fmt.Sprint("text/", i)) }))
		}
		d.engine.MaxRecord = len(d.current.AppendJSON(nil)) + 500
		d.full = false
		require.Empty(t, d.set("more", 1))
	}
}

// TestShorteningMakesRoomForLaterItems: an item that shortens one field may lengthen another.
// One push may do this in two items: the later item uses the room that the earlier one freed.
func TestShorteningMakesRoomForLaterItems(t *testing.T) {
	d := newDesk(t, 0)
	d.set("a", strings.Repeat("x", 100))
	d.set("b", "")
	d.engine.MaxRecord = len(d.current.AppendJSON(nil))
	require.Equal(t, merge.RecordFull, d.set("b", strings.Repeat("y", 90)))
	at := func(n clock.Timestamp) clock.Stamp { return clock.Stamp{Time: d.clock + n, Client: clients[0]} }
	shorten, _ := d.current.Edit(at(1)).Set("a", "").Mutation()
	lengthen, _ := d.current.Edit(at(2)).Set("b", strings.Repeat("y", 90)).Mutation()
	tooEarly, _ := d.current.Edit(at(0)).Set("b", strings.Repeat("z", 90)).Mutation()
	in := input{Actor: clients[0], Wall: time.Unix(0, epoch), Current: merge.Collect(d.current)}
	in.Items = []record.Item{{Mutation: lengthen}, {Mutation: tooEarly}, {Mutation: shorten}}
	a := applied(&d.engine, in)
	require.True(t, a.Results[0].Accepted())
	require.Equal(t, merge.RecordFull, a.Results[1].Refusal.Code)
	require.True(t, a.Results[2].Accepted())
	require.Empty(t, d.edit(func(e *record.Edit) { e.Set("a", "").Set("b", strings.Repeat("y", 98)) }))
}

// TestItemsGetRoomInOrderOfTheirStamps: items get room in the order of their last writes. If these
// have the same stamp, the items are ordered by their writes, and an item with fewer writes comes
// first.
func TestItemsGetRoomInOrderOfTheirStamps(t *testing.T) {
	write := func(field string, at int64, value string) entry {
		return entry{table: "t", id: "1", field: field, time: epoch + at, client: clients[0], value: value}
	}
	long, short := `"1234567890"`, `""`
	a, b := write("a", 5, long), write("b", 5, long)
	earlier, later := write("a", 1, long), write("z", 9, long)
	shortened := write("z", 5, short)
	for name, c := range map[string]struct {
		first, second []entry
		most          int
		accepted      []bool
	}{
		"order by the last write":               {[]entry{b}, []entry{earlier, later}, textSize(history{earlier, later}), []bool{true, false}},
		"order by the last write, in any field": {[]entry{b}, []entry{write("a", 9, long), write("z", 1, long)}, textSize(history{earlier, later}), []bool{true, false}},
		"fewer fields come first":               {[]entry{a}, []entry{a, shortened}, 0, []bool{false, true}},
		"the lesser field name comes first":     {[]entry{a}, []entry{b}, textSize(history{a}), []bool{true, false}},
	} {
		s := situation{stored: history{write("z", 0, `"`+strings.Repeat("x", 200)+`"`)}, actor: clients[0], wall: epoch, maxRecord: c.most}
		if s.maxRecord == 0 {
			s.maxRecord = textSize(s.stored)
		} else {
			s.stored = nil
		}
		for _, at := range [][2]int{{0, 1}, {1, 0}} {
			s.orders = make([]order, 2)
			s.orders[at[0]] = order{"t", "1", c.first, nil}
			s.orders[at[1]] = order{"t", "1", c.second, nil}
			got := applied(s.engine(), s.input()).Results
			require.Equal(t, c.accepted, []bool{got[at[0]].Accepted(), got[at[1]].Accepted()}, name)
		}
	}
}

// TestHostileEditsDoNotOutgrowTheLimit: no sequence of accepted edits makes a record larger than
// the limit plus the size of $deleted, the one field that does not count.
func TestHostileEditsDoNotOutgrowTheLimit(t *testing.T) {
	const limit = 700
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(nopTB{}, limit)
		for range rapid.IntRange(1, 60).Draw(t, "edits") {
			d.edit(func(e *record.Edit) {
				for range rapid.IntRange(1, 3).Draw(t, "fields") {
					name := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}).Draw(t, "name")
					switch rapid.IntRange(0, 5).Draw(t, "what") {
					case 0:
						e.Delete(name)
					case 1:
						e.Set(name, 1)
					case 2:
						e.DeleteRecord()
					case 3:
						e.RestoreRecord()
					default:
						e.Set(name, strings.Repeat("x", rapid.IntRange(0, 60).Draw(t, "length")))
					}
				}
			})
		}
		deleted, _ := record.New(keyOf("1")).Edit(clock.Stamp{Time: 1, Client: clients[0]}).RestoreRecord().Mutation()
		require.LessOrEqual(t, len(d.current.AppendJSON(nil)), limit+len(deleted.Data.AppendJSON(nil)))
	})
}

// nopTB is a testing.TB for helpers that run within a property.
type nopTB struct{ testing.TB }

func (nopTB) Helper() {}

// TestFullStorageCreatesNoRecord: with full storage, no record is created, not even a deleted
// record.
func TestFullStorageCreatesNoRecord(t *testing.T) {
	d := newDesk(t, 0)
	d.full = true
	require.Equal(t, merge.StorageFull, d.edit(func(e *record.Edit) { e.DeleteRecord() }))
	require.Equal(t, merge.StorageFull, d.set("title", nil))
	d.engine.MaxRecord = 50
	require.Equal(t, merge.RecordFull, d.set("title", nil), "the permanent refusal must come first")
}

// TestUnreachedLimitChangesNothing: an engine whose limit is never reached gives the same answers
// as an engine without a limit.
func TestUnreachedLimitChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := genSituation().Draw(t, "situation").input()
		wide := judging
		wide.MaxRecord = 1 << 30
		require.Equal(t, applied(&judging, in).Digest(), applied(&wide, in).Digest())
	})
}
