package violation

import (
	"context"
	"errors"
	"slices"

	"github.com/fieldlww/fieldlww/record"
)

// overlay is a view with changes laid over it. These changes are not stored yet.
type overlay struct {
	View
	checker *Checker
	changed map[record.Key]record.Record
	keys    []record.Key // of changed, sorted
}

// newOverlay lays records over a view.
func newOverlay(v View, c *Checker, after []record.Record) *overlay {
	o := &overlay{View: v, checker: c, changed: make(map[record.Key]record.Record, len(after))}
	for _, r := range after {
		o.changed[r.Key()] = r
		o.keys = append(o.keys, r.Key())
	}
	slices.SortFunc(o.keys, record.Key.Compare)
	o.keys = slices.Compact(o.keys)
	return o
}

// Groups returns the unchanged members that the view has, and the changed records and rows
// that now belong to the scopes.
func (o *overlay) Groups(ctx context.Context, rule string, names []string) ([]ScopeRecords, error) {
	groups, err := o.View.Groups(ctx, rule, names)
	if err != nil || len(groups) != len(names) {
		return groups, err
	}
	at := make(map[string]int, len(names))
	out := make([]ScopeRecords, len(groups))
	for i, g := range groups {
		at[names[i]] = i
		out[i].Partial, out[i].Err = g.Partial, g.Err
		for _, row := range g.Rows {
			if _, changed := o.changed[row.Key()]; !changed {
				out[i].Rows = append(out[i].Rows, row)
			}
		}
		for _, r := range g.Records {
			if _, changed := o.changed[r.Key()]; !changed {
				out[i].Records = append(out[i].Records, r)
			}
		}
	}
	for _, key := range o.keys {
		r := o.changed[key]
		if key.Table == o.checker.table() {
			// A user wrote to this row, or a client pulled it together with the records.
			if scope, ok := scopeOfRow(r); ok && scope.Rule == rule {
				if i, asked := at[scope.Name]; asked {
					out[i].Rows = append(out[i].Rows, r)
				}
			}
			continue
		}
		scopes, err := scopesOf(o.checker.Rules[rule], r)
		if err != nil && !errors.Is(err, ErrUnknown) {
			continue // the record belongs to no scope, and the check reports the error
		}
		for _, name := range scopes {
			if i, ok := at[name]; ok {
				out[i].Records = append(out[i].Records, r)
			}
		}
	}
	return out, nil
}

// Get returns changed records in their new state, and other records from the view.
func (o *overlay) Get(ctx context.Context, keys []record.Key) ([]Lookup, error) {
	found, err := o.View.Get(ctx, keys)
	if err != nil || len(found) != len(keys) {
		return found, err
	}
	found = slices.Clone(found)
	for i, key := range keys {
		if r, ok := o.changed[key]; ok {
			found[i] = Lookup{Record: r}
		}
	}
	return found, nil
}
