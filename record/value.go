package record

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/fieldlww/fieldlww/record/internal/jsontext"
)

// Kind says which of the six kinds a Value is of.
type Kind uint8

// The kinds of value. That a field is absent is not a kind: an absent field
// has no value at all.
const (
	KindNull Kind = iota
	KindBool
	KindNumber
	KindString
	// KindComposite is a JSON array or object. It is merged as one atomic
	// value.
	KindComposite
	// KindDeleted is the mark that a deleted field holds instead of a value.
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

// Value is the value of one field: null, a boolean, a number, a string, a
// composite, or the mark of a deletion. It is immutable, comparable with ==,
// and can be a map key. The zero Value is null.
//
// A Value is its canonical JSON text. That makes the two questions that a merge
// asks as cheap and as plain as they can be: two values are equal if their
// texts are, and they are ordered as their texts are, by bytes.
type Value struct {
	// text is the canonical JSON text, with two exceptions: null is the empty
	// string, so that the zero Value means something, and a deletion is
	// deletedText, which no JSON text equals and which is greater than all.
	text string
}

// deletedText sorts above every JSON text, since none begins with 0x7F.
const deletedText = "\x7f"

// Deletion returns the mark of a deleted field.
func Deletion() Value { return Value{deletedText} }

// Bool returns the boolean b.
func Bool(b bool) Value { return Value{strconv.FormatBool(b)} }

// Int returns the number i, exactly.
func Int(i int64) Value { return Value{strconv.FormatInt(i, 10)} }

// Float returns the number f. An f that is integral and within int64 equals the
// Int of it, and -0 is 0. NaN and the infinities are refused with ErrNumber.
func Float(f float64) (Value, error) {
	text, err := jsontext.AppendFloat(nil, f)
	if err != nil {
		return Value{}, newError(err)
	}
	return Value{string(text)}, nil
}

// Text returns the string s, as it is: never normalised, never escaped for
// HTML. An s that is not valid UTF-8 is refused with ErrUTF8.
func Text(s string) (Value, error) {
	text, err := jsontext.AppendString(make([]byte, 0, len(s)+2), s)
	if err != nil {
		return Value{}, newError(err)
	}
	return Value{string(text)}, nil
}

// Clone returns v in memory of its own. A Value that was read out of a Record is
// a part of the memory of that, and keeps it from being freed; clone what is kept
// much longer than the record.
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

// Bool returns the boolean that v is, and whether it is one.
func (v Value) Bool() (b, ok bool) {
	return v.text == "true", v.Kind() == KindBool
}

// Int returns the integer that v is, and whether it is one that fits an int64.
func (v Value) Int() (int64, bool) {
	if v.Kind() != KindNumber {
		return 0, false
	}
	i, err := strconv.ParseInt(v.text, 10, 64)
	return i, err == nil
}

// Float returns the float64 nearest to the number that v is, and whether it is
// a number. Integers beyond 2^53 lose digits; use Int for them.
func (v Value) Float() (float64, bool) {
	if v.Kind() != KindNumber {
		return 0, false
	}
	return jsontext.Float(v.text), true
}

// Text returns the string that v is, and whether it is one.
func (v Value) Text() (string, bool) {
	if v.Kind() != KindString {
		return "", false
	}
	return jsontext.Unquote(v.text), true
}

// JSON returns the canonical JSON text of v, and "" for a deletion, which has
// none.
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

// Compare returns -1, 0 or +1 as v is less than, equal to or greater than w in
// the order that decides when one stamp was used twice: a deletion is above
// every value, and values are ordered by the bytes of their canonical JSON
// text. It is 0 exactly if v == w.
func (v Value) Compare(w Value) int {
	if v == w {
		return 0
	}
	return strings.Compare(v.ordered(), w.ordered())
}

// ordered returns the text that v is ordered by.
func (v Value) ordered() string {
	if v.text == "" {
		return "null"
	}
	return v.text
}

// Any returns v as the Go value that a map[string]any would hold: nil, bool,
// int64, float64 (only for numbers that are no int64), string, []any or
// map[string]any. Unlike encoding/json it does not round large integers. A
// deletion is nil as well: where that matters, ask Kind.
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

// Decode stores v in the Go value that dst points to, as json.Unmarshal does: in
// an any it puts a float64, which rounds integers beyond 2^53, and Any does not.
// A deletion cannot be decoded: it returns ErrType, as does a value that does
// not fit. Numbers near the smallest float64 take encoding/json up to 30 µs each;
// Any and Float do not share that, so prefer them for lists from untrusted clients.
func (v Value) Decode(dst any) error {
	if v.text == deletedText {
		return newError(ErrType)
	}
	if err := json.Unmarshal([]byte(v.JSON()), dst); err != nil {
		return newError(typeError(err))
	}
	return nil
}

// AppendJSON appends the canonical JSON text of v to dst. A deletion has none
// and appends nothing: FieldValue.AppendJSON writes the form that it has on
// the wire.
func (v Value) AppendJSON(dst []byte) []byte { return append(dst, v.JSON()...) }

// MarshalJSON returns the canonical JSON text of v, and ErrValueForm for a deletion.
// Mind that json.Marshal escapes <, > and & in what this returns; a
// json.Encoder with SetEscapeHTML(false) does not.
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

// ParseValue returns the value of one JSON text under the default Limits, so it
// rounds a number that has no exact form; a Decoder with Limits.Exact refuses it. It
// keeps no reference to the text. See Decoder for what it refuses.
func ParseValue(text []byte) (Value, error) {
	var d Decoder
	return d.Value(text)
}
