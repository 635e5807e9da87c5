package record

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// into stores v, which is not a deletion, in the fresh Go value that dst points to. It works
// like Decode, except that an any at any depth becomes the result of Value.Any, so that
// integers stay exact.
func (v Value) into(dst any) error {
	d := json.NewDecoder(strings.NewReader(v.JSON()))
	d.UseNumber()
	if err := d.Decode(dst); err != nil {
		return newError(typeError(err))
	}
	makeExact(reflect.ValueOf(dst).Elem())
	return nil
}

// makeExact replaces the json.Numbers that decoding left in every any within v. Because v was
// zero before it was decoded, it is a tree, apart from the parts made by types that unmarshal
// themselves. These parts are skipped.
func makeExact(v reflect.Value) {
	t := v.Type()
	if unmarshalsItself(t) {
		return
	}
	switch t.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			v.Set(reflect.ValueOf(exactNumbers(v.Interface())))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			makeExact(v.Elem())
		}
	case reflect.Struct:
		for i := range t.NumField() {
			makeExact(v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		for i := 0; i < v.Len() && !isScalar(t.Elem()); i++ {
			makeExact(v.Index(i))
		}
	case reflect.Map:
		if !isScalar(t.Elem()) {
			makeEntriesExact(v)
		}
	}
}

func makeEntriesExact(v reflect.Value) {
	for _, key := range v.MapKeys() {
		entry := reflect.New(v.Type().Elem()).Elem()
		entry.Set(v.MapIndex(key))
		makeExact(entry)
		v.SetMapIndex(key, entry)
	}
}

// isScalar reports whether values of type t have no parts.
func isScalar(t reflect.Type) bool {
	return t.Kind() < reflect.Array || t.Kind() == reflect.String
}

func unmarshalsItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// anyOf decodes the canonical text of a composite, which cannot fail.
func anyOf(text string) any {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var x any
	if err := d.Decode(&x); err != nil {
		return nil
	}
	return exactNumbers(x)
}

// exactNumbers replaces every json.Number in x by an int64 or a float64.
func exactNumbers(x any) any {
	switch x := x.(type) {
	case json.Number:
		return Value{string(x)}.Any()
	case []any:
		for i := range x {
			x[i] = exactNumbers(x[i])
		}
	case map[string]any:
		for k := range x {
			x[k] = exactNumbers(x[k])
		}
	}
	return x
}

// typeError returns ErrType with the Go type that a value did not fit. It drops the text of
// err, which may hold the value.
func typeError(err error) error {
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		return fmt.Errorf("%w: cannot be read into %s", ErrType, mismatch.Type)
	}
	return ErrType
}
