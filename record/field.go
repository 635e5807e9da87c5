package record

import (
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
)

// FieldValue is one write of one field: the value, and the stamp that records when it was
// written and by which client. It is comparable with == and can be a map key. The zero
// FieldValue, with the zero stamp, represents a field that was never written; it is less than
// every write.
type FieldValue struct {
	Value Value
	Stamp clock.Stamp
}

// Compare returns -1, 0 or +1 if f is less than, equal to or greater than g. It is the merge
// rule of this library: of two writes of one field, the greater one wins. Writes are compared
// by time, then by client ID, then by kind (a deletion is above a value), then by the bytes
// of the canonical values. The last two steps only matter if one stamp was used twice, after
// a backup was restored or a device cloned. The order is total, and 0 means f == g.
func (f FieldValue) Compare(g FieldValue) int {
	if c := f.Stamp.Compare(g.Stamp); c != 0 {
		return c
	}
	return f.Value.Compare(g.Value)
}

// Deleted reports whether f deletes the field.
func (f FieldValue) Deleted() bool { return f.Value.text == deletedText }

// IsZero reports whether f represents a field that was never written.
func (f FieldValue) IsZero() bool { return f == FieldValue{} }

// Check returns nil if f can be a write of the named field: the name is valid by the rule of
// Key.Check, the stamp has a time in range and a client, and the value of $deleted is a
// boolean. Otherwise it returns an *Error.
func (f FieldValue) Check(name string) error {
	err := checkName(name)
	switch {
	case err != nil:
	case !f.Stamp.Valid():
		err = ErrStamp
	case name == DeletedField && f.Value.Kind() != KindBool:
		err = errDeletedField
	default:
		return nil
	}
	return at(PathName(name), err)
}

var errDeletedField = fmt.Errorf("%w: must be true or false", ErrType)

// AppendJSON appends the canonical JSON of f to dst:
//
//	{"value":…,"updatedAt":"2026-11-22T16:57:17.123000003Z","clientId":"…"}
//	{"deleted":true,"updatedAt":"…","clientId":"…"}
func (f FieldValue) AppendJSON(dst []byte) []byte {
	if f.Deleted() {
		dst = append(dst, `{"deleted":true`...)
	} else {
		dst = append(dst, `{"value":`...)
		dst = f.Value.AppendJSON(dst)
	}
	dst = append(dst, ',')
	return append(appendStamp(dst, f.Stamp), '}')
}

// appendStamp appends the two JSON members that represent a stamp on the wire.
func appendStamp(dst []byte, s clock.Stamp) []byte {
	dst = append(dst, `"updatedAt":"`...)
	dst, _ = s.Time.AppendText(dst)
	dst = append(dst, `","clientId":"`...)
	dst, _ = s.Client.AppendText(dst)
	return append(dst, '"')
}

// MarshalJSON returns the canonical JSON of f.
func (f FieldValue) MarshalJSON() ([]byte, error) { return f.AppendJSON(nil), nil }

// UnmarshalJSON sets f from untrusted JSON, by the rules of Decoder and under its default
// limits.
func (f *FieldValue) UnmarshalJSON(text []byte) error {
	var d Decoder
	got, err := d.FieldValue(text)
	if err == nil {
		*f = got
	}
	return err
}
