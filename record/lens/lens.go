package lens

import (
	"errors"
	"fmt"
	"strings"

	"github.com/fieldlww/fieldlww/record"
)

var (
	// ErrNew: an old client wrote a field that has this name only in the new version.
	ErrNew = errors.New("the name of a field of the new version")
	// ErrLens: two changes of a Lens name one field, or a name cannot be one of a field with elements.
	ErrLens = errors.New("invalid lens")
)

// A Lens translates records between two versions of an app. It is immutable, and safe for concurrent use. The zero
// Lens changes nothing.
type Lens struct {
	tables map[string]*table
}

// Table lists what the new version changes in one table.
type Table struct {
	Name   string
	Fields []Field
	Splits []Split
}

// Field is a field that has another name or other values in the new version. A field that keeps its name has it in
// both members. A set or a counter takes its elements with it: name/element becomes new/element, with its value.
type Field struct {
	Old, New string
	// Up translates a value of an old client, and Down one for it. Both are pure functions. Down must give back every
	// value that Up was given. Nil keeps the value. They are not called for deletions.
	Up, Down func(record.Value) (record.Value, error)
}

// Split is a field that becomes several fields in the new version.
type Split struct {
	Old string
	New []string
	// Up returns one value for each of New, and Down puts them together. Down gets null for a part without a value. Both
	// are pure functions, and must not be nil.
	Up   func(record.Value) ([]record.Value, error)
	Down func([]record.Value) (record.Value, error)
}

// table has the changes of one table by the names of both versions.
type table struct {
	up, down map[string]*change
}

// A change is one Field or Split.
type change struct {
	old   string
	parts []string
	up    func(record.Value) ([]record.Value, error)
	down  func([]record.Value) (record.Value, error)
}

// New returns a Lens. Each name occurs once among the old names of a table, and once among the new ones. The error
// wraps ErrLens, and names the table and the field.
func New(tables ...Table) (Lens, error) {
	l := Lens{tables: make(map[string]*table)}
	for _, t := range tables {
		if l.tables[t.Name] != nil {
			return Lens{}, fmt.Errorf("table %s: %w: it occurs twice", record.PathName(t.Name), ErrLens)
		}
		made := &table{up: make(map[string]*change), down: make(map[string]*change)}
		for _, c := range t.changes() {
			if err := made.add(c); err != nil {
				return Lens{}, fmt.Errorf("table %s: %w", record.PathName(t.Name), err)
			}
		}
		l.tables[t.Name] = made
	}
	return l, nil
}

func (t Table) changes() (all []*change) {
	for _, f := range t.Fields {
		all = append(all, &change{old: f.Old, parts: []string{f.New}, up: one(f.Up), down: only(f.Down)})
	}
	for _, s := range t.Splits {
		all = append(all, &change{old: s.Old, parts: s.New, up: s.Up, down: s.Down})
	}
	return all
}

// one and only make the functions of a Field those of a Split with one part.
func one(f func(record.Value) (record.Value, error)) func(record.Value) ([]record.Value, error) {
	return func(v record.Value) ([]record.Value, error) {
		if f == nil {
			return []record.Value{v}, nil
		}
		w, err := f(v)
		return []record.Value{w}, err
	}
}

func only(f func(record.Value) (record.Value, error)) func([]record.Value) (record.Value, error) {
	return func(v []record.Value) (record.Value, error) {
		if f == nil {
			return v[0], nil
		}
		return f(v[0])
	}
}

func (t *table) add(c *change) error {
	if err := free(t.up, c.old); err != nil {
		return err
	}
	if len(c.parts) == 0 || c.up == nil || c.down == nil {
		return fmt.Errorf("%s: %w: it needs new names and both functions", record.PathName(c.old), ErrLens)
	}
	t.up[c.old] = c
	for _, part := range c.parts {
		if err := free(t.down, part); err != nil {
			return err
		}
		t.down[part] = c
	}
	return nil
}

// free returns nil if a name can be added to a version.
func free(version map[string]*change, name string) error {
	switch {
	case name == "" || strings.Contains(name, "/") || record.Reserved(name):
		return fmt.Errorf("%s: %w: a name is not empty, has no slash and does not begin with $", record.PathName(name), ErrLens)
	case version[name] != nil:
		return fmt.Errorf("%s: %w: it occurs twice", record.PathName(name), ErrLens)
	}
	return nil
}

// root cuts a name into the name of a set or counter, and the rest, which is "" for an ordinary field.
func root(name string) (first, rest string) {
	if i := strings.IndexByte(name, '/'); i >= 0 {
		return name[:i], name[i:]
	}
	return name, ""
}
