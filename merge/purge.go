package merge

import (
	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Purge returns the normal form of a record under a fence: the record without the tombstones
// that no later write needs. A fence is a time. Deleted data at or below the fence may have
// been purged, so a write at or below the fence that comes late may be [Gone]. A zero fence
// means that nothing was ever purged.
//
// A record is dead if it is deleted and none of its stamps is above the fence. At level 1, and at
// level 0, which is the same, the normal form of a dead record is its field $deleted alone, even if
// it was erased, so the ID stays known. At level 2 it is a record without fields. A record that is
// not dead loses its deleted fields at or below the fence. If the record has no other fields, the
// deleted field with the greatest stamp stays, and among equal stamps the one with the least name.
// So a record that is not dead keeps at least one field.
//
// Apply judges by the normal form, so it does not matter whether and when a server stores it.
// The digest under a fence is the digest of the normal forms at level 2: dead records count for
// nothing. Compare two digests under the greater of their fences.
//
// Purge returns r itself if nothing changes, and then it allocates nothing.
func Purge(r record.Record, fence clock.Timestamp, level int) record.Record {
	if fence <= 0 || r.Len() == 0 {
		return r
	}
	if isDead(r, fence) {
		if level >= 2 {
			return record.New(r.Key())
		}
		return only(r, record.DeletedField)
	}
	kept, last := 0, ""
	var greatest record.FieldValue
	for name, w := range r.All() {
		switch {
		case !isPurged(w, fence):
			kept++
		case last == "" || w.Stamp.Compare(greatest.Stamp) > 0:
			last, greatest = name, w
		}
	}
	switch {
	case kept == r.Len():
		return r
	case kept == 0:
		return only(r, last)
	}
	return filter(r, func(_ string, w record.FieldValue) bool { return !isPurged(w, fence) })
}

// isDead reports whether a record is deleted and has no stamp above the fence.
func isDead(r record.Record, fence clock.Timestamp) bool {
	if !r.Deleted() {
		return false
	}
	for _, w := range r.All() {
		if w.Stamp.Time > fence {
			return false
		}
	}
	return true
}

// isPurged reports whether a write is a tombstone at or below the fence.
func isPurged(w record.FieldValue, fence clock.Timestamp) bool {
	return w.Deleted() && w.Stamp.Time <= fence
}

// only returns a record with one of its fields.
func only(r record.Record, field string) record.Record {
	if r.Len() == 1 {
		return r
	}
	return filter(r, func(name string, _ record.FieldValue) bool { return name == field })
}

// filter returns a record with the fields that keep selects.
func filter(r record.Record, keep func(name string, w record.FieldValue) bool) record.Record {
	var b record.Builder
	// The fields come from a record, so Record returns no error.
	kept, _ := b.Record(r.Key(), func(yield func(string, record.FieldValue) bool) {
		for name, w := range r.All() {
			if keep(name, w) && !yield(name, w) {
				return
			}
		}
	})
	return kept
}
