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
	in        map[string][]string // the buckets of each confirmed record, if the server has buckets
	fence     clock.Timestamp
	level     int
	floor     clock.Timestamp // what the clock of the device must observe
}

// apply applies a line to a view. It skips records of other tables and IDs. A record of a server
// that purges replaces the confirmed record as a whole. A record of another server replaces only its
// own fields.
//
// With buckets, it returns the records that were forgotten, and the record that the line brought.
func (w *world) apply(v *view, l line) (left []string, came string) {
	switch {
	case l.reset && w.Sight != nil:
		if l.epoch {
			v.fence, v.level = 0, 0
		}
		return v.leave(func(bucket string) bool { return slices.Contains(l.resets, bucket) }), ""
	case l.reset:
		*v = view{confirmed: check.Confirmed{}, floor: v.floor}
		return nil, ""
	case l.told != nil:
		v.fence, v.level, v.floor = max(v.fence, l.told.fence), max(v.level, l.told.level), max(v.floor, l.told.clock)
		if w.Sight != nil && l.told.buckets != nil {
			left = v.leave(func(bucket string) bool { return !slices.Contains(l.told.buckets, bucket) })
		}
		return append(left, w.purgeView(v)...), ""
	}
	id, ok := w.IDOf(l.record.Key())
	if !ok || !slices.Contains(w.o.IDs, id) {
		return nil, ""
	}
	if l.left || w.backend.Purge != nil || w.Sight != nil || v.confirmed[id] == nil {
		delete(v.confirmed, id)
		delete(v.in, id)
		if l.left {
			return []string{id}, ""
		}
		v.confirmed[id] = map[string]record.FieldValue{}
	}
	for name, f := range l.record.All() {
		v.confirmed[id][name] = f
	}
	if w.Sight != nil {
		if v.in == nil {
			v.in = map[string][]string{}
		}
		v.in[id] = l.in
	}
	return nil, id
}

// leave removes buckets from the buckets of all records, and forgets the records that are then in
// none.
func (v *view) leave(lost func(bucket string) bool) (left []string) {
	for _, id := range slices.Sorted(maps.Keys(v.in)) {
		v.in[id] = slices.DeleteFunc(slices.Clone(v.in[id]), lost)
		if len(v.in[id]) == 0 {
			delete(v.confirmed, id)
			delete(v.in, id)
			left = append(left, id)
		}
	}
	return left
}

// purgeView purges the records of a view by the fence that the device was told. With buckets, it
// forgets the dead ones, and returns them.
func (w *world) purgeView(v *view) (left []string) {
	level := v.level
	if w.Sight != nil {
		level = 2
	}
	for _, id := range slices.Sorted(maps.Keys(v.confirmed)) {
		fields := v.confirmed[id]
		if !hasDeletions(fields) {
			continue
		}
		kept := merge.Purge(check.RecordOf(w.Key(id), fields), v.fence, level)
		if kept.Len() < len(fields) {
			v.confirmed[id] = maps.Collect(kept.All())
		}
		if kept.Len() == 0 {
			delete(v.confirmed, id)
			delete(v.in, id)
			left = append(left, id)
		}
	}
	return left
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
