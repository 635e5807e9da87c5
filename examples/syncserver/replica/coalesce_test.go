package replica_test

import (
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// TestUnsentEditsOfAFieldAreOneItem: the item has the last value and stamp, and the base of the
// first edit.
func TestUnsentEditsOfAFieldAreOneItem(t *testing.T) {
	w := newWorld(t)
	a, b := w.device(ana), w.device(ben)
	a.edit(fence, "title", str("Paint"))
	a.push()
	b.pull()
	seen, _ := b.Shown(fence).Get("title")
	b.edit(fence, "title", str("P"))
	b.save()
	b.edit(fence, "title", str("Pa"))
	b.edit(fence, "due", str("2026-03-04"))
	b.edit(fence, "title", str("Paint it"))
	require.Equal(t, 2, b.NumWaiting())
	last := b.Waiting()[1]
	require.Equal(t, map[string]clock.Stamp{"title": seen.Stamp}, last.Base)
	require.Equal(t, map[string]any{"title": "Paint it"}, last.Data.Map())
	b.save()
	require.NotContains(t, b.disk, "outbox/00000000000000000001")
	b.open()
	require.Equal(t, last, b.Waiting()[1])
	a.edit(fence, "title", str("Paint it red"))
	a.push()
	b.edit(fence, "title", str("Paint it blue"))
	require.Equal(t, 3, b.NumWaiting(), "an item that was loaded may have been sent")
	b.push()
	require.Len(t, b.TakeNotices(), 2, "each of two items has a base below the unseen edit")
}

// TestCoalescedEditStillCreatesItsRecord: if the edit that created a record is dropped, all edits
// that replace it create the record, and an edit that replaces another edit does not.
func TestCoalescedEditStillCreatesItsRecord(t *testing.T) {
	d := newWorld(t).device(ana)
	require.NoError(t, d.Edit(fence, map[string]record.Value{"title": str("P"), "due": str("1")}))
	require.True(t, d.Waiting()[0].New)
	d.edit(fence, "note", str("x"))
	d.edit(fence, "title", str("Pa"))
	d.edit(fence, "due", str("2"))
	d.edit(fence, "note", str("y"))
	news := make(map[string]bool)
	for _, m := range d.Waiting() {
		for name := range m.Data.All() {
			news[name] = m.New
		}
	}
	require.Equal(t, map[string]bool{"title": true, "due": true, "note": false}, news)
	before := d.Waiting()
	d.save()
	d.open()
	require.Equal(t, before, d.Waiting())
}

// TestEditsThatMayHaveBeenSentAreNotReplaced: this includes edits whose batch has not been
// answered. Edits that were refused temporarily can be replaced again.
func TestEditsThatMayHaveBeenSentAreNotReplaced(t *testing.T) {
	d := newWorld(t).device(ana)
	d.edit(fence, "title", str("1"))
	d.outbox()
	d.edit(fence, "title", str("2"))
	d.edit(fence, "title", str("3"))
	require.Equal(t, 2, d.NumWaiting())
	one, three := d.Waiting()[0], d.Waiting()[1]
	v, _ := one.Data.Get("title")
	require.Equal(t, v.Stamp, three.Base["title"])
	require.NoError(t, d.Answer([]byte(`[{"verdict":"refused","code":"storage_full","retryable":true}]`)))
	require.Equal(t, 1, d.NumWaiting(), "the server has said that it does not have the first item")
	require.Equal(t, one.Base, d.Waiting()[0].Base)
	require.Equal(t, v.Stamp, three.Base["title"], "a mutation that Waiting returned does not change")
	d.save()
	require.Len(t, slices.Sorted(maps.Keys(d.disk)), 2)
}

// TestEditOfSeveralFieldsStaysWhole: an edit is replaced as a whole, once all its fields are
// written again. The edit that writes a field again takes over the base of that field.
func TestEditOfSeveralFieldsStaysWhole(t *testing.T) {
	d := newWorld(t).device(ana)
	edit := func(fields ...string) {
		d.w.now = d.w.now.Add(time.Second)
		all := map[string]record.Value{}
		for _, name := range fields {
			all[name] = str(d.w.now.String())
		}
		require.NoError(t, d.Edit(fence, all))
	}
	edit("a", "b")
	edit("b", "c")
	require.Equal(t, 2, d.NumWaiting())
	first := d.Waiting()[0].Data
	require.Equal(t, []string{"a", "b"}, fieldsOf(first))
	edit("a")
	require.Equal(t, 2, d.NumWaiting())
	require.Equal(t, map[string]clock.Stamp{"b": {}, "c": {}}, d.Waiting()[0].Base, "no server knows the first edit")
	require.Equal(t, map[string]clock.Stamp{"a": {}}, d.Waiting()[1].Base)
	require.Equal(t, []string{"a", "b", "c"}, fieldsOf(d.Shown(fence)))
}

// TestRefusalRollsBackReplacedEditsToo: the value that the server confirmed is shown again.
func TestRefusalRollsBackReplacedEditsToo(t *testing.T) {
	d := newWorld(t).device(ana)
	d.edit(fence, "title", str("Paint"))
	d.push()
	d.edit(fence, "title", str("Paint it"))
	d.edit(fence, "title", str("forbidden"))
	d.push()
	require.Equal(t, `"Paint"`, d.title(fence))
	require.Empty(t, d.Waiting())
	require.Len(t, d.TakeNotices(), 1)
}

// TestItemNumbersAreUniqueInTheStorage: an item never gets the number of another saved item.
func TestItemNumbersAreUniqueInTheStorage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newWorld(t).device(ana)
		t.Repeat(map[string]func(*rapid.T){
			"edit": func(t *rapid.T) {
				d.edit(rapid.SampledFrom(someKeys).Draw(t, "key"), rapid.SampledFrom(someFields[:2]).Draw(t, "field"), str("x"))
			},
			"push": func(t *rapid.T) {
				answer, err := d.w.server.push(ana, bodyOf(d.Batch(rapid.IntRange(1, 3).Draw(t, "items"), 1<<20)))
				require.NoError(t, err)
				require.NoError(t, d.Answer(answer))
			},
			"send": func(t *rapid.T) { d.Batch(rapid.IntRange(1, 3).Draw(t, "items"), 1<<20) },
			"open": func(t *rapid.T) { d.save(); d.open() },
			"": func(t *rapid.T) {
				d.save()
				n := 0
				for key := range d.disk {
					if key[0] == 'o' {
						n++
					}
				}
				require.Equal(t, d.NumWaiting(), n)
			},
		})
	})
}

// allocated returns how many bytes a call allocates.
func allocated(call func()) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	call()
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc - before.TotalAlloc)
}

// TestCostOfALargeOutboxIsLinear: eight times as many edits cost about eight times as much,
// whatever they edit, and whether or not they were sent or saved.
func TestCostOfALargeOutboxIsLinear(t *testing.T) {
	const few, many = 500, 4000
	one := func(int) (record.Key, string) { return fence, "title" }
	for name, place := range map[string]func(i int) (record.Key, string){
		"one field":              one,
		"fields in turn":         func(i int) (record.Key, string) { return fence, fmt.Sprint("field", i%20) },
		"records in turn":        func(i int) (record.Key, string) { return record.Key{Table: "tasks", ID: fmt.Sprint(i % 20)}, "title" },
		"a record for each edit": func(i int) (record.Key, string) { return record.Key{Table: "tasks", ID: fmt.Sprint(i)}, "title" },
	} {
		for _, sent := range []bool{false, true} {
			costs := map[string][2]float64{}
			for size, n := range []int{few, many} {
				add := func(what string, call func()) {
					c := costs[what]
					c[size] += allocated(call)
					costs[what] = c
				}
				d := newWorld(t).device(ana)
				d.told(0, 0)
				add("edit", func() {
					for i := range n {
						key, field := place(i)
						require.NoError(t, d.Edit(key, map[string]record.Value{field: str(fmt.Sprint(i))}))
						if sent {
							d.Batch(1, 1000) // the client tries to send each edit, but the network is down
						}
					}
				})
				add("save", d.save)
				add("open", d.open)
				add("changed", func() { d.TakeChanged() })
				add("pull", func() {
					for i := range 20 {
						key, field := place(i)
						line := fmt.Appendf(nil, `{"seq":1,"table":"tasks","id":%q,"data":{%q:{"value":"theirs","updatedAt":"2026-03-02T12:00:00Z","clientId":%q}}}`, key.ID, field, ben)
						require.NoError(t, d.pulled(line, "1"))
					}
				})
				add("restamp", func() { d.told(-time.Hour, 0); d.told(0, 0) })
				add("push", func() {
					for d.NumWaiting() > 0 {
						answer, err := d.w.server.push(ana, d.Batch(1000, 1<<20))
						require.NoError(t, err)
						require.NoError(t, d.Answer(answer))
					}
				})
			}
			for what, c := range costs {
				require.LessOrEqual(t, c[1], 1.5*many/few*c[0]+1<<20, "%s, sent %v: too many bytes allocated by %s", name, sent, what)
			}
		}
	}
}

// TestCostOfAnUncoalescedOutboxIsLinear: earlier versions kept every edit of a field. Many such
// edits of one record, which may all have been sent, are loaded, refused as too far ahead,
// restamped and answered in linear time.
func TestCostOfAnUncoalescedOutboxIsLinear(t *testing.T) {
	const few, many = 1000, 8000
	for name, field := range map[string]func(i int) string{
		"one field":      func(int) string { return "title" },
		"fields in turn": func(i int) string { return fmt.Sprint("field", i%20) },
	} {
		var costs [2]map[string]float64
		for size, n := range []int{few, many} {
			costs[size] = map[string]float64{}
			w := newWorld(t)
			d := w.device(ana)
			last := "null"
			for i := range n {
				at := fmt.Sprintf(`"updatedAt":"2026-03-02T20:00:00.%09dZ","clientId":%q`, i, ana)
				d.disk[fmt.Sprintf("outbox/%020d", i+1)] = fmt.Sprintf(`{"table":"tasks","id":"fence","data":{%q:{"value":%d,%s}},"base":{%q:%s}}`, field(i), i, at, field(i), last)
				last = "{" + at + "}"
			}
			costs[size]["open"] = allocated(d.open)
			require.Equal(t, n, d.NumWaiting())
			rounds := 0
			costs[size]["push"] = allocated(func() {
				for ; d.NumWaiting() > 0; rounds++ {
					d.push1000()
				}
			})
			require.LessOrEqual(t, rounds, n/1000+2, "all items are restamped at once")
		}
		for what := range costs[0] {
			require.LessOrEqual(t, costs[1][what], 1.5*many/few*costs[0][what], "%s: too many bytes allocated by %s", name, what)
		}
	}
}

func (d *device) push1000() {
	answer, err := d.w.server.push(d.id, d.Batch(1000, math.MaxInt))
	require.NoError(d.w.t, err)
	require.NoError(d.w.t, d.Answer(answer))
}
