package record

import "reflect"

// Struct stores the fields of r in the members of the struct that dst points
// to:
//
//	type Task struct {
//		Title    string        `lww:"title"`
//		Assignee *string       `lww:"assignee"`
//		Due      Field[string] `lww:"due"`
//		Notes    []Note        `lww:"notes"`
//	}
//
// A member belongs to the field that its tag lww names. Members without the tag
// are left alone, as are those with the tag "-". An embedded struct without a
// tag stands for its members. A member that is itself a struct, a map or a
// slice holds one atomic composite, in the form that its json tags give it;
// mind that encoding/json takes names within it regardless of case.
//
// Every mapped member is set. One of type Field tells whether the field is
// absent, null, deleted or present. A plain one becomes zero, and so a pointer
// nil, for the first three; but one of type Value holds a Deletion for the third.
// As in Map, nobody asks whether the record as a whole is deleted. Numbers are
// exact: those that a member has no room for are refused, and an any holds an
// int64 where it can. What is stored shares no memory with r.
//
// A value that does not fit its member is an *Error with the name of the field
// and ErrType, and nothing is stored at all. What cannot be mapped is an *Error
// with the name of the member: ErrName if its tag is no name for a field, or is
// that of another member, and ErrUnsupported if the type has no room for field
// values, such as a channel, bytes, a pointer to a pointer, or an embedded
// pointer.
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
			return at(PathName(m.name), err)
		}
	}
	for i, m := range members {
		p.Elem().FieldByIndex(m.index).Set(values[i])
	}
	return nil
}

// SetStruct writes those fields whose members of src, a struct or a pointer to
// one, differ from what Struct would store there from the record as its author
// saw it. See Struct for how members and fields belong together, and for what
// is refused.
//
// So a struct that was read with Struct writes what was changed in it and
// nothing else. A plain member that is zero writes nothing where the field is
// absent, null or deleted; where there is a value, a nil pointer, map or slice
// writes null. A Field writes just what it is, and nothing if it is absent.
// Fields that the struct has no member for are left alone; but a composite is
// written as a whole, without what its Go type does not know.
//
// Where the field holds a value that does not fit the member, which Struct would
// refuse, there is no telling what has changed: that is ErrType, unless the
// member is an absent Field. Set writes such a field.
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
			return e.refuse(at(PathName(m.name), err))
		}
	}
	return e
}

// read returns what the member holds when it is read from r.
func (m mapped) read(r Record) (reflect.Value, error) {
	p := reflect.New(m.typ)
	w, ok := r.Get(m.name)
	switch dst := p.Interface().(type) {
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

// write writes the field of the member, which holds v, if that is a change.
func (m mapped) write(e *Edit, v reflect.Value) error {
	now, ok, err := writtenBy(v)
	if err != nil || !ok {
		return err
	}
	was, err := m.read(e.seen)
	if err != nil {
		return err
	}
	before, had, err := writtenBy(was)
	if err == nil {
		e.change(m.name, now, !had || before != now)
	}
	return err
}

// writtenBy returns the value that a member holding v writes, and whether it
// writes one.
func writtenBy(v reflect.Value) (Value, bool, error) {
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	if f, ok := p.Interface().(stateful); ok {
		return f.written()
	}
	value, err := Of(v.Interface())
	return value, true, err
}
