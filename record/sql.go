package record

import (
	"database/sql/driver"
	"fmt"
)

// Value returns the canonical JSON text of v, and NULL for a deletion. So a
// column of values tells null (the text null) from deleted (NULL), and a field
// that is absent has no row. Give the column a type that holds text or JSONB. In
// SQLite that is TEXT, for a column that is declared as JSON there turns numbers
// into its own. It implements driver.Valuer.
func (v Value) Value() (driver.Value, error) {
	if v.text == deletedText {
		return nil, nil
	}
	return v.JSON(), nil
}

// Scan sets v from a column: NULL is a deletion, and text is JSON as a trusted
// Decoder reads it, without limits. What a database made of the text (JSONB
// rewrites numbers and the order of names) becomes canonical again. A column of
// another type is refused with ErrType. What is set does not refer to src, which drivers reuse.
//
// What Value wrote is never rounded here. A column that others write to may hold
// numbers that are: to refuse those, scan the text and give it to a Decoder with
// Limits.Exact. It implements sql.Scanner.
func (v *Value) Scan(src any) error {
	if src == nil {
		*v = Deletion()
		return nil
	}
	text, err := columnText(src)
	if err != nil {
		return err
	}
	d := Decoder{Trusted: true}
	w, err := d.Value(text)
	if err == nil {
		*v = w
	}
	return err
}

// Value returns the canonical JSON of the fields of r as text, which a TEXT or a
// JSONB column can hold. The key is not part of it. It implements
// driver.Valuer.
func (r Record) Value() (driver.Value, error) { return string(r.AppendJSON(nil)), nil }

// Scan sets the fields of r from a column that holds what Value wrote, or what a
// JSONB column made of it, as a trusted Decoder reads it, so a record of any size
// that was stored can be read. NULL is a record without fields. The key stays as
// it is: it is in other columns. See Value.Scan for numbers that others wrote. It
// implements sql.Scanner.
func (r *Record) Scan(src any) error {
	if src == nil {
		*r = New(r.key)
		return nil
	}
	text, err := columnText(src)
	if err != nil {
		return err
	}
	d := Decoder{Trusted: true}
	got, err := d.Record(r.key, text)
	if err == nil {
		*r = got
	}
	return err
}

// columnText returns the text that a driver hands over. It may be the driver's
// own memory.
func columnText(src any) ([]byte, error) {
	switch src := src.(type) {
	case string:
		return []byte(src), nil
	case []byte:
		return src, nil
	}
	return nil, newError(fmt.Errorf("%w: a column of %T", ErrType, src))
}
