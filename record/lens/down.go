package lens

import (
	"errors"
	"maps"

	"github.com/fieldlww/fieldlww/record"
)

// Down returns a record in the old form, for an old client. A split field gets the greatest stamp of its parts, and is
// deleted if all of them are. A field that only the new version has keeps its name, unless the old version has another
// field with that name; then it is left out.
//
// A field that cannot be translated is left out as well, and the error joins a *record.Error for each, in the order of
// the new names. It wraps ErrSealed, ErrValue, or, for the old name of an element, record.ErrLimit. The record is
// valid in any case: send it, and log the error.
func (l Lens) Down(r record.Record) (record.Record, error) {
	t := l.tables[r.Key().Table]
	if t == nil {
		return r, nil
	}
	fields, failed := make(map[string]record.FieldValue, r.Len()), []error(nil)
	tried := make(map[string]bool, r.Len())
	for name := range r.All() {
		old, ok := t.oldName(name)
		if !ok || tried[old] {
			continue
		}
		tried[old] = true
		w, err := t.lowered(r, name)
		if err == nil {
			err = reason(w.Check(old))
		}
		if err != nil {
			failed = append(failed, in("data."+record.PathName(name), err))
			continue
		}
		fields[old] = w
	}
	var b record.Builder
	old, err := b.Record(r.Key(), maps.All(fields))
	return old, errors.Join(append(failed, err)...)
}

// lowered returns the write that an old client sees for a field of the new form.
func (t *table) lowered(r record.Record, name string) (record.FieldValue, error) {
	first, rest := root(name)
	c := t.down[first]
	if c == nil || rest != "" {
		w, _ := r.Get(name)
		if c != nil && !c.split && c.old != first && isSealed(w.Value) {
			return record.FieldValue{}, ErrSealed
		}
		return w, nil
	}
	return c.lower(r)
}

// OldName returns the name that a field of the new form has for an old client, and whether the client sees it.
func (l Lens) OldName(table, name string) (old string, ok bool) {
	t := l.tables[table]
	if t == nil {
		return name, true
	}
	return t.oldName(name)
}

func (t *table) oldName(name string) (old string, ok bool) {
	first, rest := root(name)
	c, gone := t.down[first], t.up[first]
	switch {
	case c == nil:
		return name, gone == nil || rest != "" && gone.split // see newNames
	case rest != "" && c.split:
		return name, gone != nil && gone.split
	default:
		return c.old + rest, true
	}
}
