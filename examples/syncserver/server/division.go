package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// division is how the records are divided into buckets.
type division struct {
	of      buckets.Func
	version string // differs for each Func and Options.Schema; empty for the nil Func without a Schema
}

// divisionOf returns the division of a server.
func divisionOf(o Options) division {
	if o.Buckets == nil {
		return division{version: withSchema(o.Schema, "")}
	}
	version := "1/" // must change when the same Func leads to other rows
	if o.LostEdits {
		version = "1+lost/"
	}
	return division{filingOf(o), withSchema(o.Schema, version+o.BucketsVersion)}
}

// mixed is the version of a workspace to which a server of an earlier version, which does not know
// buckets, has written since the records were filed.
const mixed = "mixed"

// errDivision reports that the records are filed by another version of Options.Buckets.
var errDivision = errors.New("the records have another Options.Schema, or are filed by another version of Options.Buckets: restart the server with the newest version")

// checkDivision returns an error if the records have another form, or are filed by another version of Options.Buckets.
// The buckets that a record has left would be unknown, and a client could keep or receive what it may not read.
func (s *session) checkDivision() error {
	if s.divided == s.version {
		return nil
	}
	if s.seq == 0 { // nothing is stored
		s.divided = s.version
		return nil
	}
	return Unavailable(errDivision)
}

// divide translates all records of another Options.Schema, and files all records again that are filed by another
// version of Options.Buckets. New calls it.
func (s *Server) divide(ctx context.Context) error {
	stale, err := s.database.workspaces(ctx, `division <> $1`, s.division.version)
	if err != nil {
		return err
	}
	if err := s.tryUpgrades(ctx, stale); err != nil {
		return err
	}
	for _, name := range stale {
		moved, changed := 0, 0
		err := s.database.locked(ctx, &session{division: s.division, workspace: name}, func(tx *session) (err error) {
			if changed, err = tx.upgrade(ctx, s.options); err != nil {
				return err
			}
			if tx.divided != tx.version { // no other process was faster
				moved, err = tx.divideAll(ctx)
			}
			if err == nil && moved > 0 {
				err = tx.writeEvent(ctx, journalEvent{Event: "epoch", Wall: s.options.Now()})
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("file the records of the workspace %q: %w", name, err)
		}
		s.options.Log.InfoContext(ctx, "changed the form or the buckets of the records", "workspace", name, "changed", changed, "moved", moved)
	}
	return nil
}

// divideAll files the records of a workspace under their buckets, and returns how many moved.
//
// It does not know where the records were: the Func of the earlier division is gone. So it cannot tell a
// client which records have left its buckets. If a record moves, the workspace gets a new epoch instead,
// and all clients pull everything again. The records keep their sequences, and the log has no departures,
// because a client that pulls everything needs none. All is done in one transaction, so a crash leaves
// either division as a whole. Pushes to the workspace wait meanwhile, as during an audit.
func (s *session) divideAll(ctx context.Context) (moved int, err error) {
	if s.postgres {
		if err := liftTimeouts(ctx, s.tx); err != nil {
			return 0, err
		}
	}
	var logged int64
	err = s.tx.QueryRowContext(ctx, `
		SELECT coalesce(sum(octet_length(tbl) + octet_length(id) + octet_length(bucket)), 0) FROM log WHERE workspace = $1`, s.workspace).Scan(&logged)
	if err != nil {
		return 0, err
	}
	if _, err := s.tx.ExecContext(ctx, `DELETE FROM log WHERE workspace = $1`, s.workspace); err != nil {
		return 0, err
	}
	if s.bytes -= logged; logged > 0 {
		moved++ // the departures are not known any longer
	}
	n, err := s.inPages(ctx, s.dividePage)
	if err != nil {
		return 0, err
	}
	moved += n
	if moved > 0 {
		s.epoch = rand.Text()
		s.seq++ // so that clients that listen for changes pull
	}
	s.divided, s.departed = s.version, 0
	return moved, nil
}

// inPages calls f with all records of the workspace, some at a time, and returns the sum of its results. The function may
// store the records of its page again.
func (s *session) inPages(ctx context.Context, f func(context.Context, []sweptRecord) (int, error)) (sum int, err error) {
	for after := (record.Key{}); ; {
		page, err := s.swept(ctx, `
			SELECT seq, tbl, id, data, bucket FROM records WHERE workspace = $1 AND (tbl, id) > ($2, $3)
			ORDER BY tbl, id LIMIT $4`, s.workspace, after.Table, after.ID, auditRecords)
		if err != nil || len(page) == 0 {
			return sum, err
		}
		after = page[len(page)-1].Key()
		n, err := f(ctx, page)
		if err != nil {
			return 0, err
		}
		sum += n
	}
}

// dividePage files some records, and returns how many moved.
func (s *session) dividePage(ctx context.Context, page []sweptRecord) (moved int, err error) {
	var rows []keptRow
	var log []logRow
	for _, r := range page {
		key := keyRow{r.Key().Table, r.Key().ID}
		names := s.of.Of(r.Record, s.fence.stamp)
		if s.of == nil {
			names = []string{""}
		}
		var first *string
		for i, name := range names {
			if i == 0 {
				first = &name
				continue
			}
			log = append(log, logRow{key, name, r.seq})
		}
		if first == nil && r.bucket == nil || first != nil && r.bucket != nil && *first == *r.bucket {
			if len(names) > 1 {
				moved++
			}
			continue
		}
		moved++
		rows = append(rows, keptRow{key, first})
	}
	if len(rows) > 0 {
		// This is not an UPDATE with a join, because a planner may reverse the order of that join.
		err = s.exec(ctx, "the buckets of records", `
			INSERT INTO records (workspace, tbl, id, data, seq, latest, purge, bucket)
			SELECT d.workspace, d.tbl, d.id, d.data, d.seq, d.latest, d.purge, r.value->>'bucket'
			FROM JSON_ROWS
			LOOKUP records AS d ON d.workspace = $2 AND d.tbl = r.value->>'tbl' AND d.id = r.value->>'id'
			WHERE true
			ON CONFLICT (workspace, tbl, id) DO UPDATE SET bucket = excluded.bucket`, rows)
	}
	if err != nil {
		return 0, err
	}
	return moved, s.file(ctx, filing{now: log})
}
