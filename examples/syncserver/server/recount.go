package server

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Some columns summarize other rows or columns: the size of a workspace, the size of its journal,
// and, for each record, its greatest timestamp and the fence that purges a part of it. A server of
// an earlier version does not maintain them, and may run next to this one during an upgrade. So each
// transaction stores the sequence up to which the summaries are right. If the last sequence of the
// workspace is greater, each transaction that locks the workspace recounts a part of the rest, and
// OpenDatabase recounts all of it.

// recountRecords is the maximum number of records that a transaction recounts to catch up.
const recountRecords = 1000

// recountAll recounts everything that an earlier version of the server has written.
func (d *Database) recountAll(ctx context.Context) error {
	for {
		var name string
		err := d.db.QueryRowContext(ctx, `SELECT name FROM workspaces WHERE summed < seq LIMIT 1`).Scan(&name)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		err = d.transaction(ctx, func(tx *sql.Tx) error {
			if d.postgres { // the sums of a large workspace can take longer than the timeouts
				if err := liftTimeouts(ctx, tx); err != nil {
					return err
				}
			}
			s := &session{Database: d, tx: tx, workspace: name}
			if err := s.lock(ctx); err != nil {
				return err
			}
			if err := s.recount(ctx); err != nil {
				return err
			}
			return s.storeState(ctx)
		})
		if err != nil {
			return fmt.Errorf("count the workspace %q: %w", name, err)
		}
	}
}

// recount recounts some of the records after the sequence up to which the summaries are right. An
// earlier version wrote these records, and may have indexed them under other scopes. So recount
// makes the next server that starts audit all workspaces, and until then health names the rules;
// see storeUnchecked.
func (s *session) recount(ctx context.Context) error {
	if s.counted == s.seq {
		return nil
	}
	s.foreign = true
	if s.divided != "" {
		schema, _ := cutSchema(s.divided)
		s.divided = withSchema(schema, mixed)
	}
	if _, err := s.tx.ExecContext(ctx, `DELETE FROM indexed`); err != nil {
		return err
	}
	if err := s.recountLatest(ctx); err != nil || s.counted < s.seq {
		return err
	}
	return s.tx.QueryRowContext(ctx, `
		SELECT (SELECT coalesce(sum(octet_length(tbl) + octet_length(id) + octet_length(data)), 0) FROM records WHERE workspace = $1) +
			(SELECT coalesce(sum(octet_length(tbl) + octet_length(id) + octet_length(bucket)), 0) FROM log WHERE workspace = $1),
			(SELECT coalesce(sum(octet_length(line)), 0) FROM journal WHERE workspace = $1) +
			(SELECT coalesce(sum(octet_length(data)), 0) FROM segments WHERE workspace = $1)`, s.workspace).Scan(&s.bytes, &s.lines)
}

// recountLatest computes the columns latest and purge of the next records. It does not use SQL for
// that, because PostgreSQL cannot read fields of a JSON document that contains U+0000.
func (s *session) recountLatest(ctx context.Context) error {
	type row struct {
		keyRow
		Latest int64 `json:"latest"`
		Purge  int64 `json:"purge"`
	}
	rows, err := s.tx.QueryContext(ctx, bySequence, s.workspace, s.counted, recountRecords)
	if err != nil {
		return err
	}
	defer rows.Close()
	var page []row
	for size := 0; size < maxLoaded && rows.Next(); {
		var data string
		var key record.Key
		var r record.Record
		if err := rows.Scan(&s.counted, &key.Table, &key.ID, &data); err != nil {
			return err
		}
		if err := r.Scan(data); err != nil {
			return err
		}
		size += len(data)
		page = append(page, row{keyRow{key.Table, key.ID}, int64(latestOf(r)), dueOf(r.WithKey(key))})
	}
	if err := rows.Err(); err != nil {
		return err
	}
	rows.Close()
	if len(page) == 0 {
		s.counted = s.seq
		return nil
	}
	// This is not an UPDATE with a join, because a planner may reverse the order of that join.
	return s.exec(ctx, "the greatest timestamps", `
		INSERT INTO records (workspace, tbl, id, data, seq, latest, purge, bucket)
		SELECT d.workspace, d.tbl, d.id, d.data, d.seq, CAST(r.value->>'latest' AS BIGINT), CAST(r.value->>'purge' AS BIGINT), d.bucket
		FROM JSON_ROWS
		LOOKUP records AS d ON d.workspace = $2 AND d.tbl = r.value->>'tbl' AND d.id = r.value->>'id'
		WHERE true
		ON CONFLICT (workspace, tbl, id) DO UPDATE SET latest = excluded.latest, purge = excluded.purge`, page)
}

// bySequence selects the records after a sequence, whatever their buckets. Each part has an index.
const bySequence = `
	SELECT seq, tbl, id, data FROM (
		SELECT * FROM (SELECT seq, tbl, id, data FROM records WHERE workspace = $1 AND bucket = '' AND seq > $2 ORDER BY seq LIMIT $3) AS k
		UNION ALL
		SELECT * FROM (SELECT seq, tbl, id, data FROM records WHERE workspace = $1 AND bucket <> '' AND seq > $2 ORDER BY seq LIMIT $3) AS k
		UNION ALL
		SELECT * FROM (SELECT seq, tbl, id, data FROM records WHERE workspace = $1 AND bucket IS NULL AND seq > $2 ORDER BY seq LIMIT $3) AS k
	) AS k ORDER BY seq LIMIT $3`

// latestOf returns the greatest timestamp of the fields of a record.
func latestOf(r record.Record) (latest clock.Timestamp) {
	for _, w := range r.All() {
		latest = max(latest, w.Stamp.Time)
	}
	return latest
}
