package record

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// DeletedField is the reserved field that determines whether the record as a whole is
// deleted. It holds a boolean, is never deleted itself, and merges by the same rule as every
// other field: writing true deletes the record, and a newer write of false restores it.
const DeletedField = "$deleted"

// ErasedField is the reserved field that says, together with DeletedField, that the values and field
// names of the record were erased. It holds true. Only servers write it: see merge.Erase.
const ErasedField = "$erased"

// Reserved reports whether a field name is reserved for the library: whether it begins with
// $. An Edit writes no such field except DeletedField, and a merge.Engine accepts no other.
// Reserved fields that a newer version wrote merge like any other field.
func Reserved(name string) bool { return strings.HasPrefix(name, "$") }

// maxName is the greatest length of a table, ID or field name, in bytes.
const maxName = 1024

// Key identifies a record by a table and an ID within it. The zero Key identifies no record.
// Keys are comparable with == and can be map keys.
type Key struct {
	Table, ID string
}

// Compare returns -1, 0 or +1. It orders keys by the bytes of the table, then by the bytes of
// the ID.
func (k Key) Compare(o Key) int {
	if k.Table != o.Table {
		return strings.Compare(k.Table, o.Table)
	}
	return strings.Compare(k.ID, o.ID)
}

// Check returns nil if both parts are valid names: 1 to 1,024 bytes of valid UTF-8 without
// U+0000, and not __proto__, which is a trap for clients written in JavaScript. Otherwise it
// returns an *Error that wraps ErrName, ErrUTF8 or ErrLimit.
func (k Key) Check() error {
	if err := checkName(k.Table); err != nil {
		return at("table", err)
	}
	if err := checkName(k.ID); err != nil {
		return at("id", err)
	}
	return nil
}

// String returns table/id, for display only: IDs may contain slashes too, so the text cannot
// be parsed back.
func (k Key) String() string { return k.Table + "/" + k.ID }

// checkName returns nil if name can be a table, an ID or a field name, and otherwise the
// reason for refusing it.
func checkName[S ~string | ~[]byte](name S) error {
	if len(name) == 0 {
		return fmt.Errorf("%w: must not be empty", ErrName)
	}
	if len(name) > maxName {
		return &LimitError{What: "name", Limit: maxName}
	}
	ascii := true
	for i := range len(name) {
		if name[i] == 0 {
			return fmt.Errorf("%w: must not contain U+0000", ErrName)
		}
		ascii = ascii && name[i] < utf8.RuneSelf
	}
	if !ascii && !utf8.ValidString(string(name)) {
		return ErrUTF8
	}
	if len(name) == len("__proto__") && string(name) == "__proto__" {
		return fmt.Errorf("%w: must not be __proto__", ErrName)
	}
	return nil
}
