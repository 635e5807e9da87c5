package server

import (
	"context"
	"errors"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"

	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// errManyRows reports that more violation rows are about one record than a batch can move.
var errManyRows = errors.New("too many violations are about this record to move it: resolve some of them first")

// rulesOf returns the rules of a server, whose rows are in the table that EngineOf guards. They also derive the buckets
// of the rows. It returns nil if the server has no rules.
func rulesOf(o Options) *violation.Checker {
	if o.Rules == nil {
		return nil
	}
	rules := *o.Rules
	rules.Table, rules.Buckets = violation.DefaultTable, o.Buckets
	return &rules
}

// change saves the updates, and what the rules derive from them. If this does not fit into a batch, and the
// updates are of one record, the record is saved without the rows, and the report says which rules could not
// check.
func (a *attempt) change(ctx context.Context, updates []merge.Update) (report violation.Report, err error) {
	if a.rules == nil || len(updates) == 0 {
		return report, a.save(updates)
	}
	a.alone = len(updates) == 1
	v := &view{attempt: a}
	report = a.rules.Check(ctx, violation.Input{View: v, Changes: updates, Now: clock.TimestampOf(a.wall())})
	if v.err != nil {
		return report, v.err
	}
	if len(updates) == 1 && len(updates)+len(report.Updates)+len(a.scopes) > maxDerived {
		if report, err = withoutRows(a.rules, report); err != nil {
			return report, err
		}
	}
	for _, f := range report.Failed {
		if f.Rule == violation.BucketsRule { // rows that stay behind would be read by others
			return report, syncserver.TooLarge(errManyRows)
		}
	}
	final := coalesce(updates, report.Updates)
	if err := a.load(ctx, keysOf(a.workspace, final)...); err != nil {
		return report, err
	}
	if err := a.save(final); err != nil {
		return report, err
	}
	if err := a.index(ctx, final); err != nil {
		return report, err
	}
	return report, v.unmoved(ctx)
}

// withoutRows returns a report in which every rule that changed a row has failed.
func withoutRows(rules *violation.Checker, report violation.Report) (violation.Report, error) {
	if rules.Buckets != nil {
		return report, syncserver.TooLarge(errManyRows)
	}
	failed := make(map[string]bool)
	for _, f := range report.Failed {
		failed[f.Rule] = true
	}
	for _, u := range report.Updates {
		row, err := violation.Parse(u.After)
		if err == nil && !failed[row.Rule] {
			failed[row.Rule] = true
			report.Failed = append(report.Failed, &violation.RuleError{Rule: row.Rule, Err: violation.ErrTooLarge})
		}
	}
	report.Updates = nil
	return report, nil
}

// coalesce returns one update for each record. A violation row can be in both lists: the rules derive their row
// from the pushed row, so the derived row counts.
func coalesce(pushed, derived []merge.Update) []merge.Update {
	rows := make(map[record.Key]bool, len(derived))
	for _, u := range derived {
		rows[u.After.Key()] = true
	}
	all := make([]merge.Update, 0, len(pushed)+len(derived))
	for _, u := range pushed {
		if !rows[u.After.Key()] {
			all = append(all, u)
		}
	}
	return append(all, derived...)
}
