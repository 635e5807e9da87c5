package violation

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// defaultMaxPerScope is Checker.MaxPerScope unless that is positive.
const defaultMaxPerScope = 100

// Checker derives violations from merged state by rules. It stores nothing, reads no clock
// and never changes a merge. A Checker is safe for concurrent use if its rules are, and
// must not be changed while it is used.
type Checker struct {
	// Rules are the rules, by the names that they are registered under. A name is a
	// part of the identity of what the rule finds: do not change it. It is valid UTF-8, not
	// empty, holds no slash, and is not LostEditRule. A nil rule or an invalid name is
	// skipped and reported as a RuleError.
	Rules map[string]Rule
	// Table is where rows are stored; "" means DefaultTable.
	Table string
	// MaxPerScope is how many violations of one group get rows of their own; 0 and less
	// mean 100. If there are more, the first ones in the order of Findings.List do, and one
	// more row stands for all of them.
	MaxPerScope int
}

// Input is what a check depends on.
type Input struct {
	// View is the storage, as it is before Changes are stored.
	View View
	// Changes are the updates that a merge.Answer has, or that came another way. They
	// are laid over the view.
	Changes []merge.Update
	// Scopes are checked besides those that Changes touch.
	Scopes []Scope
	// Now is the time by which Report.Open counts; zero counts all that is stored as open.
	// No row depends on it: whether a violation still matters is judged by those who read
	// the row, with Violation.StatusAt. So a wrong clock leaves nothing behind.
	Now clock.Timestamp
}

// Report is the result of a check.
type Report struct {
	// Updates are the rows to store in place of those that are there, not to join, each
	// with a new sequence; they are sorted by key. Unchanged rows are not among them.
	Updates []merge.Update
	// Open counts the rows of what was found in the checked groups and is open at
	// Input.Now.
	Open int
	// Unknown counts the records that a rule could not read, and the groups of which
	// a part is missing. What is known of them stays as it is.
	Unknown int
	// Failed has an error for each rule that left something unchecked, in the order of their
	// names. The rows of unchecked groups stay as they are, and the other rules and groups
	// are checked.
	Failed []*RuleError
	// Err joins Failed. It wraps errors of the View: if one of them has ended the transaction
	// of the database, roll back.
	Err error
}

// Scopes returns the groups that changes touch, before and after, sorted and each
// once. Lock them before a check, in the order of Scope.Lock, so that concurrent
// transactions cannot each miss a conflict they create together, or check them again
// after the commit. The error joins a RuleError for each rule that could not tell the
// groups of a record.
func (c *Checker) Scopes(changes []merge.Update) ([]Scope, error) {
	var all []Scope
	var errs []error
	for _, name := range c.names() {
		t := c.touchOf(name, Input{Changes: changes})
		if err := t.failure.ruleError(name); err != nil {
			errs = append(errs, err)
		}
		for _, scope := range t.names {
			all = append(all, Scope{name, scope})
		}
	}
	return all, errors.Join(errs...)
}

// ScopesOf returns the scopes in which a View finds a record or a row, sorted: its index.
// A record is in those that the rules name, also if they return ErrUnknown with them; a rule
// that fails names none. A row is in the scope in which it was found, and only while its
// stored status is Open: checks ask for closed rows by their IDs, so those cost nothing.
func (c *Checker) ScopesOf(r record.Record) []Scope {
	if r.Key().Table == c.table() {
		if scope, ok := scopeOfRow(r); ok && statusOf(r) == Open && scope.Rule != LostEditRule {
			return []Scope{scope}
		}
		return nil
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
		r := ruleCheck{checker: c, in: in, name: name, rule: c.Rules[name], report: &report}
		r.run(ctx)
		if err := r.failure.ruleError(name); err != nil {
			report.Failed, errs = append(report.Failed, err), append(errs, err)
		}
		report.Updates = append(report.Updates, r.updates...)
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
	return defaultMaxPerScope
}

// Audit derives the violations of everything there is: all records and all rows. It
// finds the same open rows, with the same IDs, as the checks that were made on the way, and
// those that were missed. Rows that were hidden are judged again, which a check does only
// for what it finds. Audit builds an index of everything in memory; a server audits scope by
// scope, by Check with Input.Scopes, and with the hidden rows among Input.Changes.
func (c *Checker) Audit(all merge.Collection, now clock.Timestamp) Report {
	view := NewMemory(c)
	in := Input{View: view, Now: now}
	for r := range all.All() {
		view.Put(r)
		if scope, ok := scopeOfRow(r); ok && r.Key().Table == c.table() && statusOf(r) == Hidden {
			in.Changes = append(in.Changes, merge.Update{Before: r, After: r})
			in.Scopes = append(in.Scopes, scope)
		}
	}
	in.Scopes = append(in.Scopes, view.Scopes()...)
	return c.Check(context.Background(), in)
}
