package violationtest_test

import (
	"context"
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
	"github.com/fieldlww/fieldlww/violation/violationtest"
)

// indexed is a view of records that no longer change.
type indexed struct {
	stored map[record.Key]record.Record
	scopes map[violation.Scope][]record.Record
}

// newIndexed stores records one after another. Each record replaces the stored record with the
// same key.
func newIndexed(c *violation.Checker, records []record.Record) (violation.View, error) {
	v := indexed{make(map[record.Key]record.Record), make(map[violation.Scope][]record.Record)}
	for _, r := range records {
		v.stored[r.Key()] = r
	}
	for _, r := range v.stored {
		for _, scope := range c.ScopesOf(r) {
			v.scopes[scope] = append(v.scopes[scope], r)
		}
	}
	return v, nil
}

// Groups returns the records and open rows of each scope.
func (v indexed) Groups(_ context.Context, rule string, names []string) ([]violation.ScopeRecords, error) {
	groups := make([]violation.ScopeRecords, len(names))
	for i, name := range names {
		for _, r := range v.scopes[violation.Scope{Rule: rule, Name: name}] {
			if r.Key().Table == violation.DefaultTable {
				groups[i].Rows = append(groups[i].Rows, r)
			} else {
				groups[i].Records = append(groups[i].Records, r)
			}
		}
	}
	return groups, nil
}

// Get returns the record of each key.
func (v indexed) Get(_ context.Context, keys []record.Key) ([]violation.Lookup, error) {
	answers := make([]violation.Lookup, len(keys))
	for i, key := range keys {
		answers[i].Record = record.New(key)
		if r, ok := v.stored[key]; ok {
			answers[i].Record = r
		}
	}
	return answers, nil
}

// A correct View passes the test, and a View that leaves out rows does not.
func ExampleTestView() {
	fmt.Println(violationtest.TestView(newIndexed))

	forgetful := func(c *violation.Checker, records []record.Record) (violation.View, error) {
		return newIndexed(c, slices.DeleteFunc(records, func(r record.Record) bool { return r.Key().Table == violation.DefaultTable }))
	}
	fmt.Println(violationtest.TestView(forgetful) != nil)
	// Output:
	// <nil>
	// true
}
