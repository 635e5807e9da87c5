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
	failure failure
}

// runnable returns why the rule of a name cannot be run, or nil. The slash separates the name
// from that of a scope in rows, and no check closes the rows of lost edits.
func (c *Checker) runnable(rule string) error {
	switch {
	case c.Rules[rule] == nil:
		return errors.New("the rule is nil: set it in Checker.Rules or remove its name")
	case rule == "":
		return errors.New("the name of the rule is empty: register it by another name")
	case strings.Contains(rule, "/"):
		return errors.New("the name of the rule contains a slash: register it by another name")
	case !utf8.ValidString(rule):
		return errors.New("the name of the rule is not valid UTF-8: register it by another name")
	case rule == LostEditRule:
		return errors.New("the name is reserved for rows of lost edits: register the rule by another name")
	}
	return nil
}

// touchOf returns what the input is about.
func (c *Checker) touchOf(rule string, in Input) touch {
	t := touch{unknown: make(map[record.Key]bool)}
	if err := c.runnable(rule); err != nil {
		t.failure.add(err)
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
		t.failure.add(err)
	}
	after, err := scopesOf(rule, u.After)
	if err != nil && !errors.Is(err, ErrUnknown) {
		t.failure.add(err)
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
