package server

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// snapshot is the state of a workspace, what a user may read, and the next records of a pull.
type snapshot struct {
	buckets.Snapshot
	fence   fence
	sampled clock.Timestamp // the greatest stamp of the newest sample
	latest  clock.Timestamp // the greatest stamp of all records
	records []foundRecord   // in ascending order of sequence
	more    bool            // whether there may be further records
	reached int64           // if there may be: the sequence up to which there are none
	sparse  bool            // whether a window has few records that the user may read
}

// foundRecord is a record that a pull has found with a sequence under some buckets.
type foundRecord struct {
	record.Record
	seq   int64
	under string // a JSON array
}

// stateRow is a row of a reading.
type stateRow struct {
	snapshot
	divided, granted string
	seq              sql.Null[int64]
	table, id, data  sql.Null[string]
	under            string
	complete         sql.Null[int64] // byBucket has found all rows up to this sequence; null if it has found all
}

func (r *stateRow) scan(rows *sql.Rows) error {
	return rows.Scan(&r.Epoch, &r.Seq, &r.fence.seq, &r.fence.stamp, &r.fence.level, &r.divided, &r.sampled, &r.latest, &r.granted,
		&r.seq, &r.table, &r.id, &r.data, &r.under, &r.complete)
}

// snapshot reads the state of a workspace, the rights of a user, and the next records, up to chunkBytes.
// A single statement sees one state of the database. So the records were purged below the returned fence,
// and their sequences are at most the returned sequence.
func (s *Server) snapshot(ctx context.Context, p *cursorPage, what reading) (now snapshot, err error) {
	if err := s.database.check(); err != nil {
		return now, err
	}
	limit := min(p.limit, p.chunk)
	args, err := s.readings.args(what, p, limit)
	if err != nil {
		return now, err
	}
	rows, err := s.database.db.QueryContext(ctx, s.readings.of[what.kind], args...)
	if err != nil {
		return now, err
	}
	defer rows.Close()
	var complete sql.Null[int64]
	size, isFirst := 0, true
	for !now.more && rows.Next() {
		var row stateRow
		if err := row.scan(rows); err != nil {
			return now, err
		}
		if isFirst {
			if row.Seq > 0 && row.divided != s.division.version {
				return now, unavailable(errDivision)
			}
			now, complete, isFirst = row.snapshot, row.complete, false
			now.Fence = now.fence.seq
			if err := json.Unmarshal([]byte(row.granted), &now.Granted); err != nil {
				return now, fmt.Errorf("read the buckets of a user: %w", err)
			}
		}
		if row.seq.V == 0 { // the row has only the state
			continue
		}
		found := foundRecord{seq: row.seq.V, under: row.under}
		if err := found.Scan(row.data.V); err != nil {
			return now, fmt.Errorf("read a record: %w", err)
		}
		found.Record = found.WithKey(record.Key{Table: row.table.V, ID: row.id.V})
		now.records = append(now.records, found)
		size += len(row.data.V)
		now.more = size >= chunkBytes || int64(len(now.records)) == limit
		now.reached = found.seq
	}
	if err := rows.Err(); err != nil {
		return now, err
	}
	if isFirst { // nothing was written to the workspace yet
		now.Granted, err = s.database.granted(ctx, p.member)
		return now, err
	}
	s.readings.bound(&now, what, complete, limit)
	if p.chunk = min(2*p.chunk, chunkRecords); size >= chunkBytes {
		p.chunk = int64(len(now.records))
	}
	return now, nil
}

// bound decides up to which sequence a reading has found all records.
func (a readings) bound(now *snapshot, what reading, complete sql.Null[int64], limit int64) {
	end := what.from + a.window
	switch {
	case len(now.Granted) == 0:
		now.records, now.more = nil, false
	case now.more:
		now.sparse = what.kind == byBucket && now.reached-what.least() > a.window
	case what.kind == byWindow && end < now.Seq:
		now.more, now.reached = true, end
		now.sparse = int64(len(now.records)) < limit/4
	case what.kind == byBucket && complete.Valid:
		now.more, now.reached = true, complete.V
		now.sparse = now.reached-what.least() > a.window
	}
}

// args returns the arguments of the statement.
func (a readings) args(r reading, p *cursorPage, limit int64) ([]any, error) {
	switch r.kind {
	case everything:
		return []any{r.from, p.workspace, p.user, limit}, nil
	case byWindow:
		return []any{r.from, p.workspace, p.user, r.from + a.window, limit}, nil
	}
	list, err := json.Marshal(r.rows)
	return []any{string(list), p.workspace, p.user, a.offset(r, limit), limit}, err
}

// granted returns the buckets of a user with the sequences of their grants.
func (d *Database) granted(ctx context.Context, m member) (map[string]int64, error) {
	rows, err := d.db.QueryContext(ctx, `SELECT bucket, granted FROM members WHERE workspace = $1 AND "user" = $2`, m.workspace, m.user)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	granted := make(map[string]int64)
	for rows.Next() {
		var name string
		var at int64
		if err := rows.Scan(&name, &at); err != nil {
			return nil, err
		}
		granted[name] = at
	}
	return granted, rows.Err()
}
