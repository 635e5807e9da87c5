package record

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"unicode/utf8"
)

// inspector looks through a Go value, before encoding/json writes it, for what
// would be changed without a word: invalid UTF-8, in which it would put
// replacement characters, byte slices, which it would turn into base64, and
// types that it would take apart although they have a form of their own. It
// also finds the numbers that JSON has no form for, or that would be rounded.
//
// It looks at everything once, so it comes to an end on cyclic values as well.
type inspector struct {
	seen map[visit]bool
}

// visit is a pointer, a map or a slice that the inspector has been to.
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
			return fmt.Errorf("%w: more than an int64 holds", ErrNumber)
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

// first reports whether this is the first visit to what v points to.
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

// entries looks at a map. Of several reasons it returns the one whose text is
// the least, so that it does not depend on the order of the map.
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

// isWritten reports whether encoding/json writes a struct member, or the members
// of it.
func isWritten(f reflect.StructField) bool {
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return f.Tag.Get("json") != "-" && (f.IsExported() || f.Anonymous && t.Kind() == reflect.Struct)
}

// form says who decides what a Go value looks like in JSON.
type form int

const (
	formGo      form = iota // its kind
	formJSON                // its method MarshalJSON
	formText                // its method MarshalText
	formPointer             // a method of its pointer, and it has none
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

// checkForm looks at a value that has a form of its own. What MarshalJSON
// returns is read by a Decoder later on, but encoding/json writes what
// MarshalText returns as if it were valid.
func checkForm(v reflect.Value, f form) error {
	switch {
	case f == formPointer:
		return unsupported("%s marshals itself through a pointer only", v.Type())
	case f == formText && methodOf(v.Type()) != formText:
		return checkText(v.Addr())
	case f == formText:
		return checkText(v)
	}
	return nil
}

// checkText refuses the text of an encoding.TextMarshaler if it is not UTF-8. If
// there is none, encoding/json has the last word.
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

// checkKey looks at the key of a map: a string, an integer, or a type that has a
// text.
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
