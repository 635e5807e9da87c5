package recipes

import (
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// Hidden is a reading that deletes in cascades: a record counts as deleted if it is deleted, or if its
// owner counts as deleted. It returns the records that count as deleted, each with the record that
// hides it: itself, or the nearest of its owners that is deleted or not there.
//
// Deleting a project then is one write, and so is restoring it: its tasks come back with it, except
// those that were deleted on their own. A task that somebody added offline meanwhile is hidden, and
// comes back as well. Writing a deletion to each task instead would miss that task, and a restore could
// not tell which tasks were deleted before.
//
//   - Tell the author of an edit under a deleted owner: violation.LiveReference reports it.
//   - A missing owner hides what it owns. It may have been purged, and then nothing else tells that it
//     was deleted; or it has not been pulled yet.
//   - Owners can form a cycle, as in Tree. A cycle in which nothing is deleted hides nothing.
//   - The owned records keep their values. To let a purge remove them, or to erase them, the server
//     must delete or erase each of them.
//
// The owner of a record is a pure function of it; owner reports false for a record without one.
func Hidden(all merge.Collection, owner func(record.Record) (record.Key, bool)) map[record.Key]record.Key {
	hides := make(map[record.Key]record.Key) // by record: what hides it, or the zero Key
	for r := range all.All() {
		var path []record.Key
		cause := record.Key{}
		for key, more := r.Key(), true; more; {
			known, seen := hides[key]
			if seen {
				cause = known // the zero Key in a cycle
				break
			}
			hides[key] = record.Key{}
			path = append(path, key)
			current, ok := all.Get(key)
			if !ok || current.Deleted() {
				cause = key
				break
			}
			key, more = owner(current)
		}
		for _, key := range path {
			hides[key] = cause
		}
	}
	hidden := make(map[record.Key]record.Key)
	for r := range all.All() {
		if cause := hides[r.Key()]; cause != (record.Key{}) {
			hidden[r.Key()] = cause
		}
	}
	return hidden
}
