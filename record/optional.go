package record

import (
	"fmt"
	"reflect"
)

// Field is a struct member that distinguishes all states of a field of a record: absent,
// null, deleted, or present with a value of type T. A plain member cannot distinguish the
// first three: its zero value represents them all.
//
//	type Task struct {
//		Title string                  `lww:"title"`
//		Due   record.Field[time.Time] `lww:"due" json:"due,omitzero"`
//	}
//
// The zero Field is absent. Edit.SetStruct does not change the field of an absent Field.
//
// A Field also has a JSON form, for messages that hold such a struct: the value or null. A
// deleted Field and an absent Field have no JSON form; use the json option omitzero to leave
// out absent Fields.
type Field[T any] struct {
	state fieldState
	value T
}

type fieldState uint8

const (
	fieldAbsent fieldState = iota
	fieldNull
	fieldDeleted
	fieldPresent
)

// FieldOf returns a Field that is present with the value v.
func FieldOf[T any](v T) Field[T] { return Field[T]{fieldPresent, v} }

// Get returns the value of f, and reports whether f is present. If f is not present, the
// value is zero.
func (f Field[T]) Get() (T, bool) { return f.value, f.state == fieldPresent }

// IsZero reports whether f is absent.
func (f Field[T]) IsZero() bool { return f.state == fieldAbsent }

// IsNull reports whether f is null.
func (f Field[T]) IsNull() bool { return f.state == fieldNull }

// Deleted reports whether f is deleted.
func (f Field[T]) Deleted() bool { return f.state == fieldDeleted }

// Set makes f present with the value v.
func (f *Field[T]) Set(v T) { *f = FieldOf(v) }

// SetNull makes f null.
func (f *Field[T]) SetNull() { *f = Field[T]{state: fieldNull} }

// Delete makes f deleted.
func (f *Field[T]) Delete() { *f = Field[T]{state: fieldDeleted} }

// MarshalJSON returns the canonical JSON of the value, or null. It refuses a deleted Field
// with ErrValueForm, and an absent one with ErrMissing.
func (f Field[T]) MarshalJSON() ([]byte, error) {
	v, ok, err := f.written()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, newError(fmt.Errorf("%w: the Field is absent; give its member the json option omitzero", ErrMissing))
	}
	return v.MarshalJSON()
}

// UnmarshalJSON makes f null or present, by the rules of ParseValue.
func (f *Field[T]) UnmarshalJSON(text []byte) error {
	v, err := ParseValue(text)
	if err != nil {
		return err
	}
	return f.read(v, true)
}

// stateful is the method set of *Field[T] that does not depend on T.
type stateful interface {
	read(v Value, ok bool) error
	written() (v Value, ok bool, err error)
}

func isField(t reflect.Type) bool { return t.Implements(reflect.TypeFor[stateful]()) }

// read sets f to the state of a field; ok reports whether the field is in the record. If the
// value does not fit, read does not change f.
func (f *Field[T]) read(v Value, ok bool) error {
	got := Field[T]{}
	switch {
	case !ok:
	case v == Value{}:
		got.SetNull()
	case v == Deletion():
		got.Delete()
	default:
		got.state = fieldPresent
		if err := v.into(&got.value); err != nil {
			return err
		}
	}
	*f = got
	return nil
}

// written returns the value that f writes, and reports whether it writes one.
func (f Field[T]) written() (v Value, ok bool, err error) {
	switch f.state {
	case fieldAbsent:
		return Value{}, false, nil
	case fieldNull:
		return Value{}, true, nil
	case fieldDeleted:
		return Deletion(), true, nil
	}
	v, err = Of(f.value)
	return v, true, err
}
