package violation

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// touch is the part of an input that concerns one rule.
type touch struct {
	names []string // the touched groups, sorted
	// unknown are the records that the rule cannot read now.
	unknown map[record.Key]bool
	failure failure
}

// runnable returns the reason why a rule cannot run, or nil. A name with a slash is invalid,
// because rows separate the names of rule and scope by a slash. LostEditRule is invalid,
// because no check closes the rows of lost edits.
func (c *Checker) runnable(rule string) error {
	switch {
	case c.Rules[rule] == nil:
		return errors.New("the rule is nil: set it in Checker.Rules or remove its name")
	case rule == "":
		return errors.New("the name of the rule is empty: register it under another name")
	case strings.Contains(rule, "/"):
		return errors.New("the name of the rule contains a slash: register it under another name")
	case !utf8.ValidString(rule):
		return errors.New("the name of the rule is not valid UTF-8: register it under another name")
	case rule == LostEditRule:
		return errors.New("the name is reserved for rows of lost edits: register the rule under another name")
	}
	return nil
}

// touchOf returns the part of an input that concerns a rule.
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
		if u.After.Key().Table != c.table() { // rules see data, not rows of violations
			t.add(c.Rules[rule], u)
		}
	}
	slices.Sort(t.names)
	t.names = slices.Compact(t.names)
	return t
}

// add adds the groups of a record before and after a change.
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
		// The former groups of the record are checked like all others, but without the record.
		// If this call skipped these groups, it would miss the other changes in them.
		t.unknown[u.After.Key()] = true
	}
	t.names = append(append(t.names, before...), after...)
}

// errPanic reports that a rule panicked.
var errPanic = errors.New("the rule panicked")

// scopesOf returns the names of a record's groups in their stored form. A record without
// fields belongs to no group, and the rule is not called.
func scopesOf(rule Rule, r record.Record) (names []string, err error) {
	names, err = rawScopesOf(rule, r)
	if slices.ContainsFunc(names, isLong) {
		names = slices.Clone(names) // the slice belongs to the rule
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

// recovered turns a panic into an error. It drops the value of the panic, which may hold
// values of records.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = errPanic
	}
}
