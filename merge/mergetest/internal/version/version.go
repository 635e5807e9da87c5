// Package version translates between the two versions of an app with which the devices of a run work. Everything that
// the kit knows is in the new form. This package does not use package record/lens, which a backend under test may use.
package version

import (
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/record"
)

// Field is a field of the old version that has another name or other values in the new one, or that becomes several.
type Field struct {
	Old  string
	New  []string
	Up   func(record.Value) ([]record.Value, error) // nil keeps the value
	Down func([]record.Value) (record.Value, error)
}

// Version is the old version of one table.
type Version struct {
	Table  string
	Fields []Field
}

// cut separates the name of an element from the name of its field.
func cut(name string) (field, element string) {
	if i := strings.IndexByte(name, '/'); i >= 0 {
		return name[:i], name[i:]
	}
	return name, ""
}

// ofNew returns the Field that has a name in the new version. Elements of a field that becomes several do not count.
func (v *Version) ofNew(name string) *Field {
	field, element := cut(name)
	for i, f := range v.Fields {
		if slices.Contains(f.New, field) && (element == "" || len(f.New) == 1) {
			return &v.Fields[i]
		}
	}
	return nil
}

func (v *Version) ofOld(name string) *Field {
	field, element := cut(name)
	for i, f := range v.Fields {
		if f.Old == field && (element == "" || len(f.New) == 1) {
			return &v.Fields[i]
		}
	}
	return nil
}

// OldName returns the old name of a field of the new form.
func (v *Version) OldName(name string) string {
	if f := v.ofNew(name); f != nil {
		_, element := cut(name)
		return f.Old + element
	}
	return name
}

// IsNewer reports whether only the new version has a name.
func (v *Version) IsNewer(name string) bool { return v.ofNew(name) != nil && v.ofOld(name) == nil }

// Newer returns a name that only the new version has, or "" if there is none.
func (v *Version) Newer() string {
	for _, f := range v.Fields {
		for _, name := range f.New {
			if v.IsNewer(name) {
				return name
			}
		}
	}
	return ""
}

// Hides reports whether the old version has no name for a field of the new one, because the name means another field. No
// device writes such a field.
func (v *Version) Hides(name string) bool { return v.ofNew(name) == nil && v.ofOld(name) != nil }

// Parts returns the fields that are one field in the old version, if name is one of several.
func (v *Version) Parts(name string) []string {
	if v == nil {
		return nil
	}
	if f := v.ofNew(name); f != nil && len(f.New) > 1 {
		return f.New
	}
	return nil
}

// Splits reports whether a field becomes several.
func (v *Version) Splits() bool {
	return v != nil && slices.ContainsFunc(v.Fields, func(f Field) bool { return len(f.New) > 1 })
}

// Whole returns the values that the fields of the new form have after an old client wrote the field that they were made
// of, so that it shows the given values. Deletions count as null.
func (v *Version) Whole(name string, values []record.Value) ([]record.Value, error) {
	f := v.ofNew(name)
	plain := slices.Clone(values)
	for i, x := range plain {
		if x == record.Deletion() {
			plain[i] = record.Value{}
		}
	}
	old, err := f.lower(plain)
	if err != nil {
		return nil, err
	}
	return f.raise(old)
}

func (f *Field) lower(values []record.Value) (record.Value, error) {
	if f.Down == nil {
		return values[0], nil
	}
	return f.Down(values)
}

func (f *Field) raise(v record.Value) ([]record.Value, error) {
	if f.Up == nil || v == record.Deletion() {
		return slices.Repeat([]record.Value{v}, len(f.New)), nil
	}
	return f.Up(v)
}
