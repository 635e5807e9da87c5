package recipes

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// purged returns the records that a purge leaves.
func purged(all merge.Collection, fence clock.Timestamp, level int) merge.Collection {
	var left []record.Record
	for r := range all.All() {
		if r = merge.Purge(r, fence, level); r.Len() > 0 {
			left = append(left, r)
		}
	}
	return merge.Collect(left...)
}

// TestPurgingChangesNoReading: whatever was purged, the records that are left read as before.
func TestPurgingChangesNoReading(t *testing.T) {
	gone := 0
	rapid.Check(t, func(t *rapid.T) {
		fence := noon + clock.Timestamp(rapid.SampledFrom([]int{0, 20, 40, 60}).Draw(t, "fence"))
		level := rapid.IntRange(1, 2).Draw(t, "level")

		deletion := write(record.Key{Table: "folders", ID: id(t, 6)}, record.DeletedField, true, stamp(t))
		before := merge.Collect(append(folderWrites(t), deletion)...)
		after := purged(before, fence, level)
		gone += before.Len() - after.Len()
		require.Equal(t, ReadTree(records(before)), ReadTree(records(after)))
		want := Hidden(before, folderOwner)
		maps.DeleteFunc(want, func(key, _ record.Key) bool { _, left := after.Get(key); return !left })
		require.Equal(t, want, Hidden(after, folderOwner))

		before = merge.Collect(teamWrites(t)...)
		require.Equal(t, ShownNames(records(before)), ShownNames(records(purged(before, fence, level))))

		task, _ := merge.Collect(taskWrites(t)...).Get(taskKey)
		var one, other Task
		require.NoError(t, task.Struct(&one))
		require.NoError(t, merge.Purge(task, fence, level).Struct(&other))
		require.Equal(t, shownOf(one), shownOf(other))
	})
	require.True(t, testing.Short() || gone > 0)
}

func shownOf(task Task) string {
	urgency, _ := task.UrgencyShown()
	return task.Title + ", " + urgency
}
