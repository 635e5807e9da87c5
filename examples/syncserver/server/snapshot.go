package server

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"

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
	logged  bool            // whether the log may have rows that a plain reading has not read
}

// isOfAll reports whether the user has the bucket "" and no other.
func (now snapshot) isOfAll() bool {
	_, ok := now.Granted[""]
	return ok && len(now.Granted) == 1
}

// foundRecord is a record that a pull has found with a sequence under some buckets.
type foundRecord struct {
	record.Record
	seq   int64
	under sql.Null[string] // a JSON array; null for the one bucket ""
}

// foundRow is a row of a reading.
type foundRow struct {
	seq             int64 // 0 in the first row, which has the state
	table, id, data string
	under           sql.Null[string]
}

// state returns the state of the workspace, and the last number of its row.
func (s *Server) state(r foundRow) (now snapshot, last int64, err error) {
	var numbers [7]int64
	if err := json.Unmarshal([]byte(r.data), &numbers); err != nil {
		return now, 0, fmt.Errorf("read the state of a workspace: %w", err)
	}
	if err := json.Unmarshal([]byte(r.under.V), &now.Granted); err != nil {
		return now, 0, fmt.Errorf("read the buckets of a user: %w", err)
	}
	now.Epoch, now.Seq, now.Fence = r.table, numbers[0], numbers[1]
	now.fence = fence{numbers[1], clock.Timestamp(numbers[2]), int(numbers[3])}
	now.sampled, now.latest = clock.Timestamp(numbers[4]), clock.Timestamp(numbers[5])
	if s.division.of == nil { // the other buckets do not exist
		maps.DeleteFunc(now.Granted, func(name string, _ int64) bool { return name != "" })
	}
	if now.Seq > 0 && r.id != s.division.version {
		return now, 0, unavailable(errDivision)
	}
	return now, numbers[6], nil
}

// snapshot reads the state of a workspace, the rights of a user, and the next records, up to the bounds
// of a chunk. A single statement sees one state of the database. So the records were purged below the
// returned fence, and their sequences are at most the returned sequence.
func (s *Server) snapshot(ctx context.Context, p *cursorPage, what reading) (now snapshot, err error) {
	if err := s.database.check(); err != nil {
		return now, err
	}
	limit := min(p.limit, p.chunk)
	most, bytes := p.bounds()
	args, err := s.readings.args(what, p, limit)
	if err != nil {
		return now, err
	}
	rows, err := s.database.db.QueryContext(ctx, s.readings.of[what.kind], args...)
	if err != nil {
		return now, err
	}
	defer rows.Close()
	var last int64
	size, exists := 0, false
	for !now.more && rows.Next() {
		var row foundRow
		if err := rows.Scan(&row.seq, &row.table, &row.id, &row.data, &row.under); err != nil {
			return now, err
		}
		if row.seq == 0 {
			if now, last, err = s.state(row); err != nil {
				return now, err
			}
			exists = true
			continue
		}
		found := foundRecord{seq: row.seq, under: row.under}
		if err := found.Scan(row.data); err != nil {
			return now, fmt.Errorf("read a record: %w", err)
		}
		found.Record = found.WithKey(record.Key{Table: row.table, ID: row.id})
		now.records = append(now.records, found)
		size += len(row.data)
		now.more = size >= bytes || int64(len(now.records)) == limit
		now.reached = found.seq
	}
	if err := rows.Err(); err != nil {
		return now, err
	}
	if !exists { // nothing was written to the workspace yet
		now.Granted, err = s.database.granted(ctx, p.member)
		return now, err
	}
	s.readings.bound(&now, what, last, limit)
	if p.chunk = min(2*p.chunk, most); size >= bytes {
		p.chunk = int64(len(now.records))
	}
	return now, nil
}

// bound decides up to which sequence a reading has found all records.
func (a readings) bound(now *snapshot, what reading, last, limit int64) {
	end := what.from + a.window
	now.logged = what.kind != plain || last > 0
	switch {
	case len(now.Granted) == 0:
		now.records, now.more = nil, false
	case now.more:
		now.sparse = what.kind == byBucket && now.reached-what.least() > a.window
	case what.kind == byWindow && end < now.Seq:
		now.more, now.reached = true, end
		now.sparse = int64(len(now.records)) < limit/4
	case what.kind == byBucket && last > 0:
		now.more, now.reached = true, last
		now.sparse = now.reached-what.least() > a.window
	}
}

// args returns the arguments of the statement.
func (a readings) args(r reading, p *cursorPage, limit int64) ([]any, error) {
	switch r.kind {
	case plain:
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
