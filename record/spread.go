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

// at returns err as an *Error with the path of the member, unless it has the path of one of several fields.
func (m mapped) at(err error) error {
	var inner *Error
	if isSpread(m.typ) && errors.As(err, &inner) {
		return inner
	}
	return at(PathName(m.name), err)
}
