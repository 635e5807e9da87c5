package record

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"unicode/utf8"
)

// inspector examines a Go value before encoding/json writes it. It finds the parts that
// encoding/json would silently change: invalid UTF-8 would become U+FFFD, byte slices would
// become base64, and a type that marshals itself only through a pointer would lose its form.
// It also finds numbers that have no JSON form or that would be rounded.
//
// It visits everything once, so it also terminates on cyclic values.
type inspector struct {
	seen map[visit]bool
}

// visit identifies a pointer, a map or a slice that the inspector has visited.
type visit struct {
	typ  reflect.Type
	at   uintptr
	size int
}

// value returns the reason why v cannot be a field value, or nil.
func (i *inspector) value(v reflect.Value) error {
	if !v.IsValid() {
		return nil
	}
	if m := formOf(v); m != formGo {
		return checkForm(v, m)
	}
	switch v.Kind() {
	case reflect.String:
		return checkUTF8(v.String())
	case reflect.Uint, reflect.Uint64, reflect.Uintptr:
		if v.Uint() > math.MaxInt64 {
			return fmt.Errorf("%w: greater than an int64 can hold", ErrNumber)
		}
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return ErrNumber
		}
	case reflect.Interface:
		return i.value(v.Elem())
	case reflect.Pointer:
		if i.first(v, 0) {
			return i.value(v.Elem())
		}
	case reflect.Slice:
		if isBytes(v.Type()) {
			return unsupported("bytes")
		}
		if i.first(v, v.Len()) {
			return i.elements(v)
		}
	case reflect.Array:
		return i.elements(v)
	case reflect.Map:
		if i.first(v, 0) {
			return i.entries(v)
		}
	case reflect.Struct:
		return i.members(v)
	}
	return nil
}

// first reports whether this is the first visit to the target of v.
func (i *inspector) first(v reflect.Value, size int) bool {
	if v.IsNil() {
		return false
	}
	here := visit{v.Type(), v.Pointer(), size}
	if i.seen[here] {
		return false
	}
	if i.seen == nil {
		i.seen = make(map[visit]bool)
	}
	i.seen[here] = true
	return true
}

func (i *inspector) elements(v reflect.Value) error {
	for n := range v.Len() {
		if err := i.value(v.Index(n)); err != nil {
			return err
		}
	}
	return nil
}

// entries examines a map. If there are several reasons to refuse it, entries returns the one
// whose text sorts first, so that the result does not depend on the order of the map.
func (i *inspector) entries(v reflect.Value) (least error) {
	for entries := v.MapRange(); entries.Next(); {
		for _, err := range []error{checkKey(entries.Key()), i.value(entries.Value())} {
			if err != nil && (least == nil || err.Error() < least.Error()) {
				least = err
			}
		}
	}
	return least
}

func (i *inspector) members(v reflect.Value) error {
	for n := range v.NumField() {
		if !isWritten(v.Type().Field(n)) {
			continue
		}
		if err := i.value(v.Field(n)); err != nil {
			return err
		}
	}
	return nil
}

// isWritten reports whether encoding/json writes a struct member, or the members of an
// embedded one.
func isWritten(f reflect.StructField) bool {
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return f.Tag.Get("json") != "-" && (f.IsExported() || f.Anonymous && t.Kind() == reflect.Struct)
}

// form tells which method, if any, determines the JSON of a Go value.
type form int

const (
	formGo      form = iota // its kind alone
	formJSON                // its method MarshalJSON
	formText                // its method MarshalText
	formPointer             // a method of its pointer, but the value is not addressable
)

// formOf returns the form that encoding/json gives to v.
func formOf(v reflect.Value) form {
	t := v.Type()
	if f := methodOf(t); f != formGo || t.Kind() == reflect.Interface {
		return f
	}
	f := methodOf(reflect.PointerTo(t))
	if f != formGo && !v.CanAddr() {
		return formPointer
	}
	return f
}

func methodOf(t reflect.Type) form {
	switch {
	case t.Implements(reflect.TypeFor[json.Marshaler]()):
		return formJSON
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return formText
	}
	return formGo
}

// checkForm checks a value that marshals itself. A Decoder later checks the output of
// MarshalJSON, but encoding/json writes the output of MarshalText as if it were valid UTF-8.
func checkForm(v reflect.Value, f form) error {
	switch {
	case f == formPointer:
		return unsupported("%s marshals itself only through a pointer; use a pointer", v.Type())
	case f == formText && methodOf(v.Type()) != formText:
		return checkText(v.Addr())
	case f == formText:
		return checkText(v)
	}
	return nil
}

// checkText refuses the text of an encoding.TextMarshaler if it is not UTF-8. If MarshalText
// gives no text, checkText leaves the decision to encoding/json.
func checkText(v reflect.Value) error {
	if (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil() || !v.CanInterface() {
		return nil
	}
	m, ok := v.Interface().(encoding.TextMarshaler)
	if !ok {
		return nil
	}
	text, err := m.MarshalText()
	if err != nil {
		return nil
	}
	return checkUTF8(text)
}

// checkKey checks the key of a map: a string, an integer, or a type with a MarshalText
// method.
func checkKey(key reflect.Value) error {
	if key.Kind() == reflect.String {
		return checkUTF8(key.String())
	}
	return checkText(key)
}

func checkUTF8[S ~string | ~[]byte](text S) error {
	if !utf8.ValidString(string(text)) {
		return ErrUTF8
	}
	return nil
}

// isBytes reports whether encoding/json would write values of the slice type t
// as base64.
func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && methodOf(reflect.PointerTo(t.Elem())) == formGo
}
