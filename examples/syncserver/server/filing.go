package server

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
)

// A pull finds the records of a bucket by two kinds of rows. The row of the record itself is filed under
// the first of its buckets or, if the record was written when it left its last bucket, under the first
// that it left. Rows of the table log file it under further buckets: those that it is in, and those that
// it has left. Each row has the sequence of the write that brought or took the record, and says only
// where to look: whether the record is in the bucket follows from the record as it is now.
//
// A record that is in no bucket before and after a write is not found under any: its row has the bucket
// NULL, and if it had another one, that stays in the log with its sequence. So a client is told once that
// a record has left, and never if it pulls the bucket for the first time after that.
//
// Without Options.Buckets, all records are filed under "", also dead and erased ones, and the
// log is empty.

// filing collects how the rows of some updates are to be filed.
type filing struct {
	of      buckets.Func
	fence   clock.Timestamp
	touched map[string]bool // of the session
	now     []logRow        // further buckets, with the sequence of the update
	not     []logRow        // buckets under which no row of the log may remain
	kept    []keptRow       // records whose present row may have to be kept in the log
}

// logRow is a row of the table log as a parameter of a statement.
type logRow struct {
	keyRow
	Bucket string `json:"bucket"`
	Seq    int64  `json:"seq"`
}

// keptRow is a record with its next bucket as a parameter of a statement.
type keptRow struct {
	keyRow
	Bucket *string `json:"bucket"`
}

func (s *session) newFiling() filing {
	return filing{of: s.of, fence: s.fence.stamp, touched: s.touched}
}

// add files an update that takes a sequence, and returns the bucket of its row. The last argument says
// whether a version of the record is stored.
func (f *filing) add(u merge.Update, seq int64, stored bool) (first *string) {
	if f.of == nil {
		f.touched[""] = true
		return new(string)
	}
	in, left := f.of.Moves(u, f.fence)
	key := keyRow{u.After.Key().Table, u.After.Key().ID}
	for _, names := range [][]string{in, left} {
		for _, name := range names {
			f.touched[name] = true
			if _, of, ok := cutLoserBucket(name); ok {
				f.touched[of] = true // event streams follow the buckets of users
			}
			if first == nil {
				first = &name
				continue
			}
			f.now = append(f.now, logRow{key, name, seq})
		}
	}
	if !stored {
		return first
	}
	was := f.of.Of(u.Before, f.fence)
	if len(was) == 0 {
		f.kept = append(f.kept, keptRow{key, first})
	}
	if first != nil && (len(was) == 0 || *first != was[0]) {
		f.not = append(f.not, logRow{key, *first, seq})
	}
	return first
}

// file stores what the column records.bucket does not say. Call it before the records are stored.
func (s *session) file(ctx context.Context, f filing) error {
	if len(f.kept) > 0 {
		if err := s.keep(ctx, f.kept); err != nil {
			return err
		}
	}
	if len(f.now)+len(f.not) == 0 {
		return nil
	}
	s.indexed += len(f.now)
	err := s.unlog(ctx, theseRows, append(f.not, f.now...))
	if err != nil || len(f.now) == 0 {
		return err
	}
	for _, r := range f.now {
		s.bytes += logBytes(r)
	}
	return s.exec(ctx, "the log", `
		INSERT INTO log (workspace, tbl, id, bucket, seq)
		SELECT $2, value->>'tbl', value->>'id', value->>'bucket', CAST(value->>'seq' AS BIGINT) FROM JSON_ROWS`, f.now)
}

// keep handles records that were in no bucket. It purges their departures below the fence, and keeps
// their present rows in the log, unless these are below the fence or are filed again under the same
// bucket.
func (s *session) keep(ctx context.Context, kept []keptRow) error {
	err := s.unlog(ctx, belowFence(s.fence), kept)
	if err != nil {
		return err
	}
	return s.sumBytes(ctx, +1, `
		INSERT INTO log (workspace, tbl, id, bucket, seq)
		SELECT d.workspace, d.tbl, d.id, d.bucket, d.seq
		FROM JSON_ROWS
		LOOKUP records AS d ON d.workspace = $2 AND d.tbl = r.value->>'tbl' AND d.id = r.value->>'id'
		WHERE d.seq > `+fmt.Sprint(s.fence.seq)+` AND d.bucket IS NOT NULL AND d.bucket IS DISTINCT FROM (r.value->>'bucket')
		ON CONFLICT DO NOTHING
		RETURNING octet_length(tbl) + octet_length(id) + octet_length(bucket)`, kept)
}

// unlog removes the rows d of some records for which a condition in SQL holds.
func (s *session) unlog(ctx context.Context, condition string, records any) error {
	return s.sumBytes(ctx, -1, `
		DELETE FROM log WHERE ONE_OF log AS d ON d.workspace = $2 AND d.tbl = r.value->>'tbl' AND d.id = r.value->>'id' AND `+condition+`
		RETURNING octet_length(tbl) + octet_length(id) + octet_length(bucket)`, records)
}

// sumBytes runs a statement that returns the sizes of rows, and counts them with the given sign.
func (s *session) sumBytes(ctx context.Context, sign int64, statement string, rows any) error {
	list, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	found, err := s.tx.QueryContext(ctx, s.rows(statement), string(list), s.workspace)
	if err != nil {
		return fmt.Errorf("store the log: %w", err)
	}
	defer found.Close()
	for found.Next() {
		var size int64
		if err := found.Scan(&size); err != nil {
			return fmt.Errorf("store the log: %w", err)
		}
		s.bytes += sign * size
	}
	return found.Err()
}

// logBytes returns the size of a row of the log.
func logBytes(r logRow) int64 { return int64(len(r.Table) + len(r.ID) + len(r.Bucket)) }

// theseRows selects rows by their record and bucket.
const theseRows = `d.bucket = r.value->>'bucket'`

// belowFence selects the rows of some records at or below the fence.
func belowFence(f fence) string { return fmt.Sprintf(`d.seq <= %d`, f.seq) }

// sweptRows is the number of rows of the log that a transaction of a sweep reads, apart from further rows
// of the last record.
const sweptRows = 50

// sweepLog purges the departures of some sequences up to the fence. A row whose record is still in the
// bucket stays. A record that is in a bucket now leaves it with a write, which gives the row a new sequence:
// only a record with a stamp from the future can die later without one, and its rows go when it is removed.
func sweepLog(ctx context.Context, tx *session) (more bool, err error) {
	if tx.of == nil || tx.departed >= tx.fence.seq {
		return false, nil
	}
	rows, err := tx.logged(ctx)
	if err != nil {
		return false, err
	}
	if len(rows) == 0 {
		tx.departed = tx.fence.seq
		return false, nil
	}
	keys := make([]keyRow, len(rows))
	for i, r := range rows {
		keys[i] = r.keyRow
	}
	in := make(map[keyRow][]string)
	err = tx.query(ctx, question{
		statement: `
			SELECT '', d.tbl, d.id, d.data
			FROM (SELECT DISTINCT value->>'tbl' AS tbl, value->>'id' AS id FROM JSON_ROWS) AS k
			LOOKUP records AS d ON d.workspace = $2 AND d.tbl = k.tbl AND d.id = k.id`,
		rows: keys,
		args: []any{tx.workspace},
	}, func(f found) { in[keyRow{f.Key().Table, f.Key().ID}] = tx.of.Of(f.Record, tx.fence.stamp) })
	if err != nil {
		return false, err
	}
	tx.departed = rows[len(rows)-1].Seq
	gone := slices.DeleteFunc(rows, func(r logRow) bool { return slices.Contains(in[r.keyRow], r.Bucket) })
	return true, tx.unlog(ctx, theseRows, gone)
}

// logged returns the next rows of the log that a sweep must judge. It returns all rows of a sequence or
// none.
func (s *session) logged(ctx context.Context) (all []logRow, err error) {
	rows, err := s.tx.QueryContext(ctx, `
		SELECT tbl, id, bucket, seq FROM log
		WHERE workspace = $1 AND seq > $2 AND seq <= (
			SELECT max(seq) FROM (SELECT seq FROM log WHERE workspace = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4) AS k)
		ORDER BY seq`, s.workspace, s.departed, s.fence.seq, sweptRows)
	if err != nil {
		return nil, fmt.Errorf("look up departures: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r logRow
		if err := rows.Scan(&r.Table, &r.ID, &r.Bucket, &r.Seq); err != nil {
			return nil, fmt.Errorf("read the log: %w", err)
		}
		all = append(all, r)
	}
	return all, rows.Err()
}
