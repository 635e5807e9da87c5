package sim

import (
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/record"
)

// view is what a device has pulled: the confirmed fields, by ID and name, and what the last line
// of a pull told.
type view struct {
	confirmed check.Confirmed
	fence     clock.Timestamp
	level     int
	floor     clock.Timestamp // what the clock of the device must observe
}

// apply applies a line to a view. It skips records of other tables and IDs. A record of a server
// that purges replaces the confirmed record as a whole. A record of another server replaces only its
// own fields.
func (w *world) apply(v *view, l line) {
	switch {
	case l.reset:
		*v = view{confirmed: check.Confirmed{}, floor: v.floor}
		return
	case l.told != nil:
		v.fence, v.level, v.floor = max(v.fence, l.told.fence), max(v.level, l.told.level), max(v.floor, l.told.clock)
		w.purgeView(v)
		return
	}
	id, ok := w.IDOf(l.record.Key())
	if !ok || !slices.Contains(w.o.IDs, id) {
		return
	}
	if l.left || w.backend.Purge != nil || v.confirmed[id] == nil {
		delete(v.confirmed, id)
		if l.left {
			return
		}
		v.confirmed[id] = map[string]record.FieldValue{}
	}
	for name, f := range l.record.All() {
		v.confirmed[id][name] = f
	}
}

// purgeView purges the records of a view by the fence that the device was told.
func (w *world) purgeView(v *view) {
	for id, fields := range v.confirmed {
		if !hasDeletions(fields) {
			continue
		}
		kept := merge.Purge(check.RecordOf(w.Key(id), fields), v.fence, v.level)
		if kept.Len() < len(fields) {
			v.confirmed[id] = maps.Collect(kept.All())
		}
		if kept.Len() == 0 {
			delete(v.confirmed, id)
		}
	}
}

// hasDeletions reports whether anything in a record may be purged.
func hasDeletions(fields map[string]record.FieldValue) bool {
	for name, v := range fields {
		if v.Deleted() || name == record.DeletedField {
			return true
		}
	}
	return false
}
