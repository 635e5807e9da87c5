package recipes

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// folderOwner takes the parent of a folder for its owner.
func folderOwner(r record.Record) (record.Key, bool) {
	parent := textOf(r, "parent")
	return record.Key{Table: "folders", ID: parent}, parent != ""
}

// simplyHidden is the oracle: it adds what a hidden owner hides until nothing is added.
func simplyHidden(all merge.Collection) map[record.Key]bool {
	hidden := map[record.Key]bool{}
	for {
		before := len(hidden)
		for r := range all.All() {
			key, owned := folderOwner(r)
			_, there := all.Get(key)
			if r.Deleted() || owned && (!there || hidden[key]) {
				hidden[r.Key()] = true
			}
		}
		if len(hidden) == before {
			return hidden
		}
	}
}

// TestHiddenIsDeletedOrHasADeletedOwner: the reading agrees with the oracle and on all replicas. What hides
// a record is the first of its owners that is deleted or not there.
func TestHiddenIsDeletedOrHasADeletedOwner(t *testing.T) {
	chains := 0
	rapid.Check(t, func(t *rapid.T) {
		writes := folderWrites(t)
		hidden := agree(t, writes, func(all merge.Collection) map[record.Key]record.Key { return Hidden(all, folderOwner) })
		all := merge.Collect(writes...)
		want := simplyHidden(all)
		require.Len(t, hidden, len(want))
		for key, cause := range hidden {
			require.True(t, want[key], key)
			steps := 0
			for ; key != cause; steps++ {
				r, there := all.Get(key)
				require.True(t, there && !r.Deleted())
				key, _ = folderOwner(r)
			}
			r, there := all.Get(cause)
			require.True(t, !there || r.Deleted())
			if steps > 1 {
				chains++
			}
		}
	})
	require.True(t, testing.Short() || chains > 0)
}
