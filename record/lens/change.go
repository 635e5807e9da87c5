package lens

import (
	"strings"

	"github.com/fieldlww/fieldlww/record"
)

// A change is one Field or Split: one old name and one or more new ones.
type change struct {
	old    string
	parts  []string
	up     func(record.Value) ([]record.Value, error) // nil keeps the value
	down   func([]record.Value) (record.Value, error)
	split  bool
	oneWay bool
}

func (t Table) changes() (all []*change) {
	for _, f := range t.Fields {
		all = append(all, &change{old: f.Old, parts: []string{f.New}, up: one(f.Up), down: only(f.Down), oneWay: f.OneWay})
	}
	for _, s := range t.Splits {
		all = append(all, &change{old: s.Old, parts: s.New, up: s.Up, down: s.Down, split: true})
	}
	return all
}

// one and only adapt the functions of a Field to a Split with one part.
func one(f func(record.Value) (record.Value, error)) func(record.Value) ([]record.Value, error) {
	if f == nil {
		return nil
	}
	return func(v record.Value) ([]record.Value, error) {
		w, err := f(v)
		return []record.Value{w}, err
	}
}

func only(f func(record.Value) (record.Value, error)) func([]record.Value) (record.Value, error) {
	if f == nil {
		return nil
	}
	return func(v []record.Value) (record.Value, error) { return f(v[0]) }
}

// complete reports whether a change has what it needs.
func (c *change) complete() bool {
	if c.split {
		return len(c.parts) > 0 && c.up != nil && c.down != nil
	}
	return !c.oneWay || c.down == nil
}

// keeps reports whether the change leaves the name and the values of a field as they are.
func (c *change) keeps() bool {
	return c.up == nil && c.down == nil && c.old == c.parts[0]
}

// raise returns the value of each part.
func (c *change) raise(v record.Value) ([]record.Value, error) {
	values := make([]record.Value, len(c.parts))
	switch {
	case !c.keeps() && isSealed(v):
		return nil, ErrSealed
	case c.up == nil || v == record.Deletion():
		for i := range values {
			values[i] = v
		}
		return values, nil
	}
	got, err := c.up(v)
	if err == nil && len(got) != len(c.parts) {
		err = errCount
	}
	if err != nil {
		return nil, &valueError{err}
	}
	return got, nil
}

// lower puts the parts of a field together. At least one of them is in the record. The result has the greatest stamp of
// the parts, and is a deletion if all of them are.
func (c *change) lower(r record.Record) (record.FieldValue, error) {
	var greatest record.FieldValue
	values, deleted := make([]record.Value, len(c.parts)), true
	for i, part := range c.parts {
		w, _ := r.Get(part)
		if w.Compare(greatest) > 0 {
			greatest = w
		}
		switch {
		case w.IsZero() || w.Deleted():
		case !c.keeps() && isSealed(w.Value):
			return record.FieldValue{}, ErrSealed
		default:
			values[i], deleted = w.Value, false
		}
	}
	if deleted || c.down == nil {
		return greatest, nil
	}
	value, err := c.down(values)
	if err != nil {
		return record.FieldValue{}, &valueError{err}
	}
	return record.FieldValue{Value: value, Stamp: greatest.Stamp}, nil
}

// isSealed reports whether a value has the form in which package seal of examples/sealed writes a sealed value:
// ["sealed",1,"KEY","CODE"].
func isSealed(v record.Value) bool {
	rest, ok := strings.CutPrefix(v.JSON(), `["sealed",1,"`)
	if !ok {
		return false
	}
	rest, ok = strings.CutSuffix(rest, `"]`)
	key, code, two := strings.Cut(rest, `","`)
	return ok && two && !strings.Contains(key, `"`) && !strings.Contains(code, `"`)
}

// root cuts a name into the name of a set or counter, and the rest, which is "" for an ordinary field.
func root(name string) (first, rest string) {
	first, _, _ = strings.Cut(name, "/")
	return first, name[len(first):]
}
