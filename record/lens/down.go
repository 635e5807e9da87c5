package lens

import (
	"maps"

	"github.com/fieldlww/fieldlww/record"
)

// Down returns a record in the old form, for an old client. A split field gets the greatest stamp of its parts, and is
// deleted if the write with that stamp is a deletion. A field that only the new version has keeps its name, unless the
// old version has another field with that name; then it is left out.
//
// The error is a *record.Error that names the new field, and wraps what a function of the Lens returned.
func (l Lens) Down(r record.Record) (record.Record, error) {
	t := l.tables[r.Key().Table]
	if t == nil {
		return r, nil
	}
	fields := make(map[string]record.FieldValue, r.Len())
	for name, w := range r.All() {
		old, ok := t.oldName(name)
		if !ok {
			continue
		}
		first, rest := root(name)
		c := t.down[first]
		if c == nil || rest != "" {
			fields[old] = w
			continue
		}
		if _, done := fields[old]; done {
			continue
		}
		lowered, err := c.lower(r)
		if err != nil {
			return record.Record{}, &record.Error{Path: record.PathName(name), Offset: -1, Err: err}
		}
		fields[old] = lowered
	}
	var b record.Builder
	return b.Record(r.Key(), maps.All(fields))
}

// lower puts the parts of a field together. At least one of them is in the record.
func (c *change) lower(r record.Record) (record.FieldValue, error) {
	var greatest record.FieldValue
	values := make([]record.Value, len(c.parts))
	for i, part := range c.parts {
		w, ok := r.Get(part)
		if !ok {
			continue
		}
		if w.Compare(greatest) > 0 || greatest.Stamp.Time == 0 {
			greatest = w
		}
		if !w.Deleted() {
			values[i] = w.Value
		}
	}
	if greatest.Deleted() {
		return greatest, nil
	}
	value, err := c.down(values)
	return record.FieldValue{Value: value, Stamp: greatest.Stamp}, err
}

// OldName returns the name that a field of the new form has for an old client, and whether the client sees it. It is for
// the names and paths in answers.
func (l Lens) OldName(table, name string) (old string, ok bool) {
	t := l.tables[table]
	if t == nil {
		return name, true
	}
	return t.oldName(name)
}

func (t *table) oldName(name string) (old string, ok bool) {
	first, rest := root(name)
	switch c, gone := t.down[first], t.up[first]; {
	case c == nil:
		return name, gone == nil || rest != "" && len(gone.parts) > 1 // a split field has no elements, see raise
	case rest != "" && len(c.parts) > 1:
		return name, true
	default:
		return c.old + rest, true
	}
}
