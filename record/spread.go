package record

import (
	"errors"
	"reflect"
)

// spread is a member that holds several fields, such as the elements of a set. The types of package fields implement
// it with methods of their pointers.
type spread interface {
	// ReadFields sets the member from the fields of r that belong to the name in the member's tag.
	ReadFields(r Record, name string) error
	// WriteFields writes the fields that differ from the fields of e.Seen.
	WriteFields(e *Edit, name string) error
}

var spreadType = reflect.TypeFor[spread]()

// isSpread reports whether a member of type t holds several fields.
func isSpread(t reflect.Type) bool { return reflect.PointerTo(t).Implements(spreadType) }

// Seen returns the record with which the edit began.
func (e *Edit) Seen() Record { return e.seen }

// After returns the record with the writes of the edit so far. If any input was refused, it returns the first error, like
// Mutation. It costs as much as copying the record.
func (e *Edit) After() (Record, error) {
	if e.err != nil {
		return Record{}, e.err
	}
	var b Builder
	return b.Record(e.seen.key, func(yield func(string, FieldValue) bool) {
		for name, w := range e.seen.All() {
			if _, ok := e.writes[name]; !ok && !yield(name, w) {
				return
			}
		}
		for name, w := range e.writes {
			if !yield(name, w) {
				return
			}
		}
	})
}

// at returns err as an *Error with the path of the member, unless it has the path of one of several fields.
func (m mapped) at(err error) error {
	var inner *Error
	if isSpread(m.typ) && errors.As(err, &inner) {
		return inner
	}
	return at(PathName(m.name), err)
}
