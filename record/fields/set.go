package fields

import (
	"slices"

	"github.com/fieldlww/fieldlww/record"
)

// Set is the name of a set of texts, such as the tags of a task. Each element e is a field of its own: name/e with the
// value true, which is deleted when the element is removed. So clients that add and remove different elements never
// conflict. If one adds an element and another removes it, the later write wins.
//
// The name is not empty, has no slash and does not begin with $; all methods refuse others with record.ErrName. An
// element is any text for which name/element is a valid field name: Mutation refuses others. The zero Set is refused.
type Set string

// Add writes elements into the set, even those that are in it, so that they stay if another client removes them
// before.
func (s Set) Add(e *record.Edit, elements ...string) error {
	if err := checkName(string(s)); err != nil {
		return err
	}
	for _, element := range elements {
		e.Set(string(s)+"/"+element, true)
	}
	return nil
}

// Remove removes elements from the set, even those that are not in it, because they may still be on their way.
func (s Set) Remove(e *record.Edit, elements ...string) error {
	if err := checkName(string(s)); err != nil {
		return err
	}
	for _, element := range elements {
		e.Delete(string(s) + "/" + element)
	}
	return nil
}

// Has reports whether the set of a record has an element.
func (s Set) Has(r record.Record, element string) bool {
	w, ok := r.Get(string(s) + "/" + element)
	in, _ := w.Value.Bool()
	return ok && in && checkName(string(s)) == nil
}

// List returns the elements of the set of a record, sorted by their bytes. The caller owns the slice, which is nil for
// an empty set. A field that does not hold true is refused with a *record.Error that names it and wraps
// record.ErrType.
func (s Set) List(r record.Record) ([]string, error) {
	if err := checkName(string(s)); err != nil {
		return nil, err
	}
	var list []string
	for element, value := range elements(r, string(s)) {
		if in, ok := value.Bool(); !ok || !in {
			return nil, wrong(string(s), element, "true")
		}
		list = append(list, element)
	}
	return list, nil
}

// Put makes the set what the slice says: it adds the elements that the author did not see in the set, and removes
// the elements that the author saw and that are not in the slice. The slice may have any order. Other calls on the same
// edit do not count. Put is refused like List refuses the record that the author saw: Remove repairs the set.
func (s Set) Put(e *record.Edit, list []string) error {
	shown, err := s.List(e.Seen())
	if err != nil {
		return err
	}
	list = slices.Sorted(slices.Values(list))
	for _, element := range list {
		if _, ok := slices.BinarySearch(shown, element); !ok {
			e.Set(string(s)+"/"+element, true)
		}
	}
	for _, element := range shown {
		if _, ok := slices.BinarySearch(list, element); !ok {
			e.Delete(string(s) + "/" + element)
		}
	}
	return nil
}

// Elements is a struct member that holds a set. Its tag is the name of the set:
//
//	type Task struct {
//		Tags fields.Elements `lww:"tags"`
//	}
//
// Record.Struct stores what Set.List returns, and Edit.SetStruct writes the difference, like Set.Put. So begin the edit with
// the record from which the struct was read: an element that came since would be missing in the struct, and be removed.
// Use the type itself for the member: in a record.Field, or under another name, it is one composite value.
type Elements []string

// ReadFields is called by Record.Struct.
func (l *Elements) ReadFields(r record.Record, name string) error {
	list, err := Set(name).List(r)
	*l = list
	return err
}

// WriteFields is called by Edit.SetStruct.
func (l *Elements) WriteFields(e *record.Edit, name string) error { return Set(name).Put(e, *l) }
