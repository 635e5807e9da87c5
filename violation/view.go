package violation

import (
	"context"
	"errors"
	"slices"
	"sort"

	"github.com/fieldlww/fieldlww/record"
)

// View is a read-only look at the storage of a server or client, within the
// transaction that is about to store, or after it. Look-ups come in batches: a check
// makes two calls for each rule at most, whatever the number of changes. Answers are
// in the order of the questions.
//
// A view is used by one goroutine at a time. What it returns is not changed.
type View interface {
	// Groups returns, for each of the named scopes of a rule, the records and the rows of
	// violations that stand in it by Checker.ScopesOf: records of the rule, deleted ones
	// included, and open rows.
	Groups(ctx context.Context, rule string, names []string) ([]ScopeRecords, error)

	// Get returns the record of each key. One that does not exist has no fields.
	Get(ctx context.Context, keys []record.Key) ([]Lookup, error)
}

// ScopeRecords are the records and rows of one scope that a View has, in any order.
type ScopeRecords struct {
	Records []record.Record
	// Rows are the rows of violations that were found in this scope and are stored as
	// open. Others among them do no harm.
	Rows []record.Record
	// Err says why the scope was not read, such as ErrTooLarge; then Records and Rows do
	// not count. The scope is reported as unchecked, and the others are checked. A view
	// that reads from a database should bound what it reads of one scope, and of all
	// together, since users decide how many records a scope has.
	Err error
	// Partial says that other records may belong to the scope as well.
	Partial bool
}

// Lookup is the result of looking up one key.
type Lookup struct {
	// Record is the record, deleted or not, and one without fields if there is none.
	Record record.Record
	// Unknown says that it cannot be told whether there is one, as on a client that
	// does not hold the table.
	Unknown bool
}

// overlay is a view with changes laid over it that are not stored yet.
type overlay struct {
	View
	checker *Checker
	changed map[record.Key]record.Record
	keys    []record.Key // of changed, sorted
}

// newOverlay lays the records over the view.
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

// Groups returns the members of the view that did not change, and those that belong
// to the scopes now.
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
			// A row that people wrote to, or that a client pulled along with the records.
			if scope, ok := scopeOfRow(r); ok && scope.Rule == rule {
				if i, asked := at[scope.Name]; asked {
					out[i].Rows = append(out[i].Rows, r)
				}
			}
			continue
		}
		scopes, err := scopesOf(o.checker.Rules[rule], r)
		if err != nil && !errors.Is(err, ErrUnknown) {
			continue // it belongs to no scope, and the check knows why
		}
		for _, name := range scopes {
			if i, ok := at[name]; ok {
				out[i].Records = append(out[i].Records, r)
			}
		}
	}
	return out, nil
}

// Get returns changed records as they are now.
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

// find returns the record of a key among records that are sorted by key.
func find(sorted []record.Record, key record.Key) (record.Record, bool) {
	i, ok := sort.Find(len(sorted), func(i int) int { return key.Compare(sorted[i].Key()) })
	if !ok {
		return record.Record{}, false
	}
	return sorted[i], true
}
