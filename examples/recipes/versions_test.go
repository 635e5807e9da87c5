package recipes

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// taskKey is the key of the task of the tests.
var taskKey = record.Key{Table: "tasks", ID: "fence"}

// taskWrites draws writes of the fields of all versions, with values of all kinds.
func taskWrites(t *rapid.T) (writes []record.Record) {
	for range rapid.IntRange(0, 6).Draw(t, "writes") {
		field := rapid.SampledFrom([]string{"title", "urgency", "urgency", "color", "size"}).Draw(t, "field")
		values := []any{"low", "high", "critical", 7, true, nil, record.Deletion(), []int{1}}
		if field == "title" {
			values = []any{"Fence", "", nil, record.Deletion()}
		}
		writes = append(writes, write(taskKey, field, rapid.SampledFrom(values).Draw(t, "value"), stamp(t)))
	}
	return writes
}

// TestOtherVersionsKeepTheirFields: an edit writes the field that changed and nothing else, so all other
// fields stay, whatever they hold. An edit that changes nothing writes nothing, and no default.
func TestOtherVersionsKeepTheirFields(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		writes := append(taskWrites(t), write(taskKey, "color", "red", clock.Stamp{Time: noon, Client: clock.ClientID{1}}))
		stored, _ := merge.Collect(writes...).Get(taskKey)
		var task Task
		require.NoError(t, stored.Struct(&task))
		edit := func(task Task) record.Record {
			m, err := stored.Edit(clock.Stamp{Time: noon + 100, Client: clock.ClientID{1}}).SetStruct(task).Mutation()
			require.NoError(t, err)
			return m.Data
		}
		require.Zero(t, edit(task).Len())

		task.Title += "!"
		written := edit(task)
		require.Equal(t, 1, written.Len())
		after, err := merge.Records(stored, written)
		require.NoError(t, err)
		for name, w := range stored.All() {
			got, _ := after.Get(name)
			require.Equal(t, name == "title", got != w, name)
		}
	})
}

// TestUrgencyShown: all replicas show the same urgency, which is the default only if the field holds no choice.
func TestUrgencyShown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type shown struct {
			Urgency string
			Known   bool
		}
		var want shown
		got := agree(t, taskWrites(t), func(all merge.Collection) (s shown) {
			stored, _ := all.Get(taskKey)
			var task Task
			require.NoError(t, stored.Struct(&task))
			s.Urgency, s.Known = task.UrgencyShown()
			w, _ := stored.Get("urgency")
			want = map[string]shown{
				`"low"`: {"low", true}, `"high"`: {"high", true}, "null": {DefaultUrgency, true},
			}[w.Value.JSON()]
			if w.Deleted() {
				want = shown{DefaultUrgency, true}
			}
			return s
		})
		require.Equal(t, want, got)
	})
}

// TestUrgencyOfEachValue: only an absent field, null and a deletion have the default, and a value of a later version is
// not known.
func TestUrgencyOfEachValue(t *testing.T) {
	for _, c := range []struct {
		value any
		shown string
		known bool
	}{
		{nil, DefaultUrgency, true}, {record.Deletion(), DefaultUrgency, true}, {"low", "low", true}, {"normal", "normal", true}, {"high", "high", true},
		{"critical", "", false}, {"", "", false}, {7, "", false}, {false, "", false},
	} {
		var task Task
		require.NoError(t, write(taskKey, "urgency", c.value, clock.Stamp{Time: noon, Client: clock.ClientID{1}}).Struct(&task))
		shown, known := task.UrgencyShown()
		require.Equal(t, c.shown, shown, c.value)
		require.Equal(t, c.known, known, c.value)
	}
}
