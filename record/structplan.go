package record

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// structTag is the key of the struct tag that maps a member to a field.
const structTag = "lww"

// mapped describes a member of a Go struct that is mapped to a field.
type mapped struct {
	name  string       // name of the field
	index []int        // index of the member, as for reflect.Value.FieldByIndex
	typ   reflect.Type // type of the member
}

// structPlan collects the mapped members of a struct type.
type structPlan struct {
	members []mapped
	names   map[string]bool
}

// mappedMembers returns the mapped members of a struct type, in the order of declaration.
func mappedMembers(t reflect.Type) ([]mapped, error) {
	p := structPlan{names: make(map[string]bool)}
	err := p.add(t, nil)
	return p.members, err
}

// add adds the members of the struct type t, which is embedded at index.
func (p *structPlan) add(t reflect.Type, index []int) error {
	for i := range t.NumField() {
		f := t.Field(i)
		if err := p.member(f, append(slices.Clone(index), i)); err != nil {
			return at(PathName(f.Name), err)
		}
	}
	return nil
}

func (p *structPlan) member(f reflect.StructField, index []int) error {
	name, tagged := f.Tag.Lookup(structTag)
	switch {
	case name == "-":
		return nil
	case !tagged && f.Anonymous:
		return p.embedded(f.Type, index)
	case !tagged:
		return nil
	case !f.IsExported():
		return unsupported("a member with a tag must be exported")
	case p.names[name]:
		return fmt.Errorf("%w: another member has the same tag", ErrName)
	}
	if err := checkTag(name); err != nil {
		return err
	}
	if err := checkShape(f.Type); err != nil {
		return err
	}
	p.names[name] = true
	p.members = append(p.members, mapped{name, index, f.Type})
	return nil
}

// embedded adds the members of an embedded struct that has no tag. An embedded pointer to a
// struct is refused, because it may be nil and then has no members.
func (p *structPlan) embedded(t reflect.Type, index []int) error {
	switch {
	case t.Kind() == reflect.Struct:
		return p.add(t, index)
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct:
		return unsupported("embed the struct instead of a pointer to it, or give the member a tag")
	}
	return nil
}

// checkTag returns nil if name can be the field name in a tag, and otherwise the reason for
// refusing it.
func checkTag(name string) error {
	switch {
	case Reserved(name):
		return ErrReserved
	case strings.Contains(name, ","):
		return fmt.Errorf("%w: a tag must be a field name without options", ErrName)
	}
	return checkName(name)
}

// checkShape refuses member types whose values could not be written or could not be read
// back. The parts of a composite are checked only when there is a value.
func checkShape(t reflect.Type) error {
	if t.Implements(spreadType) {
		return unsupported("use the type itself instead of a pointer to it")
	}
	if isField(t) {
		return unsupported("use a Field instead of a pointer to a Field")
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if methodOf(reflect.PointerTo(t)) != formGo {
		return nil
	}
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer, reflect.Pointer:
		return unsupported("%s", t)
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return unsupported("%s, an interface with methods", t)
		}
	case reflect.Slice:
		if isBytes(t) {
			return unsupported("bytes")
		}
	}
	return nil
}
