package server

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// indexVersion must change when the same rules lead to other entries in the index.
const indexVersion = "4"

// The limits of an audit. If a scope is too large for a push, but has at most auditScope bytes, an
// audit checks it on its own.
const (
	auditRecords = 1000      // records to read at once
	auditScopes  = 100       // scopes to check at once
	auditScope   = 256 << 20 // bytes
)

// Audit builds the index of a workspace again and derives all its violations. Run it after the
// rules have changed, or when health names a rule. Pushes to the workspace wait until the audit
// ends. Audit reads the workspace page by page and scope by scope, so it keeps only the hashes of
// the scope names, the largest scope, and the changed rows in memory. If a scope fails, the
// report says so, and the other scopes are audited. The error is ErrEmpty if nothing was pushed
// to the workspace.
func (s *Server) Audit(ctx context.Context, workspace string) (violation.Report, error) {
	a := audit{Server: s, seen: make(map[[sha256.Size]byte]bool)}
	err := s.locked(ctx, workspace, func(tx *session) error {
		if tx.seq == 0 {
			return ErrEmpty // rolls back the new row of the workspace
		}
		a.session = tx
		return a.run(ctx)
	})
	a.report.Err = a.err()
	return a.report, err
}

// auditStale audits all workspaces if they were indexed for other rules, because the current rules
// would not find their records in such an index. New calls it.
func (s *Server) auditStale(ctx context.Context) error {
	version := indexVersion + "/" + s.options.RulesVersion
	if s.division.version != "" {
		version += "/" + s.division.version
	}
	stale, err := s.database.indexedOtherwise(ctx, version)
	for _, name := range stale {
		report, failed := s.Audit(ctx, name)
		s.options.Log.InfoContext(ctx, "audited, because the rules, the buckets or the form of the records have changed", "workspace", name,
			"open", report.Open, "changed", len(report.Updates), "err", errors.Join(failed, report.Err))
		err = errors.Join(err, failed)
	}
	if err != nil {
		return err
	}
	_, err = s.database.db.ExecContext(ctx, `
		INSERT INTO indexed (one, version) VALUES (1, $1)
		ON CONFLICT (one) DO UPDATE SET version = excluded.version`, version)
	return err
}

// indexedOtherwise returns the names of all workspaces if they are indexed for another version of
// the rules, and none otherwise.
func (d *Database) indexedOtherwise(ctx context.Context, version string) ([]string, error) {
	return d.workspaces(ctx, `NOT EXISTS (SELECT 1 FROM indexed WHERE version = $1)`, version)
}

// audit is an audit of one workspace.
type audit struct {
	*Server
	*session
	seen   map[[sha256.Size]byte]bool // the scopes that were checked
	report violation.Report
}

func (a *audit) run(ctx context.Context) error {
	if a.postgres {
		if err := liftTimeouts(ctx, a.tx); err != nil {
			return err
		}
	}
	for _, table := range []string{"scopes", "unchecked"} {
		if _, err := a.tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE workspace = $1`, a.workspace); err != nil {
			return err
		}
	}
	err := a.each(ctx, func(records []record.Record) error {
		updates := make([]merge.Update, len(records))
		for i, r := range records {
			updates[i] = merge.Update{After: r}
		}
		return a.index(ctx, a.options.Rules, updates)
	})
	if err != nil {
		return fmt.Errorf("store the index: %w", err)
	}
	// Violation rows come last. By then, the current violations have been derived from the scopes
	// of the records.
	for _, rows := range []bool{false, true} {
		err := a.each(ctx, func(records []record.Record) error {
			return a.checkScopes(ctx, slices.DeleteFunc(records, func(r record.Record) bool {
				return (r.Key().Table == violation.DefaultTable) != rows
			}))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// each calls f with all records, a page at a time, in the order of their keys. f may store
// violation rows.
func (a *audit) each(ctx context.Context, f func([]record.Record) error) error {
	for after := (record.Key{}); ; {
		page, err := a.page(ctx, after)
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1].Key()
		page = slices.DeleteFunc(page, func(r record.Record) bool { return r.Len() == 0 }) // dead
		if err := f(page); err != nil {
			return err
		}
	}
}

// page returns the next records after a key.
func (a *audit) page(ctx context.Context, after record.Key) ([]record.Record, error) {
	rows, err := a.tx.QueryContext(ctx, `
		SELECT tbl, id, data FROM records WHERE workspace = $1 AND (tbl, id) > ($2, $3)
		ORDER BY tbl, id LIMIT $4`, a.workspace, after.Table, after.ID, auditRecords)
	if err != nil {
		return nil, fmt.Errorf("read records: %w", err)
	}
	defer rows.Close()
	var page []record.Record
	for size := 0; size < maxLoaded && rows.Next(); {
		var key record.Key
		var data string
		var fields record.Record
		if err := rows.Scan(&key.Table, &key.ID, &data); err != nil {
			return nil, fmt.Errorf("read records: %w", err)
		}
		if err := fields.Scan(data); err != nil {
			return nil, fmt.Errorf("read the record %q: %w", key, err)
		}
		size += len(data)
		page = append(page, a.normal(fields.WithKey(key), len(data)))
	}
	return page, rows.Err()
}

// checkScopes checks the scopes of records, each scope only once per audit, and the scopes of
// hidden violation rows.
func (a *audit) checkScopes(ctx context.Context, records []record.Record) error {
	hidden := make(map[violation.Scope][]merge.Update)
	var scopes []violation.Scope
	for _, r := range records {
		if v, err := violation.Parse(r); err == nil && r.Key().Table == violation.DefaultTable && v.Status == violation.Hidden {
			// The index does not contain hidden rows, so the row is passed as a change.
			scope := violation.Scope{Rule: v.Rule, Name: v.Scope}
			hidden[scope] = append(hidden[scope], merge.Update{Before: r, After: r})
			scopes = append(scopes, scope)
		}
		for _, scope := range a.options.Rules.ScopesOf(r) {
			if hash := sha256.Sum256([]byte(scope.Rule + "/" + scope.Name)); !a.seen[hash] {
				a.seen[hash] = true
				scopes = append(scopes, scope)
			}
		}
	}
	slices.SortFunc(scopes, violation.Scope.Compare)
	for these := range slices.Chunk(slices.Compact(scopes), auditScopes) {
		in := violation.Input{Scopes: these}
		for _, scope := range these {
			in.Changes = append(in.Changes, hidden[scope]...)
		}
		if err := a.checkAndStore(ctx, in, 0); err != nil {
			return err
		}
	}
	return nil
}

// checkAndStore checks scopes and stores the derived rows. Scopes that are too large together are
// checked one at a time.
func (a *audit) checkAndStore(ctx context.Context, in violation.Input, most int) error {
	in.Now = clock.TimestampOf(a.options.Now())
	report, err := a.checkOn(ctx, &view{session: a.session, most: most}, a.options.Rules, in)
	if err != nil {
		return err
	}
	if err := a.session.store(ctx, a.options.Rules, report.Updates); err != nil {
		return err
	}
	a.report.Open += report.Open
	a.report.Unknown += report.Unknown
	a.report.Updates = append(a.report.Updates, report.Updates...)
	for _, f := range report.Failed {
		if most > 0 || !errors.Is(f, violation.ErrTooLarge) {
			a.report.Failed = append(a.report.Failed, f)
			continue
		}
		for _, name := range f.Scopes {
			alone := violation.Input{Changes: in.Changes, Scopes: []violation.Scope{{Rule: f.Rule, Name: name}}}
			if err := a.checkAndStore(ctx, alone, auditScope); err != nil {
				return err
			}
		}
	}
	return nil
}

// err merges the failures in the report, so that each rule has at most one, and returns them as one
// error.
func (a *audit) err() error {
	byRule := make(map[string]*violation.RuleError)
	var all []*violation.RuleError
	for _, f := range a.report.Failed {
		if one := byRule[f.Rule]; one != nil {
			one.Scopes = append(one.Scopes, f.Scopes...)
			continue
		}
		one := &violation.RuleError{Rule: f.Rule, Scopes: slices.Clone(f.Scopes), Err: f.Err}
		byRule[f.Rule], all = one, append(all, one)
	}
	a.report.Failed = all
	var errs []error
	for _, f := range all {
		errs = append(errs, f)
	}
	return errors.Join(errs...)
}
