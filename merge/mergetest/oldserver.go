package mergetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/version"
	"github.com/fieldlww/fieldlww/record"
)

// OldServer is a Backend that serves clients of an old version of an app as well, for example with a lens of package
// record/lens. Options.Old says what the new version changed.
type OldServer interface {
	// Old returns the same server as clients of the old version see it. The kit calls it before each of their requests.
	// Push gets batches in the old form, and answers with the names of the old form. Pull returns records in the old form.
	// Everything else is the same: one store, one sequence, and the marks of all clients.
	//
	// If a field became several, an outcome must be true for one of them. The server then never purges. An item with a
	// name that only the new version has is refused with the code merge.NewerName. Damaged batches of old clients do not
	// arrive.
	Old() Backend
}

// OldField is a field of the first table that has another name or other values in the old version of the app. A field
// with one new name takes its elements with it: old/x is new/x. Elements of a field with several new names stay.
type OldField struct {
	Old string
	New []string
	// Up translates a value of the old version into one value for each of New, and Down puts them together, with null for
	// each one that is absent or deleted. Both are pure functions, and must accept what the other one returns. What Down
	// returns is a value of the old version, so Down after Up must give it back. Nil keeps the value. They are not called
	// for deletions. A lens may have the same functions; the kit uses nothing else of it.
	Up   func(record.Value) ([]record.Value, error)
	Down func([]record.Value) (record.Value, error)
}

// version returns the old version, or nil if there is none.
func (o Options) version() (*version.Version, error) {
	if len(o.Old) == 0 {
		return nil, nil
	}
	v := &version.Version{Table: o.Table}
	names := map[string]bool{}
	for _, f := range o.Old {
		for _, name := range append([]string{"old " + f.Old}, f.New...) {
			if name == "" || f.Old == "" || strings.Contains(name, "/") || names[name] {
				return nil, fmt.Errorf("mergetest: Options.Old has the name %q, which is empty, has a slash or occurs twice", name)
			}
			names[name] = true
		}
		if len(f.New) == 0 || len(f.New) > 1 && (f.Up == nil || f.Down == nil) {
			return nil, fmt.Errorf("mergetest: Options.Old has the field %q, which needs new names, and both functions if it becomes several", f.Old)
		}
		v.Fields = append(v.Fields, version.Field(f))
	}
	for _, name := range slices.Sorted(maps.Keys(o.Fields)) {
		if v.Hides(name) {
			return nil, fmt.Errorf("mergetest: Options.Fields has the field %q, whose name means another field in the old version: leave it out", name)
		}
	}
	if !o.OnlyFields && v.Hides("qty") {
		return nil, errors.New("mergetest: Options.Old has the old name qty, which the counters of the kit have as well: set OnlyFields")
	}
	return v, nil
}

// writable leaves out the default fields whose names mean other fields in the old version.
func (o Options) writable(v *version.Version) map[string][]string {
	fields := maps.Clone(o.Fields)
	maps.DeleteFunc(fields, func(name string, _ []string) bool { return v != nil && v.Hides(name) })
	return fields
}

// checkOld checks what the devices write.
func (o Options) checkOld(d schedule.Domain, v *version.Version) error {
	for _, f := range o.Old {
		if err := f.check(d, v); err != nil {
			return err
		}
	}
	return nil
}

// check returns an error if devices do not write the new names, or write values that the old version lacks.
func (f OldField) check(d schedule.Domain, v *version.Version) error {
	for i, name := range f.New {
		if !slices.ContainsFunc(d.Names, func(n string) bool { return n == name || len(f.New) == 1 && strings.HasPrefix(n, name+"/") }) {
			return fmt.Errorf("mergetest: Options.Old has the new name %q, which no device writes: add it to Options.Fields", name)
		}
		for _, text := range append([]string{"null"}, d.Fields[name]...) {
			values := make([]record.Value, len(f.New))
			var err error
			if values[i], err = record.ParseValue([]byte(text)); err != nil {
				return err
			}
			whole, err := v.Whole(name, values)
			if err != nil || len(whole) != len(values) || len(values) == 1 && whole[0] != values[0] {
				return fmt.Errorf("mergetest: Options.Fields has, for the field %q, the value %s, which the old version cannot have: Up of Down returns %v, %v", name, text, whole, err)
			}
		}
	}
	return nil
}
