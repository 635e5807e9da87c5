package record

import (
	"fmt"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
)

// Edit collects what one author does to one record at one stamp. It begins at
// the record that the author saw, so it knows what changed and what the author
// knew:
//
//	m, err := task.Edit(stamp).Set("title", "Buy milk").Delete("due").Mutation()
//
// The methods return the Edit itself; the first thing that they refuse is
// returned by Mutation, and then nothing of the edit is. Of several calls about
// one field the last one counts. An Edit must not be used from two goroutines
// at once.
type Edit struct {
	seen   Record
	stamp  clock.Stamp
	writes map[string]FieldValue
	err    error // the first one
}

// Edit begins an edit of r, as its author saw it, at the given stamp, which must
// be a new one of that author. To create a record, begin with New(key).
//
// A stamp that is not valid is refused with ErrStamp, and so is one that is not
// greater than that of a field which the edit writes: such a write would lose
// against what its author saw, and nobody would notice. It happens if the
// author's clock did not observe what was shown.
func (r Record) Edit(at clock.Stamp) *Edit {
	e := &Edit{seen: r, stamp: at, writes: make(map[string]FieldValue)}
	if !at.Valid() {
		e.refuse(newError(ErrStamp))
	}
	return e
}

// Set writes a field, also if the value is the one that it has already. The Go
// value becomes a Value as by Of; a Deletion deletes the field. Names that begin
// with $ are refused with ErrName.
func (e *Edit) Set(name string, v any) *Edit {
	value, err := Of(v)
	if err != nil {
		return e.refuse(at(PathName(name), err))
	}
	return e.write(name, value)
}

// Delete deletes a field. A field that is not there is deleted as well: an older
// write of it may still be on its way.
func (e *Edit) Delete(name string) *Edit { return e.write(name, Deletion()) }

// SetMap writes those fields of the map whose value differs from what the record
// has; absent, null and deleted differ from each other. A Deletion deletes a
// field. Fields that are not in the map are left alone.
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

// DeleteRecord deletes the record as a whole: the write true to $deleted. Its
// fields stay and go on merging; a later RestoreRecord brings it back.
func (e *Edit) DeleteRecord() *Edit { return e.put(DeletedField, Bool(true)) }

// RestoreRecord brings a deleted record back: the write false to $deleted.
func (e *Edit) RestoreRecord() *Edit { return e.put(DeletedField, Bool(false)) }

// Mutation returns the edit as a Mutation, whose Data are the written fields and
// whose Base is what the author saw of them. An edit that writes nothing is a
// Mutation without fields, which has no effect. Where something was refused it
// returns an *Error.
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
	m := Mutation{Data: data}
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

// change writes a field if it is changed by that, and else takes back what the
// edit wrote to it before. A reserved name is refused in either case.
func (e *Edit) change(name string, value Value, changed bool) {
	if changed || Reserved(name) {
		e.write(name, value)
	} else {
		delete(e.writes, name)
	}
}

// put writes any field.
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

// refuse keeps err if it is the first one.
func (e *Edit) refuse(err error) *Edit {
	if e.err == nil {
		e.err = err
	}
	return e
}

var errStale = fmt.Errorf("%w: not greater than that of the write which the author saw", ErrStamp)
