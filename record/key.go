package record

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// DeletedField is the reserved field that says whether the record as a whole
// is deleted. It holds a boolean, is itself never deleted, and merges by the
// same rule as every other field: deleting a record is the write true,
// restoring it a newer write false.
const DeletedField = "$deleted"

// Reserved reports whether the name of a field is kept for the library: whether it begins
// with $. An Edit writes no such field except DeletedField, and a merge.Engine accepts no
// other; those that a newer version wrote merge as any.
func Reserved(name string) bool { return strings.HasPrefix(name, "$") }

// maxName is the greatest length in bytes of a table, ID or field name.
const maxName = 1024

// Key names a record: a table and an ID within it. The zero Key names none.
// Keys are comparable with == and can be map keys.
type Key struct {
	Table, ID string
}

// Compare returns -1, 0 or +1, ordering by table and then by ID, both as
// bytes.
func (k Key) Compare(o Key) int {
	if k.Table != o.Table {
		return strings.Compare(k.Table, o.Table)
	}
	return strings.Compare(k.ID, o.ID)
}

// Check returns nil if both parts are valid names: 1 to 1,024 bytes of valid
// UTF-8 without U+0000, and not __proto__, which is a trap for clients written
// in JavaScript. Otherwise it returns an *Error that wraps ErrName, ErrUTF8 or
// ErrLimit.
func (k Key) Check() error {
	if err := checkName(k.Table); err != nil {
		return at("table", err)
	}
	if err := checkName(k.ID); err != nil {
		return at("id", err)
	}
	return nil
}

// String returns the table and the ID, parted by a slash. It is made for
// people: IDs may hold slashes too, so it cannot be read back.
func (k Key) String() string { return k.Table + "/" + k.ID }

// checkName returns the reason why name cannot be a table, an ID or a field.
func checkName[S ~string | ~[]byte](name S) error {
	if len(name) == 0 {
		return fmt.Errorf("%w: empty", ErrName)
	}
	if len(name) > maxName {
		return &LimitError{What: "name", Limit: maxName}
	}
	ascii := true
	for i := range len(name) {
		if name[i] == 0 {
			return fmt.Errorf("%w: U+0000", ErrName)
		}
		ascii = ascii && name[i] < utf8.RuneSelf
	}
	if !ascii && !utf8.ValidString(string(name)) {
		return ErrUTF8
	}
	if len(name) == len("__proto__") && string(name) == "__proto__" {
		return fmt.Errorf("%w: __proto__", ErrName)
	}
	return nil
}
