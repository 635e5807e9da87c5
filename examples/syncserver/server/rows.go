package server

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// A violation row is in the buckets of the record that it is about, and moves with it in the same
// transaction, with a sequence of its own. The rules derive these buckets as a field of the row,
// because the buckets of a record must follow from the record alone. The index lists each row under
// the record that it is about, so a check also finds the rows that no rule looks at: closed and hidden
// ones, and lost edits. A row is in no bucket while its record is deleted. So a sweep moves no row.

// WithRows returns a Func that also knows the buckets of violation rows.
func WithRows(of buckets.Func) buckets.Func {
	return func(r record.Record) []string {
		if r.Key().Table != violation.DefaultTable {
			return of(r)
		}
		return rowBuckets(r)
	}
}

// placing returns the rules of a server, whose rows are in the table that EngineOf guards. If the server has
// Options.Buckets, they also derive the buckets of rows.
func placing(o Options) *violation.Checker {
	rules := violation.Checker{}
	if o.Rules != nil {
		rules = *o.Rules
	}
	rules.Table, rules.Buckets = violation.DefaultTable, o.Buckets
	return &rules
}

// postpone removes the rows that could not be moved with their records from the failures of a check,
// because there are too many to read at once. placeRest moves them.
func (s *session) postpone(report *violation.Report) {
	var errs []error
	report.Failed = slices.DeleteFunc(report.Failed, func(f *violation.RuleError) bool {
		if f.Rule == violation.BucketsRule {
			s.unplaced = append(s.unplaced, f.Scopes...)
			return true
		}
		errs = append(errs, f)
		return false
	})
	report.Err = errors.Join(errs...)
}

// placeRest moves the postponed rows, a page at a time. It must be called in the transaction that moved
// their records: rows that stay behind would be read by users who may not read their records.
func (s *session) placeRest(ctx context.Context, rules *violation.Checker) error {
	for _, name := range s.unplaced {
		for after := ""; ; {
			page, err := s.swept(ctx, `
				SELECT d.seq, d.tbl, d.id, d.data, d.bucket FROM records AS d
				WHERE d.workspace = $1 AND d.tbl = $2 AND d.id IN (
					SELECT id FROM scopes
					WHERE workspace = $1 AND rule = $3 AND name = $4 AND tbl = $2 AND id > $5 ORDER BY id LIMIT $6)
				ORDER BY d.id`, s.workspace, violation.DefaultTable, violation.BucketsRule, hashOf(name), after, auditRecords)
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			after = page[len(page)-1].Key().ID
			if err := s.placePage(ctx, rules, page); err != nil {
				return err
			}
		}
	}
	s.unplaced = nil
	return nil
}

// placePage moves some rows to the buckets of their records, which are stored.
func (s *session) placePage(ctx context.Context, rules *violation.Checker, page []sweptRecord) error {
	v := view{session: s}
	in := violation.Input{View: &v}
	for _, row := range page {
		in.Changes = append(in.Changes, merge.Update{Before: row.Record, After: row.Record})
	}
	report := rules.Check(ctx, in)
	if err := errors.Join(v.err, report.Err); err != nil {
		return fmt.Errorf("move violation rows: %w", err)
	}
	return s.store(ctx, rules, report.Updates)
}
