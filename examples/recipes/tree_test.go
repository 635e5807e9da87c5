package recipes

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// folderWrites draws moves, deletions and restorations of folders.
func folderWrites(t *rapid.T) (writes []record.Record) {
	for range rapid.IntRange(0, 12).Draw(t, "writes") {
		key := record.Key{Table: "folders", ID: id(t, 6)}
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			writes = append(writes, write(key, record.DeletedField, rapid.Bool().Draw(t, "deleted"), stamp(t)))
		case 1:
			writes = append(writes, write(key, "parent", rapid.SampledFrom([]any{nil, "", 7, record.Deletion()}).Draw(t, "no parent"), stamp(t)))
		default:
			writes = append(writes, write(key, "parent", id(t, 6), stamp(t)))
		}
	}
	return writes
}

// simpleTree is the oracle: it follows the parents of each folder for as many steps as there are folders.
func simpleTree(all merge.Collection) Tree {
	parent := func(id string) string {
		r, _ := all.Get(record.Key{Table: "folders", ID: id})
		of := textOf(r, "parent")
		if p, ok := all.Get(record.Key{Table: "folders", ID: of}); !ok || p.Deleted() {
			return ""
		}
		return of
	}
	t := Tree{Parent: map[string]string{}}
	for r := range all.All() {
		if r.Deleted() {
			continue
		}
		id := r.Key().ID
		t.Parent[id] = parent(id)
		cycle := []string{}
		for next, steps := parent(id), 0; next != "" && steps <= all.Len(); next, steps = parent(next), steps+1 {
			if cycle = append(cycle, next); next == id {
				break
			}
		}
		if len(cycle) > 0 && cycle[len(cycle)-1] == id && slices.Min(cycle) == id {
			t.Cut = append(t.Cut, id)
			t.Parent[id] = ""
		}
	}
	return t
}

// TestTreeHasNoCycles: the reading agrees with the oracle and on all replicas, each folder leads to the
// top, and writing down what is shown resolves every cut.
func TestTreeHasNoCycles(t *testing.T) {
	cuts := 0
	rapid.Check(t, func(t *rapid.T) {
		writes := folderWrites(t)
		tree := agree(t, writes, func(all merge.Collection) Tree { return ReadTree(records(all)) })
		all := merge.Collect(writes...)
		require.Equal(t, simpleTree(all), tree)
		for id := range tree.Parent {
			steps := 0
			for ; id != ""; id = tree.Parent[id] {
				steps++
				require.LessOrEqual(t, steps, len(tree.Parent))
			}
		}
		cuts += len(tree.Cut)
		for _, id := range tree.Cut {
			key := record.Key{Table: "folders", ID: id}
			all = merge.Join(all, merge.Collect(write(key, "parent", "", clock.Stamp{Time: noon + 100, Client: clock.ClientID{1}})))
		}
		require.Equal(t, Tree{Parent: tree.Parent}, ReadTree(records(all)))
	})
	require.True(t, testing.Short() || cuts > 0)
}

// TestCycleIsCutAtItsLeastFolder: wherever the walk over the folders enters the cycle. A record without fields is not a
// folder.
func TestCycleIsCutAtItsLeastFolder(t *testing.T) {
	const folders = 20
	list := []record.Record{record.New(record.Key{Table: "folders", ID: "0"})}
	for i := range folders {
		at := clock.Stamp{Time: noon, Client: clock.ClientID{1}}
		list = append(list, write(record.Key{Table: "folders", ID: string(rune('a' + i))}, "parent", string(rune('a'+(i+7)%folders)), at))
	}
	for range 5 {
		tree := ReadTree(list)
		require.Equal(t, []string{"a"}, tree.Cut)
		require.Empty(t, tree.Parent["a"])
		require.Len(t, tree.Parent, folders)
	}
}
