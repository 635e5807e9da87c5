package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// Of returns the Value of a Go value:
//
//	nil, a nil pointer, map or slice      null
//	bool, and types based on it           a boolean
//	integers                              a number, exactly; a uint64 beyond int64 is refused
//	float32, float64                      a number, in the fewest digits; NaN and infinities are refused
//	string, and types based on it         a string; invalid UTF-8 is refused
//	json.Number, json.RawMessage          the JSON that they hold, by the rules of ParseValue, without limits on its size
//	Value                                 itself
//	json.Marshaler, encoding.TextMarshaler, structs, maps, slices, arrays, pointers
//	                                      what encoding/json makes of them, by the same rules
//
// There is no kind for bytes: a []byte is refused with ErrUnsupported, wherever
// it is and even if it is nil, since other clients would not know that a string
// is base64. Encode bytes as you want them to be seen. A [4]byte is an array of
// numbers. Channels, functions and cyclic pointers are ErrUnsupported too, as
// is a value that would marshal itself if only it could be pointed to, such as
// a big.Int in a map. Refused text is ErrUTF8, refused numbers are ErrNumber.
// Among those are numbers that would be rounded, which are ErrInexact: Of reads
// JSON as Limits.Exact does, and every Go integer and float that it takes is exact.
func Of(v any) (Value, error) {
	switch v := v.(type) {
	case nil:
		return Value{}, nil
	case Value:
		return v, nil
	case bool:
		return Bool(v), nil
	case string:
		return Text(v)
	case int:
		return Int(int64(v)), nil
	case int64:
		return Int(v), nil
	case float64:
		return Float(v)
	}
	return ofAny(v)
}

// MustOf is Of for literals and tests: it panics where Of returns an error.
func MustOf(v any) Value {
	value, err := Of(v)
	if err != nil {
		panic(err)
	}
	return value
}

// ofAny lets encoding/json write v, and reads that. It first refuses what
// encoding/json would change without a word.
func ofAny(v any) (Value, error) {
	// Some types marshal themselves through a pointer only: make one.
	p := reflect.New(reflect.TypeOf(v))
	p.Elem().Set(reflect.ValueOf(v))
	var i inspector
	if err := i.value(p.Elem()); err != nil {
		return Value{}, newError(err)
	}
	text, err := json.Marshal(p.Interface())
	if err != nil {
		return Value{}, newError(marshalError(err))
	}
	d := Decoder{Trusted: true, Limits: Limits{Exact: true}}
	value, err := d.Value(text)
	if err != nil {
		err.(*Error).Offset = -1
	}
	return value, err
}

// marshalError returns the reason why encoding/json refused a Go value. It
// keeps the type at most: the text of err may hold the value.
func marshalError(err error) error {
	var syntax *json.SyntaxError
	var badType *json.UnsupportedTypeError
	var badMarshaler *json.MarshalerError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("%w: from a type that marshals itself", ErrSyntax)
	case errors.As(err, &badType):
		return unsupported("%s", badType.Type)
	case errors.As(err, &badMarshaler):
		return unsupported("%s refuses to be marshaled", badMarshaler.Type)
	}
	return unsupported("it cannot be marshaled")
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrUnsupported}, args...)...)
}
