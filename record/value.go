package record

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/fieldlww/fieldlww/record/internal/jsontext"
)

// Kind is one of the six kinds of a Value.
type Kind uint8

// The kinds of value. Absence is not a kind: an absent field has no value at all.
const (
	KindNull Kind = iota
	KindBool
	KindNumber
	KindString
	// KindComposite is a JSON array or object. It is merged as one atomic value.
	KindComposite
	// KindDeleted marks a deleted field, which has no other value.
	KindDeleted
)

// String returns the name of the kind, such as "number".
func (k Kind) String() string {
	switch k {
	case KindNull:
		return "null"
	case KindBool:
		return "bool"
	case KindNumber:
		return "number"
	case KindString:
		return "string"
	case KindComposite:
		return "composite"
	case KindDeleted:
		return "deleted"
	}
	return "Kind(" + strconv.Itoa(int(k)) + ")"
}

// Value is the value of one field: null, a boolean, a number, a string, a composite, or a
// deletion. It is immutable, comparable with ==, and can be a map key. The zero Value is
// null.
//
// A Value is kept as its canonical JSON text. Both questions that a merge asks are therefore
// cheap: two values are equal if their texts are equal, and they are ordered by the bytes of
// their texts.
type Value struct {
	// text is the canonical JSON text, with two exceptions: null is the empty string, so that
	// the zero Value is valid, and a deletion is deletedText, which no JSON text equals and
	// which sorts above all of them.
	text string
}

// deletedText sorts above every JSON text, since no JSON text begins with 0x7F.
const deletedText = "\x7f"

// Deletion returns the value that marks a field as deleted.
func Deletion() Value { return Value{deletedText} }

// Bool returns the boolean b.
func Bool(b bool) Value { return Value{strconv.FormatBool(b)} }

// Int returns the number i, exactly.
func Int(i int64) Value { return Value{strconv.FormatInt(i, 10)} }

// Float returns the number f. If f is integral and within int64, the result equals Int of
// that integer; -0 becomes 0. NaN and the infinities are refused with ErrNumber.
func Float(f float64) (Value, error) {
	text, err := jsontext.AppendFloat(nil, f)
	if err != nil {
		return Value{}, newError(err)
	}
	return Value{string(text)}, nil
}

// Text returns the string s unchanged: it is neither normalised nor escaped for HTML. Invalid
// UTF-8 is refused with ErrUTF8.
func Text(s string) (Value, error) {
	text, err := jsontext.AppendString(make([]byte, 0, len(s)+2), s)
	if err != nil {
		return Value{}, newError(err)
	}
	return Value{string(text)}, nil
}

// Clone returns v in memory of its own. A Value that was read from a Record shares the memory
// of that record and keeps it from being freed; clone a value that you keep much longer than
// the record.
func (v Value) Clone() Value { return Value{strings.Clone(v.text)} }

// Kind returns the kind of v.
func (v Value) Kind() Kind {
	if v.text == "" {
		return KindNull
	}
	switch v.text[0] {
	case '"':
		return KindString
	case 't', 'f':
		return KindBool
	case '{', '[':
		return KindComposite
	case deletedText[0]:
		return KindDeleted
	}
	return KindNumber
}

// Bool returns the boolean in v, and reports whether v is a boolean.
func (v Value) Bool() (b, ok bool) {
	return v.text == "true", v.Kind() == KindBool
}

// Int returns the integer in v, and reports whether v is an integer that fits an int64.
func (v Value) Int() (int64, bool) {
	if v.Kind() != KindNumber {
		return 0, false
	}
	i, err := strconv.ParseInt(v.text, 10, 64)
	return i, err == nil
}

// Float returns the float64 nearest to the number in v, and reports whether v is a number.
// Integers beyond 2^53 lose digits; use Int for them.
func (v Value) Float() (float64, bool) {
	if v.Kind() != KindNumber {
		return 0, false
	}
	return jsontext.Float(v.text), true
}

// Text returns the string in v, and reports whether v is a string.
func (v Value) Text() (string, bool) {
	if v.Kind() != KindString {
		return "", false
	}
	return jsontext.Unquote(v.text), true
}

// JSON returns the canonical JSON text of v. A deletion has no JSON text: for it, JSON
// returns "".
func (v Value) JSON() string {
	switch v.text {
	case "":
		return "null"
	case deletedText:
		return ""
	}
	return v.text
}

// String returns the canonical JSON text of v, or "deleted".
func (v Value) String() string {
	if v.text == deletedText {
		return "deleted"
	}
	return v.JSON()
}

// Compare returns -1, 0 or +1 if v is less than, equal to or greater than w, in the order
// that decides between two writes with the same stamp: a deletion is above every value, and
// values are ordered by the bytes of their canonical JSON text. It returns 0 if and only if
// v == w.
func (v Value) Compare(w Value) int {
	if v == w {
		return 0
	}
	return strings.Compare(v.ordered(), w.ordered())
}

// ordered returns the text by which v is ordered.
func (v Value) ordered() string {
	if v.text == "" {
		return "null"
	}
	return v.text
}

// Any returns v as the Go value that a map[string]any would hold: nil, bool, int64, float64
// (only for numbers that do not fit an int64), string, []any or map[string]any. Unlike
// encoding/json it does not round large integers. A deletion is nil, like null: call Kind
// where the difference matters.
func (v Value) Any() any {
	switch v.Kind() {
	case KindBool:
		return v.text == "true"
	case KindString:
		s, _ := v.Text()
		return s
	case KindNumber:
		if i, ok := v.Int(); ok {
			return i
		}
		f, _ := v.Float()
		return f
	case KindComposite:
		return anyOf(v.text)
	}
	return nil
}

// Decode stores v in the Go value that dst points to, as json.Unmarshal does. Into an any it
// stores a float64, which rounds integers beyond 2^53; Any does not round them. Decode
// returns ErrType for a deletion and for a value that does not fit. For a number near the
// smallest float64, encoding/json takes up to 30 µs; Any and Float do not have that cost, so
// prefer them for lists from untrusted clients.
func (v Value) Decode(dst any) error {
	if v.text == deletedText {
		return newError(ErrType)
	}
	if err := json.Unmarshal([]byte(v.JSON()), dst); err != nil {
		return newError(typeError(err))
	}
	return nil
}

// AppendJSON appends the canonical JSON text of v to dst. It appends nothing for a deletion,
// whose wire form FieldValue.AppendJSON writes.
func (v Value) AppendJSON(dst []byte) []byte { return append(dst, v.JSON()...) }

// MarshalJSON returns the canonical JSON text of v, or ErrValueForm for a deletion. Note that
// json.Marshal escapes <, > and & in this text; a json.Encoder with SetEscapeHTML(false) does
// not.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.text == deletedText {
		return nil, newError(ErrValueForm)
	}
	return []byte(v.JSON()), nil
}

// UnmarshalJSON sets v to the value of a JSON text, by the rules of ParseValue.
func (v *Value) UnmarshalJSON(text []byte) error {
	w, err := ParseValue(text)
	if err == nil {
		*v = w
	}
	return err
}

// ParseValue returns the value of one JSON text under the default Limits, so it rounds a
// number that has no exact form; a Decoder with Limits.Exact refuses such a number. The Value
// keeps no reference to the text. See Decoder for the input that is refused.
func ParseValue(text []byte) (Value, error) {
	var d Decoder
	return d.Value(text)
}
