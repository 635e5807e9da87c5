package violation

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// touch is what an input is about, for one rule.
type touch struct {
	names []string // of the groups, sorted
	// unknown are the records that the rule cannot read now.
	unknown map[record.Key]bool
	failure
}

// errRule says that a rule cannot be run as it is registered.
var errRule = errors.New("violation: a rule must not be nil, and its name must be valid UTF-8, not empty, without a slash, and not " + LostEditRule)

// runnable returns errRule if the rule of that name cannot be run. The slash separates it
// from the name of a scope in rows, and no check closes the rows of lost edits.
func (c *Checker) runnable(rule string) error {
	if rule == "" || rule == LostEditRule || strings.Contains(rule, "/") || !utf8.ValidString(rule) || c.Rules[rule] == nil {
		return errRule
	}
	return nil
}

// touched returns what the input is about.
func (c *Checker) touched(rule string, in Input) touch {
	t := touch{unknown: make(map[record.Key]bool)}
	if err := c.runnable(rule); err != nil {
		t.fail(err)
		return t
	}
	for _, s := range in.Scopes {
		if s.Rule == rule {
			t.names = append(t.names, storedName(s.Name))
		}
	}
	for _, u := range in.Changes {
		if u.After.Key().Table != c.table() { // rules see data, and not what was found in it
			t.add(c.Rules[rule], u)
		}
	}
	slices.Sort(t.names)
	t.names = slices.Compact(t.names)
	return t
}

// add takes in the groups of a record before and after a change.
func (t *touch) add(rule Rule, u merge.Update) {
	before, err := scopesOf(rule, u.Before)
	if err != nil && !errors.Is(err, ErrUnknown) {
		t.fail(err)
	}
	after, err := scopesOf(rule, u.After)
	if err != nil && !errors.Is(err, ErrUnknown) {
		t.fail(err)
	}
	if err != nil && !u.After.Deleted() {
		// The groups that it belonged to are checked like all others, without it. To
		// leave them alone, in this call only, would miss what else the call changed.
		t.unknown[u.After.Key()] = true
	}
	t.names = append(append(t.names, before...), after...)
}

// errPanic says that a rule panicked.
var errPanic = errors.New("panic")

// scopesOf returns the names of the groups of a record, as they are stored. A record
// without fields belongs to no group, and the rule is not asked.
func scopesOf(rule Rule, r record.Record) (names []string, err error) {
	names, err = rawScopesOf(rule, r)
	if slices.ContainsFunc(names, isLong) {
		names = slices.Clone(names) // the slice is the rule's
		for i, name := range names {
			names[i] = shortName(name)
		}
	}
	return names, err
}

// rawScopesOf calls Rule.Scopes.
func rawScopesOf(rule Rule, r record.Record) (names []string, err error) {
	if r.Len() == 0 {
		return nil, nil
	}
	defer recovered(&err)
	return rule.Scopes(r)
}

// checkOf calls Rule.Check.
func checkOf(rule Rule, g Group) (f Findings, err error) {
	defer recovered(&err)
	return rule.Check(g)
}

// recovered turns a panic into an error. It does not keep the value of the panic, which
// may hold values of records.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = errPanic
	}
}
