package replica_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

var (
	someKeys   = []record.Key{{Table: "tasks", ID: "a"}, {Table: "tasks", ID: "b"}, {Table: "projects", ID: "a"}}
	someFields = []string{"title", "due", record.DeletedField}
	someValues = []record.Value{str("x"), str("y"), str("forbidden"), record.Deletion()}
)

// seen returns everything that a page could show of a device.
func seen(d *device) map[record.Key]string {
	all := map[record.Key]string{}
	for _, key := range someKeys {
		text := fmt.Sprint(d.Shown(key), d.WaitingFields(key))
		for _, field := range someFields {
			text += fmt.Sprintf(" %q", d.sentence(key, field))
			why, _ := d.Why(key, field)
			text += fmt.Sprint(why.Before, why.Incoming)
		}
		all[key] = text
	}
	return all
}

// TestTakeChangedNamesExactlyTheRecordsShownDifferently checks this after random events. After each
// event it also checks that opening the saved entries gives the same state.
func TestTakeChangedNamesExactlyTheRecordsShownDifferently(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		devices := []*device{w.device(ana), w.device(ben)}
		before := map[clock.ClientID]map[record.Key]string{ana: seen(devices[0]), ben: seen(devices[1])}
		pick := func(t *rapid.T) *device { return rapid.SampledFrom(devices).Draw(t, "device") }
		t.Repeat(map[string]func(*rapid.T){
			"edit": func(t *rapid.T) {
				d, key := pick(t), rapid.SampledFrom(someKeys).Draw(t, "key")
				fields := map[string]record.Value{}
				for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(someFields), 1, 2, rapid.ID).Draw(t, "fields") {
					fields[name] = rapid.SampledFrom(someValues).Draw(t, "value")
					if name == record.DeletedField {
						fields[name] = record.Bool(rapid.Bool().Draw(t, "deleted"))
					}
				}
				require.NoError(t, d.Edit(key, fields))
			},
			"push": func(t *rapid.T) {
				d := pick(t)
				answer, err := w.server.push(d.id, bodyOf(d.Batch(rapid.IntRange(1, 4).Draw(t, "items"), 1<<20)))
				require.NoError(t, err)
				if rapid.IntRange(0, 4).Draw(t, "lost") > 0 {
					require.NoError(t, d.Answer(answer))
				}
			},
			"pull": func(t *rapid.T) {
				d := pick(t)
				require.NoError(t, d.pulled(w.server.pull(d.Cursor(), rapid.IntRange(1, 3).Draw(t, "limit"))))
			},
			"time":   func(t *rapid.T) { w.now = w.now.Add(rapid.SampledFrom(spans).Draw(t, "span")) },
			"skew":   func(t *rapid.T) { pick(t).skew = rapid.SampledFrom(spans).Draw(t, "span") },
			"forget": func(t *rapid.T) { pick(t).ForgetOffset() },
			"repair": func(t *rapid.T) {
				for r := range w.server.Records().All() {
					w.server.Put(repaired(t, r, clock.TimestampOf(w.now)))
					return
				}
			},
			"": func(t *rapid.T) {
				for _, d := range devices {
					now := seen(d)
					var expected []record.Key
					for _, key := range slices.SortedFunc(maps.Keys(now), record.Key.Compare) {
						if now[key] != before[d.id][key] {
							expected = append(expected, key)
						}
					}
					require.Equal(t, expected, d.TakeChanged(), "%v", d.id)
					before[d.id] = now
					d.save()
					sameAgain(t, d, now)
				}
			},
		})
	})
}

var spans = []time.Duration{0, time.Millisecond, time.Minute, time.Hour}

// bodyOf returns the lines, or an empty batch if there are none.
func bodyOf(lines []byte) []byte {
	if len(lines) == 0 {
		return []byte("[]")
	}
	return lines
}

// sameAgain opens what was saved, and requires that it equals the state of the device.
func sameAgain(t *rapid.T, d *device, now map[record.Key]string) {
	again := &device{w: d.w, id: d.id, skew: d.skew, disk: d.disk}
	again.open()
	require.Equal(t, now, seen(again))
	require.Equal(t, d.Waiting(), again.Waiting())
	require.Equal(t, d.Cursor(), again.Cursor())
	require.NoError(t, again.Edit(someKeys[0], map[string]record.Value{"title": str("again")}))
	v, _ := again.Shown(someKeys[0]).Get("title")
	for _, m := range d.Waiting() {
		for _, x := range m.Data.All() {
			require.Greater(t, v.Stamp.Time, x.Stamp.Time, "a stamp was issued twice")
		}
	}
}

// repaired returns a record whose first field was restamped by the server.
func repaired(t *rapid.T, r record.Record, at clock.Timestamp) record.Record {
	var b record.Builder
	r, err := b.Record(r.Key(), func(yield func(string, record.FieldValue) bool) {
		first := true
		for name, v := range r.All() {
			if first {
				v.Stamp = clock.Stamp{Time: at, Client: clock.ClientID{1}}
			}
			first = false
			if !yield(name, v) {
				return
			}
		}
	})
	require.NoError(t, err)
	return r
}
