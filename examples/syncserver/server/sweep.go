package server

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// A sweep replaces the stored records by their normal forms. It changes only the size of the
// database, because all reads see normal forms already: see session.normal. So a swept record keeps
// its sequence, no violation changes, and an interrupted sweep is continued the next day.

// The limits of each transaction of a sweep, so that it delays no push for long.
const (
	sweepRecords  = 100
	sweepBytes    = 4 << 20
	sweepMarks    = 1000
	sweepSegments = 10
)

// A sweep pauses after each transaction, and before the next workspace. Without these pauses, a push
// to another process could wait for as long as the sweep takes: processes that wait for the lock of
// an SQLite database check only now and then whether it is free.
const (
	sweepPause     = 2 // times the duration of the transaction
	workspacePause = 10 * time.Millisecond
)

// step does a part of some work in a transaction, and reports whether more is left.
type step func(context.Context, *session) (more bool, err error)

// sweep purges what is below the fence of a workspace, in small transactions.
func (s *Server) sweep(ctx context.Context, workspace string) error {
	steps := []step{s.sweepRecords, s.sweepClosed, s.sweepDeparted, s.sweepDead, sweepLog, sweepWatermarks, sweepJournal}
	return s.repeat(ctx, workspace, func(ctx context.Context, tx *session) (more bool, err error) {
		for len(steps) > 0 && tx.fence.stamp > 0 {
			if more, err = steps[0](ctx, tx); more || err != nil {
				return more, err
			}
			steps = steps[1:]
		}
		return false, nil
	})
}

// repeat runs a step, each time in a transaction of its own, until nothing is left.
func (s *Server) repeat(ctx context.Context, workspace string, next step) error {
	for {
		var more bool
		var begun time.Time
		err := s.maintain(ctx, workspace, func(tx *session) (err error) {
			begun = time.Now()
			more, err = next(ctx, tx)
			return err
		})
		if err != nil || !more {
			return err
		}
		if err := pause(ctx, sweepPause*time.Since(begun)); err != nil {
			return err
		}
	}
}

// pause waits, so that other processes get the lock.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sweepRecords replaces some records by their normal forms at level 1, and indexes them again.
func (s *Server) sweepRecords(ctx context.Context, tx *session) (more bool, err error) {
	found, err := tx.swept(ctx, `
		SELECT seq, tbl, id, data, bucket FROM records
		WHERE workspace = $1 AND purge <> 0 AND purge > 0 AND purge <= $2 ORDER BY purge, seq LIMIT $3`, tx.workspace, tx.fence.stamp, sweepRecords)
	if err != nil || len(found) == 0 {
		return false, err
	}
	rows := make([]storedRow, len(found))
	updates := make([]merge.Update, len(found))
	var dead []record.Key
	for i, f := range found {
		updates[i] = merge.Update{Before: f.Record, After: merge.Purge(f.Record, tx.fence.stamp, 1)}
		if isBare(updates[i].After) {
			dead = append(dead, f.Key())
		}
		rows[i] = newStoredRow(updates[i].After, f.seq)
		rows[i].Bucket = f.bucket
		tx.bytes += int64(len(rows[i].Data) - f.size)
	}
	if err := tx.put(ctx, rows); err != nil {
		return false, err
	}
	if err := tx.index(ctx, s.options.Rules, updates); err != nil {
		return false, err
	}
	return true, tx.dropLostEdits(ctx, dead)
}

// sweepClosed drops some violation rows that were closed before the fence.
func (s *Server) sweepClosed(ctx context.Context, tx *session) (more bool, err error) {
	found, err := tx.swept(ctx, `
		SELECT seq, tbl, id, data, bucket FROM records
		WHERE workspace = $1 AND purge <> 0 AND purge = $2 AND seq <= $3 ORDER BY seq LIMIT $4`,
		tx.workspace, closed, tx.fence.seq, sweepRecords)
	if err != nil || len(found) == 0 {
		return false, err
	}
	return true, tx.drop(ctx, found)
}

// drop drops violation rows. Each takes a sequence of its own, with which clients are told that it has
// left the workspace.
func (s *session) drop(ctx context.Context, found []sweptRecord) error {
	rows := make([]storedRow, len(found))
	keys := make([]record.Key, len(found))
	filed := s.newFiling()
	for i, f := range found {
		s.seq++
		keys[i] = f.Key()
		u := merge.Update{Before: f.Record, After: record.New(f.Key())}
		rows[i] = newStoredRow(u.After, s.seq)
		rows[i].Bucket = filed.add(u, s.seq, true)
		s.bytes += int64(len(rows[i].Data) - f.size)
	}
	if err := s.file(ctx, filed); err != nil {
		return err
	}
	if err := s.put(ctx, rows); err != nil {
		return err
	}
	return s.unindex(ctx, keys)
}

// sweepDeparted removes some violation rows that were dropped at or below the fence. A client that
// was not told to forget a row has a cursor below the fence, and pulls everything again.
func (s *Server) sweepDeparted(ctx context.Context, tx *session) (more bool, err error) {
	return s.remove(ctx, tx, departed, math.MaxInt64)
}

// sweepDead removes some dead records at level 2. A record whose sequence is above the fence
// stays until it is below: the deletion must still reach the clients.
func (s *Server) sweepDead(ctx context.Context, tx *session) (more bool, err error) {
	if tx.fence.level < 2 {
		return false, nil
	}
	return s.remove(ctx, tx, husk, tx.fence.stamp)
}

// remove removes some records that have the given value of the column purge, no sequence above the
// fence, and no stamp above the argument "latest".
func (s *Server) remove(ctx context.Context, tx *session, purge int64, latest clock.Timestamp) (more bool, err error) {
	found, err := tx.swept(ctx, `
		SELECT seq, tbl, id, data, bucket FROM records
		WHERE workspace = $1 AND purge <> 0 AND purge = $2 AND seq <= $3 AND latest <= $4 ORDER BY seq LIMIT $5`,
		tx.workspace, purge, tx.fence.seq, latest, sweepRecords)
	if err != nil || len(found) == 0 {
		return false, err
	}
	keys := make([]record.Key, len(found))
	updates := make([]merge.Update, len(found))
	for i, f := range found {
		keys[i] = f.Key()
		updates[i] = merge.Update{Before: f.Record, After: record.New(f.Key())}
		tx.bytes -= storedBytes(f.Key(), f.size)
	}
	if err := tx.index(ctx, s.options.Rules, updates); err != nil {
		return false, err
	}
	if tx.of != nil { // no row of the log outlives its record
		if err := tx.unlog(ctx, belowFence(tx.fence), keyRows(keys)); err != nil {
			return false, err
		}
	}
	return true, tx.exec(ctx, "the removal of records", `
		DELETE FROM records WHERE workspace = $2 AND (tbl, id) IN (SELECT value->>'tbl', value->>'id' FROM JSON_ROWS)`, keyRows(keys))
}

// sweptRecord is a record that a sweep has found.
type sweptRecord struct {
	record.Record
	seq    int64
	size   int     // of the JSON, in bytes
	bucket *string // under which it is filed
}

// scan reads a row of seq, tbl, id, data and bucket.
func (r *sweptRecord) scan(rows *sql.Rows) error {
	var key record.Key
	var data string
	if err := rows.Scan(&r.seq, &key.Table, &key.ID, &data, &r.bucket); err != nil {
		return fmt.Errorf("read a record: %w", err)
	}
	if err := r.Scan(data); err != nil {
		return fmt.Errorf("read the record %q: %w", key, err)
	}
	r.Record, r.size = r.WithKey(key), len(data)
	return nil
}

// swept returns the records that a statement finds, as they are stored, up to sweepBytes.
func (s *session) swept(ctx context.Context, statement string, args ...any) (found []sweptRecord, err error) {
	rows, err := s.tx.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, fmt.Errorf("look up records: %w", err)
	}
	defer rows.Close()
	for size := 0; size < sweepBytes && rows.Next(); {
		var one sweptRecord
		if err := one.scan(rows); err != nil {
			return nil, err
		}
		size += one.size
		found = append(found, one)
	}
	return found, rows.Err()
}

// sweepWatermarks removes some watermarks at or below the fence. A missing watermark never
// makes the engine report an edit as lost.
func sweepWatermarks(ctx context.Context, tx *session) (more bool, err error) {
	result, err := tx.tx.ExecContext(ctx, `
		DELETE FROM marks WHERE client IN (SELECT client FROM marks WHERE workspace = $1 AND at <= $2 ORDER BY at LIMIT $3)`,
		tx.workspace, tx.fence.stamp, sweepMarks)
	if err != nil {
		return false, fmt.Errorf("remove watermarks: %w", err)
	}
	n, err := result.RowsAffected()
	return n == sweepMarks, err
}

// sweepJournal removes some of the oldest segments of the journal, up to the oldest sample. That
// sample is the fence or older.
func sweepJournal(ctx context.Context, tx *session) (more bool, err error) {
	var old, last, bytes int64
	err = tx.tx.QueryRowContext(ctx, `
		SELECT coalesce(min(entry), 0) FROM samples WHERE workspace = $1 AND seq <= $2`, tx.workspace, tx.fence.seq).Scan(&old)
	if err != nil {
		return false, fmt.Errorf("look up the oldest sample: %w", err)
	}
	err = tx.tx.QueryRowContext(ctx, `
		SELECT coalesce(max(last), 0), coalesce(sum(octet_length(data)), 0) FROM (
			SELECT last, data FROM segments WHERE workspace = $1 AND last <= $2 ORDER BY last LIMIT $3) AS k`,
		tx.workspace, old, sweepSegments).Scan(&last, &bytes)
	if err != nil || last == 0 {
		return false, err
	}
	tx.lines -= bytes
	_, err = tx.tx.ExecContext(ctx, `DELETE FROM segments WHERE workspace = $1 AND last <= $2`, tx.workspace, last)
	return true, err
}
