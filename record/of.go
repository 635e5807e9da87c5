package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// Of converts a Go value to a Value:
//
//	nil, a nil pointer, map or slice      null
//	bool, and types based on it           a boolean
//	integers                              a number, exactly; a uint64 beyond int64 is refused
//	float32, float64                      a number, in the fewest digits; NaN and infinities are refused
//	string, and types based on it         a string; invalid UTF-8 is refused
//	json.Number, json.RawMessage          the JSON that they hold, by the rules of ParseValue, with no limit on its size
//	Value                                 the value itself
//	json.Marshaler, encoding.TextMarshaler, structs, maps, slices, arrays, pointers
//	                                      the JSON that encoding/json writes for them, by the same rules
//
// There is no kind for bytes: a []byte is refused with ErrUnsupported at any depth, even if it
// is nil, because other clients could not know that a string is base64. Encode bytes yourself
// in the form that readers should see. A [4]byte is an array of numbers. Channels, functions
// and cyclic pointers are refused with ErrUnsupported too, as is a value that marshals itself
// through its pointer but has no address, such as a big.Int in a map. Invalid text is refused
// with ErrUTF8 and invalid numbers with ErrNumber. Numbers that would be rounded are refused
// with ErrInexact, which is also an ErrNumber: Of refuses the same numbers as a Decoder with
// Limits.Exact, and every Go integer and float that it accepts is exact.
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

// MustOf is like Of, but panics where Of returns an error. Use it for literals and in tests.
func MustOf(v any) Value {
	value, err := Of(v)
	if err != nil {
		panic(err)
	}
	return value
}

// ofAny lets encoding/json write v, and reads the result. Before that it refuses values that
// encoding/json would silently change.
func ofAny(v any) (Value, error) {
	// Some types marshal themselves only through a pointer, so make a pointer to v.
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

// marshalError returns the reason why encoding/json refused a Go value. It keeps at most the
// type, because the text of err may contain the value.
func marshalError(err error) error {
	var syntax *json.SyntaxError
	var badType *json.UnsupportedTypeError
	var badMarshaler *json.MarshalerError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("%w: returned by the marshal method of a type", ErrSyntax)
	case errors.As(err, &badType):
		return unsupported("%s", badType.Type)
	case errors.As(err, &badMarshaler):
		return unsupported("the marshal method of %s returned an error", badMarshaler.Type)
	}
	return unsupported("encoding/json cannot marshal it")
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrUnsupported}, args...)...)
}
