package replica_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// full returns a device that has saved at least one entry of each kind, with secret values.
func full(t *testing.T) *device {
	w := newWorld(t)
	a, b := w.device(ana), w.device(ben)
	later(a, b)
	b.push()
	a.pull()
	a.push()
	a.edit(fence, "due", str("secret"))
	a.outbox() // so that the next edit cannot replace it
	a.edit(fence, "due", str("secret again"))
	a.save()
	return a
}

// TestSavedFormatDoesNotChange: other programs read these keys.
func TestSavedFormatDoesNotChange(t *testing.T) {
	d := full(t)
	require.Equal(t, []string{
		"accepted/00000000000000000002", "outbox/00000000000000000001", "outbox/00000000000000000002", "record/tasks\x00fence", "state", "why/tasks\x00fence",
	}, slices.Sorted(maps.Keys(d.disk)))
	require.JSONEq(t, `{"last":"2026-03-02T14:02:05.000000000Z","cursor":"2","chunks":true,"level":1,"answered":2,"client":"7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10"}`, d.disk["state"])
}

func TestOnlyChangedEntriesAreSavedAndEachEditSavesTheClock(t *testing.T) {
	d := full(t)
	saves := func() (keys []string) {
		saves := d.TakeSaves()
		for _, e := range saves {
			keys = append(keys, e.Key)
		}
		write(t, d.disk, saves)
		return keys
	}
	require.Empty(t, saves())
	d.edit(fence, "notes", str("x"))
	require.Equal(t, []string{"outbox/00000000000000000003", "state"}, saves())
	v, _ := d.Shown(fence).Get("notes")
	require.Contains(t, d.disk["state"], v.Stamp.Time.String())
	d.push()
	require.Len(t, saves(), 3+3+1+1+1, "the second edit of one field adds a Why")
	d.edit(fence, "more", str("x"))
	saves()
	d.push()
	require.Equal(t, []string{"accepted/00000000000000000006", "outbox/00000000000000000001", "state"}, saves())
	d.pull()
	require.Len(t, saves(), 5+1+1, "the pulled record replaces the accepted edits")
	require.NoError(t, d.pulled(nil, d.Cursor()))
	require.Empty(t, saves(), "nothing has changed")
}

// TestClockStartsAboveEverythingHeld: neither the saved state nor the order of the entries matters.
func TestClockStartsAboveEverythingHeld(t *testing.T) {
	d := full(t)
	d.disk["state"] = `{"cursor":"2"}`
	for _, reverse := range []bool{false, true} {
		keys := slices.Sorted(maps.Keys(d.disk))
		if reverse {
			slices.Reverse(keys)
		}
		for _, left := range []string{"outbox/", "record/"} { // only entries of this kind
			r, err := replica.Open(replica.Options{ID: ana, Wall: func() time.Time { return d.w.now.Add(-time.Hour) }, Saved: func(yield func(replica.Entry) bool) {
				for _, key := range keys {
					if (strings.HasPrefix(key, left) || key == "state") && !yield(replica.Entry{Key: key, Value: d.disk[key]}) {
						return
					}
				}
			}})
			require.NoError(t, err)
			require.NoError(t, r.Edit(fence, map[string]record.Value{"more": str("")}))
			v, _ := r.Shown(fence).Get("more")
			for name, x := range r.Shown(fence).All() {
				require.True(t, name == "more" || x.Stamp.Time < v.Stamp.Time, name)
			}
		}
	}
}

// TestUnreadableEntryIsNamedAndCanBeRemoved: the error names the entry without its value. If the
// entry is removed together with the state, the next pull brings back everything except edits in
// that entry.
func TestUnreadableEntryIsNamedAndCanBeRemoved(t *testing.T) {
	d := full(t)
	shown := d.Shown(fence)
	for key, value := range d.disk {
		for _, damaged := range []string{"", "secret", value[:len(value)-1], strings.Replace(value, "2026", "20x6", 1), value + "{}"} {
			if damaged == value {
				continue
			}
			disk := maps.Clone(d.disk)
			disk[key] = damaged
			r, err := replica.Open(replica.Options{ID: ana, Wall: d.w.wall, Saved: entries(disk)})
			require.Nil(t, r)
			var bad *replica.EntryError
			require.ErrorAs(t, err, &bad, "%q: %q", key, damaged)
			require.Equal(t, key, bad.Key)
			require.Error(t, errors.Unwrap(err))
			require.NotContains(t, err.Error(), "secret")
		}
		again := *d
		again.disk = maps.Clone(d.disk)
		delete(again.disk, key)
		delete(again.disk, "state")
		again.open()
		require.Empty(t, again.Cursor())
		require.NoError(t, again.Edit(fence, map[string]record.Value{"notes": str("")}))
		v, _ := again.Shown(fence).Get("notes")
		for _, x := range again.Shown(fence).All() {
			require.LessOrEqual(t, x.Stamp.Time, v.Stamp.Time, "the clock starts above every held stamp")
		}
		again.pull()
		again.push()
		title, _ := shown.Get("title")
		got, _ := again.Shown(fence).Get("title")
		require.Equal(t, title, got)
	}
	for _, key := range []string{"", "record/", "record/tasks", "record/\x00x", "outbox/1", "outbox/0000000000000000000x", "why/tasks", "more"} {
		_, err := replica.Open(replica.Options{ID: ana, Saved: entries(map[string]string{key: "{}"})})
		var bad *replica.EntryError
		require.ErrorAs(t, err, &bad, key)
		require.Equal(t, key, bad.Key)
	}
}

// TestRecordsAreSortedAndIncludeWaitingOnes: records that were rolled back are not included.
func TestRecordsAreSortedAndIncludeWaitingOnes(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	for _, id := range []string{"c", "a", "b"} {
		d.edit(record.Key{Table: "tasks", ID: id}, "title", str(id))
	}
	d.edit(record.Key{Table: "projects", ID: "p"}, "name", str("p"))
	d.push()
	d.edit(record.Key{Table: "tasks", ID: "bb"}, "title", str("waits"))
	d.edit(record.Key{Table: "tasks", ID: "d"}, "title", str("forbidden"))
	ids := func() (ids []string) {
		for r := range d.Records("tasks") {
			ids = append(ids, r.Key().ID)
		}
		return ids
	}
	require.Equal(t, []string{"a", "b", "bb", "c", "d"}, ids())
	d.push()
	require.Equal(t, []string{"a", "b", "bb", "c"}, ids())
	for range d.Records("tasks") {
		break
	}
	for range d.Records("nothing") {
		require.Fail(t, "this table has no records")
	}
	require.Nil(t, slices.Collect(d.Records("nothing")))
}

// TestPulledViolationsReplaceOlderOnesWhateverTheirStamps: open violations are listed, and a pulled
// derived row replaces the held one.
func TestPulledViolationsReplaceOlderOnesWhateverTheirStamps(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	row := func(id, status, until string, at clock.Timestamp) {
		fields := map[string]string{
			"type": "scheduling_conflict", "rule": "overlap", "scope": "overlap/B", "table": "meetings", "recordId": "m",
			"status": status, "evidence": "e", "detectedAt": "2026-03-02T14:00:00Z",
		}
		if until != "" {
			fields["relevantUntil"] = until
		}
		var b record.Builder
		r, err := b.Record(record.Key{Table: violation.DefaultTable, ID: id}, func(yield func(string, record.FieldValue) bool) {
			for name, v := range fields {
				if !yield(name, record.FieldValue{Value: str(v), Stamp: clock.Stamp{Time: at, Client: clock.ClientID{1}}}) {
					return
				}
			}
		})
		require.NoError(t, err)
		w.server.Put(r)
	}
	open := func() (ids []string) {
		for _, v := range d.Violations() {
			ids = append(ids, v.ID)
		}
		return ids
	}
	row("b", "open", "", 20)
	row("a", "open", "2026-03-02T15:00:00Z", 20)
	row("c", "resolved", "", 20)
	row("d", "open", "2026-03-02T14:00:00Z", 20)
	d.pull()
	require.Equal(t, []string{"a", "b"}, open())
	require.NoError(t, d.Edit(record.Key{Table: violation.DefaultTable, ID: "b"}, map[string]record.Value{violation.FieldAcknowledged: record.Bool(true)}))
	require.NoError(t, d.Edit(record.Key{Table: violation.DefaultTable, ID: "e"}, map[string]record.Value{violation.FieldNote: str("")}))
	require.True(t, d.Violations()[1].Acknowledged)
	row("b", "resolved", "", 10)
	d.pull()
	require.Equal(t, []string{"a"}, open(), "the row was replaced, not joined")
	row("b", "open", "", 30)
	d.pull()
	require.Equal(t, []string{"a", "b"}, open())
	_, ok := d.Why(record.Key{Table: violation.DefaultTable, ID: "b"}, "status")
	require.False(t, ok, "no write wins over another in a derived field")
	w.now = w.now.AddDate(0, 0, 1)
	require.Equal(t, []string{"b"}, open())
}
