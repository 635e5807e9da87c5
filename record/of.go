package record

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// Of returns the Value of a Go value:
//
//	nil, a nil pointer, map or slice      null
//	bool, and types based on it           a boolean
//	integers                              a number, exactly; a uint64 beyond int64 is refused
//	float32, float64                      a number; NaN and infinities are refused
//	string, and types based on it         a string; invalid UTF-8 is refused
//	json.Number                           a number
//	Value                                 itself
//	json.Marshaler, encoding.TextMarshaler, structs, maps, slices, arrays, pointers
//	                                      what encoding/json makes of them
//
// There is no kind for bytes: a []byte is refused with ErrUnsupported, as are
// channels, functions and cyclic pointers. Encode bytes as you want your other
// clients to see them. Refused text is ErrUTF8, refused numbers are ErrNumber.
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
	case json.Marshaler, encoding.TextMarshaler, []byte:
		return ofAny(v)
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Bool:
		return Bool(r.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return Int(r.Int()), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return ofUint(r.Uint())
	case reflect.Float64:
		return Float(r.Float())
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

func ofUint(u uint64) (Value, error) {
	if u > 1<<63-1 {
		return Value{}, &Error{Offset: -1, Err: fmt.Errorf("%w: more than an int64 holds", ErrNumber)}
	}
	return Value{strconv.FormatUint(u, 10)}, nil
}

// ofAny lets encoding/json write v, and reads that. It first refuses what
// encoding/json would change without a word.
func ofAny(v any) (Value, error) {
	text, err := json.Marshal(v)
	if err == nil {
		// After Marshal, which fails on cycles, the walk is known to end.
		err = checkGo(reflect.ValueOf(v))
	}
	if err != nil {
		return Value{}, &Error{Offset: -1, Err: goError(err)}
	}
	d := Decoder{Limits: Limits{Bytes: -1, Depth: -1, Value: -1}}
	value, err := d.Value(text)
	if err != nil {
		err.(*Error).Offset = -1
	}
	return value, err
}

// goError returns the reason why encoding/json refused a Go value.
func goError(err error) error {
	var unsupported *json.UnsupportedValueError
	switch {
	case errors.Is(err, ErrUTF8), errors.Is(err, ErrUnsupported), errors.Is(err, ErrNumber):
		return err
	case errors.As(err, &unsupported) && unsupported.Value.CanFloat():
		return ErrNumber
	}
	return ErrUnsupported
}

// checkGo refuses strings with invalid UTF-8, in which encoding/json would put
// replacement characters, byte slices, which it would turn into base64, and
// integers beyond int64, which would be rounded.
func checkGo(v reflect.Value) error {
	if !v.IsValid() {
		return nil
	}
	if custom := marshalsItself(v); custom {
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		if !utf8.ValidString(v.String()) {
			return ErrUTF8
		}
	case reflect.Uint, reflect.Uint64, reflect.Uintptr:
		if v.Uint() > 1<<63-1 {
			return ErrNumber
		}
	case reflect.Interface, reflect.Pointer:
		return checkGo(v.Elem())
	case reflect.Slice, reflect.Array:
		return checkElements(v)
	case reflect.Map:
		for _, key := range v.MapKeys() {
			if err := errors.Join(checkGo(key), checkGo(v.MapIndex(key))); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); (f.IsExported() || f.Anonymous) && f.Tag.Get("json") != "-" {
				if err := checkGo(v.Field(i)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func checkElements(v reflect.Value) error {
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
		return fmt.Errorf("%w: bytes", ErrUnsupported)
	}
	for i := range v.Len() {
		if err := checkGo(v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

// marshalsItself reports whether encoding/json leaves the form of v to v, which
// then answers for its own text.
func marshalsItself(v reflect.Value) bool {
	t := v.Type()
	return t.Implements(reflect.TypeFor[json.Marshaler]()) || t.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}
