package recipes

import (
	"slices"

	"github.com/fieldlww/fieldlww/record"
)

// Tree is a reading of folders whose field parent names another folder. Each value of the field was
// right when it was written, but together they may form a cycle: Ana moves A into B, and Ben, offline,
// moves B into A. Both moves are accepted, and then neither folder can be reached from the top.
//
// No rule of package violation can find this. A rule sees the groups that a change names, with at most
// two look-ups, and a cycle may be as long as there are folders: following it takes a look-up for each
// step, and each look-up depends on the one before. Two moves that close a cycle together may change no
// folder in common, so no group of a fixed size holds both. A single group with all folders would make
// every move read, and lock, the whole tree.
//
// A reading can look at all folders. It cuts each cycle where the folder has the least ID. Any choice
// that depends on the records alone would do: every replica cuts at the same place.
type Tree struct {
	// Parent has an entry for each folder that is not deleted: the ID of its parent, or "" at the top.
	// Following it always ends at the top.
	Parent map[string]string
	// Cut lists, in order, the folders that are at the top only because a cycle was cut there. Show them
	// to the user, who can move them: an ordinary write of parent resolves it.
	Cut []string
}

// ReadTree returns the tree of the folders. A folder is at the top if it has no parent, or one that is
// deleted or not there. To hide what is in a deleted folder instead, leave out what Hidden reports.
func ReadTree(folders []record.Record) Tree {
	t := Tree{Parent: make(map[string]string, len(folders))}
	for _, folder := range folders {
		if folder.Len() > 0 && !folder.Deleted() {
			parent, _ := folder.Get("parent")
			t.Parent[folder.Key().ID], _ = parent.Value.Text()
		}
	}
	for id, parent := range t.Parent {
		if _, ok := t.Parent[parent]; !ok {
			t.Parent[id] = ""
		}
	}
	walk := make(map[string]int, len(t.Parent)) // by folder: the number of the walk that came by it
	number := 0
	// Each cycle is found once, by whichever walk comes to it first, so the order of the walks does not matter.
	for start := range t.Parent {
		number++
		id := start
		for id != "" && walk[id] == 0 {
			walk[id] = number
			id = t.Parent[id]
		}
		if id != "" && walk[id] == number { // this walk came back to id
			t.Cut = append(t.Cut, t.least(id))
		}
	}
	for _, id := range t.Cut {
		t.Parent[id] = ""
	}
	slices.Sort(t.Cut)
	return t
}

// least returns the least ID of the cycle that id is in.
func (t Tree) least(id string) string {
	least := id
	for next := t.Parent[id]; next != id; next = t.Parent[next] {
		least = min(least, next)
	}
	return least
}
