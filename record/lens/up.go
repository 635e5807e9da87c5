package lens

import (
	"fmt"
	"maps"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Up returns a mutation of an old client in the new form. The stamps, New and Seen stay, and the base of a split field
// becomes the base of each part. The result shares no memory that a caller may change.
//
// The error is a *record.Error that names the old field. It wraps ErrNew if the client wrote a field of the new
// version, which it cannot know, and otherwise what a function of the Lens returned.
func (l Lens) Up(m record.Mutation) (record.Mutation, error) {
	t := l.tables[m.Data.Key().Table]
	if t == nil {
		return m, nil
	}
	up := record.Mutation{New: m.New, Seen: m.Seen}
	if m.Base != nil {
		up.Base = make(map[string]clock.Stamp, len(m.Base))
	}
	var err error
	up.Data, err = t.raised(m.Data, func(old, new string) {
		if base, ok := m.Base[old]; ok {
			up.Base[new] = base
		}
	})
	return up, err
}

// UpRecord returns a record of the old form in the new one, such as a row that an old server stored. The error is that of
// Up.
func (l Lens) UpRecord(r record.Record) (record.Record, error) {
	t := l.tables[r.Key().Table]
	if t == nil {
		return r, nil
	}
	return t.raised(r, func(string, string) {})
}

// raised translates the fields of a record, and calls named with both names of each.
func (t *table) raised(r record.Record, named func(old, new string)) (record.Record, error) {
	fields := make(map[string]record.FieldValue, r.Len())
	for name, w := range r.All() {
		parts, values, err := t.raise(name, w)
		if err != nil {
			return record.Record{}, &record.Error{Path: "data." + record.PathName(name), Offset: -1, Err: err}
		}
		for i, part := range parts {
			fields[part] = record.FieldValue{Value: values[i], Stamp: w.Stamp}
			named(name, part)
		}
	}
	var b record.Builder
	return b.Record(r.Key(), maps.All(fields))
}

// raise returns the new names and values of a field.
func (t *table) raise(name string, w record.FieldValue) (parts []string, values []record.Value, err error) {
	first, rest := root(name)
	c := t.up[first]
	switch {
	case c == nil && t.down[first] != nil:
		return nil, nil, ErrNew
	case c == nil:
		return []string{name}, []record.Value{w.Value}, nil
	case rest != "" && len(c.parts) > 1:
		return []string{name}, []record.Value{w.Value}, nil // a split field has no elements
	case rest != "":
		return []string{c.parts[0] + rest}, []record.Value{w.Value}, nil
	case w.Deleted():
		values = make([]record.Value, len(c.parts))
		for i := range values {
			values[i] = w.Value
		}
		return c.parts, values, nil
	}
	values, err = c.up(w.Value)
	if err == nil && len(values) != len(c.parts) {
		err = fmt.Errorf("%w: Up returned %d values for %d fields", ErrLens, len(values), len(c.parts))
	}
	return c.parts, values, err
}
