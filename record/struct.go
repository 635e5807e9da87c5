package record

import "reflect"

// Struct stores the fields of r in the members of the struct that dst points to:
//
//	type Task struct {
//		Title    string        `lww:"title"`
//		Assignee *string       `lww:"assignee"`
//		Due      Field[string] `lww:"due"`
//		Notes    []Note        `lww:"notes"`
//	}
//
// The tag lww of a member names its field. Members without the tag, or with the tag "-", are
// not changed. Members of an embedded struct without a tag count as members of the outer
// struct. A member that is a struct, a map or a slice holds one atomic composite, in the form
// that its json tags give it; note that encoding/json matches names within it regardless of
// case. A member of a type of package fields holds the fields of a set or a counter.
//
// Every mapped member is set. A Field tells whether the field is absent, null, deleted or
// present. For the first three, a plain member becomes its zero value, and so a pointer
// becomes nil; but a Value holds a Deletion if the field is deleted. Like Map, Struct does
// not check whether the record as a whole is deleted. Numbers are exact: a number that does
// not fit its member is refused, and an any holds an int64 where possible. The stored values
// share no memory with r.
//
// If a value does not fit its member, Struct returns an *Error with the name of the field and
// ErrType, and stores nothing at all. If a member cannot be mapped, Struct returns an *Error
// with the name of the member: ErrName if its tag is not a valid field name or belongs to
// another member too, and ErrUnsupported if its type cannot hold field values, such as a
// channel, bytes, a pointer to a pointer, or an embedded pointer.
func (r Record) Struct(dst any) error {
	p := reflect.ValueOf(dst)
	if p.Kind() != reflect.Pointer || p.Elem().Kind() != reflect.Struct {
		return newError(unsupported("need a pointer to a struct, not %T", dst))
	}
	members, err := mappedMembers(p.Elem().Type())
	if err != nil {
		return err
	}
	values := make([]reflect.Value, len(members))
	for i, m := range members {
		if values[i], err = m.read(r); err != nil {
			return m.at(err)
		}
	}
	for i, m := range members {
		p.Elem().FieldByIndex(m.index).Set(values[i])
	}
	return nil
}

// SetStruct writes each field whose member in src, a struct or a pointer to one, differs from
// the value that Struct would store there from the record that the author saw. See Struct for
// the mapping of members to fields, and for the types that are refused.
//
// So a struct that was read with Struct writes only the changes made to it. A plain member
// with its zero value writes nothing if the field is absent, null or deleted; if the field
// has a value, a nil pointer, map or slice writes null. A Field writes exactly its state, and
// nothing if it is absent. Fields without a member do not change; but a composite is written
// as a whole, without the parts that its Go type lacks.
//
// If a field holds a value that does not fit the member, which Struct would refuse, SetStruct
// cannot tell what changed and returns ErrType, unless the member is an absent Field. Use Set
// to write such a field.
func (e *Edit) SetStruct(src any) *Edit {
	v := reflect.Indirect(reflect.ValueOf(src))
	if v.Kind() != reflect.Struct {
		return e.refuse(newError(unsupported("need a struct or a pointer to one, not %T", src)))
	}
	members, err := mappedMembers(v.Type())
	if err != nil {
		return e.refuse(err)
	}
	for _, m := range members {
		if err := m.write(e, v.FieldByIndex(m.index)); err != nil {
			return e.refuse(m.at(err))
		}
	}
	return e
}

// read returns the value that Struct would store in the member, given r.
func (m mapped) read(r Record) (reflect.Value, error) {
	p := reflect.New(m.typ)
	w, ok := r.Get(m.name)
	switch dst := p.Interface().(type) {
	case spread:
		return p.Elem(), dst.ReadFields(r, m.name)
	case stateful:
		return p.Elem(), dst.read(w.Value, ok)
	case *Value:
		*dst = w.Value
	default:
		if w.Value.Kind() != KindNull && !w.Deleted() {
			return p.Elem(), w.Value.into(dst)
		}
	}
	return p.Elem(), nil
}

// write writes the field of the member, which holds v, if v changes the field.
func (m mapped) write(e *Edit, v reflect.Value) error {
	if isSpread(m.typ) {
		p := reflect.New(m.typ)
		p.Elem().Set(v)
		return p.Interface().(spread).WriteFields(e, m.name)
	}
	now, ok, err := writtenBy(v)
	if err != nil || !ok {
		return err
	}
	was, err := m.read(e.seen)
	if err != nil {
		return err
	}
	// Compare the values that the two Go values, v and was, would write: the Go type may not
	// keep the spelling of the field, and Go values may not be comparable.
	before, had, err := writtenBy(was)
	if err == nil {
		e.change(m.name, now, !had || before != now)
	}
	return err
}

// writtenBy returns the value that a member holding v writes, and reports whether it writes
// one.
func writtenBy(v reflect.Value) (Value, bool, error) {
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	if f, ok := p.Interface().(stateful); ok {
		return f.written()
	}
	value, err := Of(v.Interface())
	return value, true, err
}
