package record

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
)

// Edit collects what one author does to one record at one stamp. It begins at
// the record that the author saw, so it knows what changed and what the author
// knew:
//
//	m, err := task.Edit(stamp).Set("title", "Buy milk").Delete("due").Mutation()
//
// The methods return the Edit itself; what they refuse is returned by Mutation.
// An Edit must not be used from two goroutines at once.
type Edit struct {
	seen   Record
	stamp  clock.Stamp
	writes map[string]FieldValue
	err    error // the first one
}

// Edit begins an edit of r, as its author saw it, at the given stamp, which must
// be a new one of that author. To create a record, begin with New(key).
func (r Record) Edit(at clock.Stamp) *Edit {
	return &Edit{seen: r, stamp: at, writes: make(map[string]FieldValue)}
}

// Set writes a field, also if the value is the one that it has already. The Go
// value becomes a Value as by Of. Names that begin with $ are refused with
// ErrName.
func (e *Edit) Set(name string, v any) *Edit {
	value, err := Of(v)
	if err != nil {
		return e.fail(name, err)
	}
	return e.write(name, value)
}

// Delete deletes a field. A field that is not there is deleted as well: an older
// write of it may still be on its way.
func (e *Edit) Delete(name string) *Edit { return e.write(name, Deletion()) }

// SetMap writes those fields of the map whose value differs from what the record
// has. A Deletion deletes a field that is there; fields that are not in the map
// are left alone.
func (e *Edit) SetMap(fields map[string]any) *Edit {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value, err := Of(fields[name])
		if err != nil {
			return e.fail(name, err)
		}
		e.change(name, value)
	}
	return e
}

// DeleteRecord deletes the record as a whole: the write true to $deleted. Its
// fields stay and go on merging; a later RestoreRecord brings it back.
func (e *Edit) DeleteRecord() *Edit { return e.put(DeletedField, Bool(true)) }

// RestoreRecord brings a deleted record back: the write false to $deleted.
func (e *Edit) RestoreRecord() *Edit { return e.put(DeletedField, Bool(false)) }

// Mutation returns the edit as a Mutation, whose Data are the written fields and
// whose Base is what the author saw of them. Where something was refused it
// returns an *Error.
func (e *Edit) Mutation() (Mutation, error) {
	if e.err != nil {
		return Mutation{}, e.err
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
	for name := range e.writes {
		w, _ := e.seen.Get(name)
		m.Base[name] = w.Stamp
	}
	return m, nil
}

// change writes a field if that makes a difference to what the author saw.
func (e *Edit) change(name string, value Value) {
	w, ok := e.seen.Get(name)
	if ok && w.Value == value || !ok && value == Deletion() {
		return
	}
	e.write(name, value)
}

func (e *Edit) write(name string, value Value) *Edit {
	if strings.HasPrefix(name, "$") {
		return e.fail(name, &Error{Offset: -1, Err: fmt.Errorf("%w: names that begin with $ are reserved", ErrName)})
	}
	return e.put(name, value)
}

func (e *Edit) put(name string, value Value) *Edit {
	e.writes[name] = FieldValue{value, e.stamp}
	return e
}

func (e *Edit) fail(name string, err error) *Edit {
	if e.err == nil {
		e.err = at(pathName(name), err)
	}
	return e
}

// Map returns the fields of r as the Go values that Value.Any gives. Deleted
// fields and those whose names begin with $ are not in it. It does not ask
// whether the record as a whole is deleted. The caller owns the map.
func (r Record) Map() map[string]any {
	m := make(map[string]any, r.Len())
	for name, w := range r.All() {
		if !w.Deleted() && !strings.HasPrefix(name, "$") {
			m[name] = w.Value.Any()
		}
	}
	return m
}
