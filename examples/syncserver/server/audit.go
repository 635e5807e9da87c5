package server

import (
	"context"
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// Audit derives all violations of a workspace anew, and the index with them, as is due
// after the rules have changed or one of them has failed. It holds the workspace in
// memory, and keeps its pushes waiting. Where nothing was pushed yet, that is ErrEmpty.
func (s *Server) Audit(ctx context.Context, workspace string) (violation.Report, error) {
	var report violation.Report
	seq, err := s.database.locked(ctx, workspace, func(tx *session) error {
		all, err := tx.all(ctx)
		if err != nil {
			return fmt.Errorf("read records: %w", err)
		}
		if all.Len() == 0 {
			return ErrEmpty // and no workspace of this name is made
		}
		report = s.options.Rules.Audit(all, clock.TimestampOf(s.options.Now()))
		if _, err := tx.tx.ExecContext(ctx, `DELETE FROM scopes WHERE workspace = $1`, workspace); err != nil {
			return err
		}
		var stored []merge.Update
		for r := range all.All() {
			stored = append(stored, merge.Update{After: r})
		}
		for _, updates := range [][]merge.Update{stored, report.Updates} {
			if err := tx.index(ctx, s.options.Rules, updates); err != nil {
				return fmt.Errorf("store the index: %w", err)
			}
		}
		return tx.put(ctx, report.Updates)
	})
	if err == nil {
		s.feed.advance(workspace, seq)
	}
	return report, err
}

// all returns all records of the workspace.
func (s *session) all(ctx context.Context) (merge.Collection, error) {
	rows, err := s.tx.QueryContext(ctx, `SELECT tbl, id, data FROM records WHERE workspace = $1`, s.workspace)
	if err != nil {
		return merge.Collection{}, err
	}
	defer rows.Close()
	var found []record.Record
	for rows.Next() {
		var key record.Key
		var fields record.Record
		if err := rows.Scan(&key.Table, &key.ID, &fields); err != nil {
			return merge.Collection{}, err
		}
		found = append(found, fields.WithKey(key))
	}
	return merge.Collect(found...), rows.Err()
}
