package record

import (
	"fmt"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
)

// Edit collects the changes of one author to one record, at one stamp. It begins with the
// record that the author saw, so it can tell what changed and what the author knew:
//
//	m, err := task.Edit(stamp).Set("title", "Buy milk").Delete("due").Mutation()
//
// The methods return the Edit itself. If one of them refuses its input, Mutation returns the
// first error and discards the edit. If several calls concern one field, the last one
// counts. An Edit must not be used from two goroutines at once.
type Edit struct {
	seen   Record
	stamp  clock.Stamp
	writes map[string]FieldValue
	err    error // the first error
}

// Edit begins an edit of r, as its author saw it, at the given stamp, which must be a new
// stamp of that author. To create a record, begin with New(key).
//
// An invalid stamp is refused with ErrStamp. So is a stamp that is not greater than the stamp
// of a field that the edit writes: such a write would silently lose against a write that its
// author saw. This happens if the author's clock did not observe the stamps of the records
// that were shown.
func (r Record) Edit(at clock.Stamp) *Edit {
	e := &Edit{seen: r, stamp: at, writes: make(map[string]FieldValue)}
	if !at.Valid() {
		e.refuse(newError(ErrStamp))
	}
	return e
}

// Set writes a field, even if the field already has that value. Of converts the Go value to a
// Value; a Deletion deletes the field. Names that begin with $ are refused with ErrName.
func (e *Edit) Set(name string, v any) *Edit {
	value, err := Of(v)
	if err != nil {
		return e.refuse(at(PathName(name), err))
	}
	return e.write(name, value)
}

// Delete deletes a field. It writes a tombstone even if the field is absent, because an older
// write of it may still be on its way.
func (e *Edit) Delete(name string) *Edit { return e.write(name, Deletion()) }

// SetMap writes the fields of the map whose value differs from the value in the record;
// absent, null and deleted differ from each other. A Deletion deletes a field. Fields that
// are not in the map do not change.
func (e *Edit) SetMap(fields map[string]any) *Edit {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value, err := Of(fields[name])
		if err != nil {
			return e.refuse(at(PathName(name), err))
		}
		w, ok := e.seen.Get(name)
		e.change(name, value, !ok || w.Value != value)
	}
	return e
}

// DeleteRecord deletes the record as a whole: it writes true to $deleted. The fields stay and
// go on merging; a later RestoreRecord restores the record.
func (e *Edit) DeleteRecord() *Edit { return e.put(DeletedField, Bool(true)) }

// RestoreRecord restores a deleted record: it writes false to $deleted.
func (e *Edit) RestoreRecord() *Edit { return e.put(DeletedField, Bool(false)) }

// Mutation returns the edit as a Mutation. Its Data holds the written fields, its Base the
// stamps that the author saw on them. The Mutation is New if the author saw a record without
// fields. An edit that writes nothing yields a Mutation without fields, which has no effect.
// If any input was refused, Mutation returns an *Error.
func (e *Edit) Mutation() (Mutation, error) {
	if e.err != nil {
		return Mutation{}, e.err
	}
	if err := e.seen.key.Check(); err != nil {
		return Mutation{}, err
	}
	var b Builder
	data, err := b.Record(e.seen.key, maps.All(e.writes))
	if err != nil {
		return Mutation{}, err
	}
	m := Mutation{Data: data, New: e.seen.Len() == 0 && data.Len() > 0}
	if data.Len() > 0 {
		m.Base = make(map[string]clock.Stamp, data.Len())
	}
	for name := range data.All() {
		w, _ := e.seen.Get(name)
		m.Base[name] = w.Stamp
	}
	return m, nil
}

// write writes a field of the application.
func (e *Edit) write(name string, value Value) *Edit {
	if Reserved(name) {
		return e.refuse(at(PathName(name), ErrReserved))
	}
	return e.put(name, value)
}

// change writes a field if its value changed. Otherwise it discards an earlier write of the
// field in this edit. A reserved name is refused in either case.
func (e *Edit) change(name string, value Value, changed bool) {
	if changed || Reserved(name) {
		e.write(name, value)
	} else {
		delete(e.writes, name)
	}
}

// put writes any field, reserved or not.
func (e *Edit) put(name string, value Value) *Edit {
	w := FieldValue{value, e.stamp}
	if err := w.Check(name); err != nil {
		return e.refuse(err)
	}
	if seen, _ := e.seen.Get(name); seen.Stamp.Compare(e.stamp) >= 0 {
		return e.refuse(at(PathName(name), errStale))
	}
	e.writes[name] = w
	return e
}

// refuse keeps err if it is the first error.
func (e *Edit) refuse(err error) *Edit {
	if e.err == nil {
		e.err = err
	}
	return e
}

var errStale = fmt.Errorf("%w: not greater than the stamp of the write that the author saw", ErrStamp)
