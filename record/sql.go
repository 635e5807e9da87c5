package record

import (
	"database/sql/driver"
	"fmt"
)

// Value returns the canonical JSON text of v, or NULL for a deletion. So a column of values
// distinguishes null (the text null) from deleted (NULL), and an absent field has no row.
// Give the column a type that holds text or JSONB. In SQLite use TEXT: a column declared as
// JSON has numeric affinity there, so SQLite converts its numbers. Value implements
// driver.Valuer.
func (v Value) Value() (driver.Value, error) {
	if v.text == deletedText {
		return nil, nil
	}
	return v.JSON(), nil
}

// Scan sets v from a column: NULL is a deletion, and text is JSON, which is read without
// limits, as by a trusted Decoder. Text that the database rewrote (JSONB rewrites numbers and
// the order of names) becomes canonical again. A column of another type is refused with
// ErrType. The result does not refer to src, because drivers reuse its memory.
//
// Numbers in text that Value wrote are never rounded here. A column that other programs write
// may hold numbers that are rounded: to refuse those, scan the text and give it to a Decoder
// with Limits.Exact. Scan implements sql.Scanner.
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

// Value returns the canonical JSON of the fields of r as text, which a TEXT or a JSONB column
// can hold. The key is not part of the text. Value implements driver.Valuer.
func (r Record) Value() (driver.Value, error) { return string(r.AppendJSON(nil)), nil }

// Scan sets the fields of r from a column that holds the text that Value wrote, or JSONB made
// from it. It reads as a trusted Decoder does, so a stored record of any size can be read.
// NULL is a record without fields. The key of r does not change: it is stored in other
// columns. See Value.Scan for numbers that other programs wrote. Scan implements sql.Scanner.
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

// columnText returns the text of a column as the driver delivers it. The memory may belong to
// the driver.
func columnText(src any) ([]byte, error) {
	switch src := src.(type) {
	case string:
		return []byte(src), nil
	case []byte:
		return src, nil
	}
	return nil, newError(fmt.Errorf("%w: expected a column of text, not %T", ErrType, src))
}
