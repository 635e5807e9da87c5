package violation

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// defaultMaxPerScope is the limit if Checker.MaxPerScope is not positive.
const defaultMaxPerScope = 100

// Checker derives violations from merged records by rules. It stores nothing, reads no clock
// and never changes a merge. A Checker is safe for concurrent use if its rules are, and must
// not be modified while in use.
type Checker struct {
	// Rules maps the name of each rule to the rule. The name is part of the identity of a
	// rule's violations: do not change it. It must be valid UTF-8, must not be empty or contain
	// a slash, and must not be LostEditRule. A nil rule or an invalid name is skipped and
	// reported as a RuleError.
	Rules map[string]Rule
	// Table is the table that rows are stored in; "" means DefaultTable.
	Table string
	// MaxPerScope is how many violations of one group get rows of their own; 0 or less means
	// 100. If there are more, only the first ones in the order of Findings.List get rows, and
	// one more row represents all of them.
	MaxPerScope int
	// Buckets returns the buckets of a record that exists and is not deleted, such as the
	// projects that it belongs to, for partial replication: a client receives only the records
	// of the buckets that its user may read. If Buckets is set, each row holds the buckets of
	// the record that it is about, and moves with that record; see Violation.Buckets. Nil means
	// that rows have no such field.
	//
	// Buckets is a pure function of the record, and must not distinguish a deleted field from an
	// absent one, because deleted fields may be purged. It is not called for rows. Names that
	// buckets.Valid refuses do not count. After changing it, rebuild the index of the view and run
	// an audit.
	Buckets func(r record.Record) []string
}

// Input holds everything that a check depends on.
type Input struct {
	// View is the storage before Changes are stored.
	View View
	// Changes are the updates of a merge.Answer, or of another source, to lay over the view.
	Changes []merge.Update
	// Scopes are checked in addition to the scopes that Changes touch.
	Scopes []Scope
	// Now is the time for which Report.Open counts open rows. If Now is zero, Report.Open
	// counts every row that is stored as open. No row depends on Now: readers judge with
	// Violation.StatusAt whether a violation still matters. So a wrong clock leaves nothing
	// behind.
	Now clock.Timestamp
}

// Report is the result of a check.
type Report struct {
	// Updates are the rows to store, sorted by key. Each replaces the stored row, without a
	// join, and gets a new sequence. Unchanged rows are left out.
	Updates []merge.Update
	// Open counts the rows found in the checked groups that are open at Input.Now.
	Open int
	// Unknown counts the records that a rule could not read, and the groups that are only
	// partly known. No row is closed because of them.
	Unknown int
	// Failed has an error for each rule that left something unchecked, sorted by rule name. If an
	// error has the name BucketsRule, rows about records that moved may still be in their former
	// buckets, so a server must not store Input.Changes.
	// The rows of unchecked groups stay as they are; the other rules and groups are checked.
	Failed []*RuleError
	// Err joins Failed. Err also wraps errors of the View: if one of them has aborted the
	// database transaction, roll back.
	Err error
}

// Scopes returns the groups that the changes touch, before and after, sorted and without
// duplicates. Lock them before a check, in the order of Scope.Lock, so that concurrent
// transactions cannot each miss a conflict they create together. Or check them again after the
// commit. The error joins a RuleError for each rule that could not name the groups of a
// record.
func (c *Checker) Scopes(changes []merge.Update) ([]Scope, error) {
	var all []Scope
	if c.Buckets != nil {
		for _, name := range c.movedNames(Input{Changes: changes}) {
			all = append(all, Scope{BucketsRule, name})
		}
		for _, u := range changes {
			if about, ok := aboutOf(u.After); ok && u.After.Key().Table == c.table() {
				all = append(all, rowsAbout(about))
			}
		}
	}
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
	slices.SortFunc(all, Scope.Compare)
	return slices.Compact(all), errors.Join(errs...)
}

// ScopesOf returns the scopes under which a View indexes a record or a row, sorted. A record
// is in the scopes that the rules name, even if they also return ErrUnknown; a rule that fails
// names none. A row is in the scope in which it was found, and only while its stored status is
// Open: checks look up closed rows by ID only, so closed rows cost nothing. If Buckets is set, each
// row is also in a scope of BucketsRule, with all rows about the same record.
func (c *Checker) ScopesOf(r record.Record) []Scope {
	var all []Scope
	if r.Key().Table == c.table() {
		if about, ok := aboutOf(r); ok && c.Buckets != nil {
			all = append(all, rowsAbout(about))
		}
		if scope, ok := scopeOfRow(r); ok && statusOf(r) == Open && scope.Rule != LostEditRule {
			all = append(all, scope)
		}
		slices.SortFunc(all, Scope.Compare)
		return all
	}
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

// Check derives the violations of all groups that the changes touch, and of the given scopes.
// It calls the view at most twice for each rule and, if Buckets is set, at most twice more.
//
// With changes, call it in the transaction that stores them. With scopes alone, it checks what
// is stored, as after a commit.
func (c *Checker) Check(ctx context.Context, in Input) Report {
	var report Report
	var known []map[record.Key]record.Record
	for _, name := range c.names() {
		r := ruleCheck{checker: c, in: in, name: name, rule: c.Rules[name], report: &report}
		r.run(ctx)
		report.addFailure(name, r.failure)
		report.Updates = append(report.Updates, r.updates...)
		known = append(known, r.live)
	}
	if c.Buckets != nil {
		report.addFailure(BucketsRule, c.place(ctx, in, known, &report))
	}
	slices.SortFunc(report.Updates, func(a, b merge.Update) int { return a.After.Key().Compare(b.After.Key()) })
	slices.SortStableFunc(report.Failed, func(a, b *RuleError) int { return strings.Compare(a.Rule, b.Rule) })
	var errs []error
	for _, err := range report.Failed {
		errs = append(errs, err)
	}
	report.Err = errors.Join(errs...)
	return report
}

func (r *Report) addFailure(rule string, f failure) {
	if err := f.ruleError(rule); err != nil {
		r.Failed = append(r.Failed, err)
	}
}

func (c *Checker) names() []string { return slices.Sorted(maps.Keys(c.Rules)) }

func (c *Checker) table() string { return cmp.Or(c.Table, DefaultTable) }

// maxPerScope returns the limit of rows for one group. It is positive, because a slice cannot
// be cut at a negative index.
func (c *Checker) maxPerScope() int {
	if c.MaxPerScope > 0 {
		return c.MaxPerScope
	}
	return defaultMaxPerScope
}

// Audit derives the violations of all records and rows. It finds the same open rows, with the
// same IDs, as earlier checks, and also the rows that the checks missed. It judges all hidden
// rows again; a check judges a hidden row only if it finds the violation again, or if the row
// is among Input.Changes. Audit builds an index of all records in memory. A server audits
// scope by scope: it calls Check with Input.Scopes, and with the hidden rows among
// Input.Changes.
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
