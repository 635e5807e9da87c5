package lens

import (
	"errors"
	"fmt"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

var (
	// ErrLens: a Lens that cannot be made, because two changes name one field or a name is not allowed.
	ErrLens = errors.New("invalid lens")
	// ErrValue: a value that a function of the Lens cannot translate. The error wraps what the function returned as well,
	// and does not contain its text, which may be private.
	ErrValue = errors.New("a value that the lens cannot translate")
	// ErrSealed: a sealed value in a field that the Lens changes. Only its authors could translate it, because the seal
	// covers the name of the field.
	ErrSealed = errors.New("a sealed value in a field that the lens changes")
)

// A Lens translates records between two versions of an app. It is immutable, and safe for concurrent use if its
// functions are. The zero Lens changes nothing.
type Lens struct {
	tables map[string]*table
}

// Table lists what the new version changes in one table. Fields that are not listed stay as they are.
type Table struct {
	Name   string
	Fields []Field
	Splits []Split
}

// Field is a field that has another name or other values in the new version. A field that keeps its name has it in
// both members. A set or a counter takes its elements with it: name/element becomes new/element, with its value as it is.
type Field struct {
	Old, New string
	// Up translates a value of an old client, and Down translates one for it. Both are pure functions. Down must give back
	// every value that Up was given. Nil keeps the value. They get null as well, and are not called for deletions.
	Up, Down func(record.Value) (record.Value, error)
	// OneWay makes Old a further old name of New, which another Field of the table has as well. What old clients write to
	// Old goes to New, without a base. Old clients pull New under the name that the other Field has, and no longer see
	// Old. If a record has both old names, the greater write counts. Down must be nil.
	OneWay bool
}

// Split is a field that becomes several fields in the new version. It has no elements. If another Field becomes Old,
// elements of Old are refused.
type Split struct {
	Old string
	New []string
	// Up returns one value for each of New, and Down puts them together. Both are pure functions, and must not be nil.
	// Neither is called if all parts are deletions. Down gets null for a part that is absent or deleted.
	Up   func(record.Value) ([]record.Value, error)
	Down func([]record.Value) (record.Value, error)
}

// table has the changes of one table by the names of both versions.
type table struct {
	up, down map[string]*change
}

// New returns a Lens. Each name is one that a record may have. It occurs once among the old names of a table, and once
// among the new ones of Fields that are not OneWay and of Splits. The error wraps ErrLens, and names the table and the
// field.
func New(tables ...Table) (Lens, error) {
	l := Lens{tables: make(map[string]*table)}
	for _, t := range tables {
		made, err := t.compile()
		if err == nil && l.tables[t.Name] != nil {
			err = fmt.Errorf("%w: it occurs twice", ErrLens)
		}
		if err != nil {
			return Lens{}, fmt.Errorf("table %s: %w", record.PathName(t.Name), err)
		}
		l.tables[t.Name] = made
	}
	return l, nil
}

func (t Table) compile() (*table, error) {
	if err := (record.Key{Table: t.Name, ID: "1"}).Check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLens, reason(err))
	}
	made := &table{up: make(map[string]*change), down: make(map[string]*change)}
	changes := t.changes()
	for _, c := range changes {
		if err := made.add(c); err != nil {
			return nil, err
		}
	}
	for _, c := range changes {
		if into := made.down[c.parts[0]]; c.oneWay && (into == nil || len(into.parts) > 1) {
			return nil, fmt.Errorf("%s: %w: no other Field becomes %s", record.PathName(c.old), ErrLens, record.PathName(c.parts[0]))
		}
	}
	return made, nil
}

func (t *table) add(c *change) error {
	if err := free(t.up, c.old); err != nil {
		return err
	}
	if !c.complete() {
		return fmt.Errorf("%s: %w: a Split needs new names and both functions, and a OneWay Field has no Down", record.PathName(c.old), ErrLens)
	}
	t.up[c.old] = c
	if c.oneWay {
		return nil
	}
	for _, part := range c.parts {
		if err := free(t.down, part); err != nil {
			return err
		}
		t.down[part] = c
	}
	return nil
}

// free returns nil if a name can be added to the names of a version.
func free(version map[string]*change, name string) error {
	anyStamp := clock.Stamp{Time: 1, Client: clock.ClientID{1}}
	invalid := record.FieldValue{Stamp: anyStamp}.Check(name)
	switch {
	case strings.Contains(name, "/") || record.Reserved(name):
		return fmt.Errorf("%s: %w: a name has no slash and does not begin with $", record.PathName(name), ErrLens)
	case invalid != nil:
		return fmt.Errorf("%s: %w: %w", record.PathName(name), ErrLens, reason(invalid))
	case version[name] != nil:
		return fmt.Errorf("%s: %w: it occurs twice", record.PathName(name), ErrLens)
	}
	return nil
}
