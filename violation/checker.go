package violation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// DefaultMaxPerScope is how many violations of one group are listed one by one,
// unless a Checker says otherwise.
const DefaultMaxPerScope = 100

// Checker derives violations from merged state by rules. It stores nothing and reads
// no clock; what it does not change is a merge. A Checker is safe for concurrent use
// if its rules are, and must not be changed while it is used.
type Checker struct {
	// Rules are the rules, by the names that they are registered under. A name is a
	// part of the identity of what the rule finds: do not change it. It is valid UTF-8, not
	// empty, holds no slash, and is not LostEditRule; a rule under another name, and one
	// that is nil, is not run, and is a RuleError.
	Rules map[string]Rule
	// Table is where rows are stored; "" means DefaultTable.
	Table string
	// MaxPerScope is how many violations of one group get rows of their own; 0 and less
	// mean DefaultMaxPerScope. If there are more, the first ones by key do, and one more row
	// stands for all of them.
	MaxPerScope int
}

// Input is what a check depends on.
type Input struct {
	// View is the storage, as it is before Changes are stored.
	View View
	// Changes are the updates that a merge.Answer has, or that came another way. They
	// are laid over the view.
	Changes []merge.Update
	// Scopes are checked beside those that Changes touch.
	Scopes []Scope
	// Now is the time by which it is judged whether a violation is still relevant. Zero
	// means that this is left to those who read: see Violation.StatusAt.
	Now clock.Timestamp
}

// Report is what a check came to.
type Report struct {
	// Updates are the rows to store in place of those that are there, not to join, each
	// with a new sequence; they are sorted by key. Rows that stay as they are, are not
	// among them.
	Updates []merge.Update
	// Open counts the rows of what was found in the checked groups and is open now.
	Open int
	// Unknown counts the records that a rule could not read, and the groups of which
	// a part is missing. What is known of them stays as it is.
	Unknown int
	// Err joins the *RuleErrors of rules that failed, whose rows are left alone. The
	// other rules are not touched by them. An error of the view is among them, wrapped: a
	// database that has given up the transaction for it cannot go on.
	Err error
}

// RuleError says that a rule failed, or the view that it was checked on.
type RuleError struct {
	Rule string
	Err  error
}

// Error returns one line with the name of the rule.
func (e *RuleError) Error() string { return fmt.Sprintf("violation: rule %s: %v", e.Rule, e.Err) }

// Unwrap returns the reason.
func (e *RuleError) Unwrap() error { return e.Err }

// Scopes returns the groups that changes touch, before and after, sorted and each
// once: what to lock before a check, in the order of Scope.Lock, so that two
// transactions cannot both miss what they do together, or what to check again after the
// commit.
func (c *Checker) Scopes(changes []merge.Update) ([]Scope, error) {
	var all []Scope
	var errs []error
	for _, name := range c.names() {
		t, err := c.touched(name, Input{Changes: changes})
		if err != nil {
			errs = append(errs, &RuleError{name, err})
			continue
		}
		for _, scope := range t.names {
			all = append(all, Scope{name, scope})
		}
	}
	return all, errors.Join(errs...)
}

// ScopesOf returns the scopes that a record belongs to by the rules, or the one in which
// a row was found, sorted: what a View keeps in its index. A rule that cannot read the
// record adds those that it names nevertheless, and one that fails none.
func (c *Checker) ScopesOf(r record.Record) []Scope {
	if r.Key().Table == c.table() {
		if scope, ok := scopeOfRow(r); ok {
			return []Scope{scope}
		}
		return nil // people wrote to it, and nothing is derived yet
	}
	var all []Scope
	for _, rule := range c.names() {
		if c.runnable(rule) != nil {
			continue
		}
		names, err := scopesOf(c.Rules[rule], r)
		if err != nil && !errors.Is(err, ErrUnknown) {
			continue
		}
		for _, name := range names {
			all = append(all, Scope{rule, name})
		}
	}
	slices.SortFunc(all, Scope.Compare)
	return slices.Compact(all)
}

// Check derives the violations of all groups that the changes touch, and of the
// given scopes. It calls the view twice for each rule at most.
//
// With changes it is called in the transaction that stores them. With scopes alone it
// looks at what is stored, as after a commit.
func (c *Checker) Check(ctx context.Context, in Input) Report {
	var report Report
	var errs []error
	for _, name := range c.names() {
		r := ruleCheck{Checker: c, Input: in, name: name, rule: c.Rules[name], report: &report}
		updates, err := r.run(ctx)
		if err != nil {
			errs = append(errs, &RuleError{name, err})
			continue
		}
		report.Updates = append(report.Updates, updates...)
	}
	slices.SortFunc(report.Updates, func(a, b merge.Update) int { return a.After.Key().Compare(b.After.Key()) })
	report.Err = errors.Join(errs...)
	return report
}

func (c *Checker) names() []string { return slices.Sorted(maps.Keys(c.Rules)) }

func (c *Checker) table() string { return cmp.Or(c.Table, DefaultTable) }

// maxPerScope is positive: of a negative number, no slice can be cut.
func (c *Checker) maxPerScope() int {
	if c.MaxPerScope > 0 {
		return c.MaxPerScope
	}
	return DefaultMaxPerScope
}

// touch is what an input is about, for one rule.
type touch struct {
	names []string // of the groups, sorted
	// unknown are the records that the rule cannot read now.
	unknown map[record.Key]bool
}

// errRule says that a rule cannot be run as it is registered.
var errRule = errors.New("violation: a rule is not nil, and its name is UTF-8, not empty, without a slash, and not " + LostEditRule)

// runnable returns errRule if the rule of that name cannot be run. The slash parts it
// from the name of a scope in rows, and rows of lost edits are for no check to close.
func (c *Checker) runnable(rule string) error {
	if rule == "" || rule == LostEditRule || strings.Contains(rule, "/") || !utf8.ValidString(rule) || c.Rules[rule] == nil {
		return errRule
	}
	return nil
}

// touched returns what the input is about.
func (c *Checker) touched(rule string, in Input) (touch, error) {
	t := touch{unknown: make(map[record.Key]bool)}
	if err := c.runnable(rule); err != nil {
		return t, err
	}
	for _, s := range in.Scopes {
		if s.Rule == rule {
			t.names = append(t.names, s.Name)
		}
	}
	for _, u := range in.Changes {
		if u.After.Key().Table == c.table() {
			continue // rules see data, and not what was found in it
		}
		if err := t.add(c.Rules[rule], u); err != nil {
			return t, err
		}
	}
	slices.Sort(t.names)
	t.names = slices.Compact(t.names)
	return t, nil
}

// add takes in the groups of a record before and after a change.
func (t *touch) add(rule Rule, u merge.Update) error {
	before, err := scopesOf(rule, u.Before)
	if err != nil && !errors.Is(err, ErrUnknown) {
		return err
	}
	after, err := scopesOf(rule, u.After)
	if errors.Is(err, ErrUnknown) && !u.After.Deleted() {
		// The groups that it belonged to are checked like all others, without it. To
		// leave them alone, in this call only, would miss what else the call changed.
		t.unknown[u.After.Key()] = true
	} else if err != nil && !errors.Is(err, ErrUnknown) {
		return err
	}
	t.names = append(append(t.names, before...), after...)
	return nil
}

// errPanic says that a rule panicked.
var errPanic = errors.New("panic")

// scopesOf calls Rule.Scopes. A record without fields belongs to nothing.
func scopesOf(rule Rule, r record.Record) (names []string, err error) {
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

// recovered turns a panic into an error. It does not keep what was panicked with: that
// may hold values.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = errPanic
	}
}

// Audit derives the violations of everything there is: all records and all rows. It
// finds the same rows, with the same IDs, as the checks that were made on the way, and
// those that were missed. It builds an index of all that in memory.
func (c *Checker) Audit(all merge.Collection, now clock.Timestamp) Report {
	view := NewMemory(c)
	for r := range all.All() {
		view.Put(r)
	}
	return c.Check(context.Background(), Input{View: view, Scopes: view.Scopes(), Now: now})
}
