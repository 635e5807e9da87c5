package server

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// maxGuesses is how many times a chunk is read until the guess was right. One time is
// enough if the rights and the fence are as in the chunk before, and two are if they do not change between
// the two.
const maxGuesses = 5

// nextSnapshot returns what the next chunk of a pull is made from.
//
// What to read follows from the rights, the epoch and the fence, and these must come from the same
// snapshot as the records. So nextSnapshot guesses what to read, and reads it in one statement together with
// the rest. If the guess was wrong, it begins again.
func (s *Server) nextSnapshot(ctx context.Context, p *Page) (now Snapshot, err error) {
	guess := p.next
	if guess.rows == nil {
		guess = s.firstReading(p.Cursor)
	}
	for range maxGuesses {
		now, err := s.snapshot(ctx, p, guess)
		if err == nil && now.Seq > 0 && now.Epoch == "" { // a server of an earlier version created the workspace
			if err = s.locked(ctx, p.Workspace, func(*session) error { return nil }); err == nil {
				now, err = s.snapshot(ctx, p, guess)
			}
		}
		if err != nil {
			return now, err
		}
		at := p.Cursor
		at.Begin(now.Snapshot)
		want := s.wanted(at, now)
		if guess.covers(want) {
			p.next = s.wanted(now.after(at), now)
			return now, nil
		}
		guess = want
	}
	return now, errors.New("the rights or the fence have changed again and again during a pull")
}

// foundRow is a row of a reading.
type foundRow struct {
	seq             int64 // 0 in the first row, which has the state
	table, id, data string
	under           sql.Null[string]
}

// state returns the state of the workspace, and the last number of its row.
func (s *Server) state(r foundRow) (now Snapshot, last int64, err error) {
	var numbers [7]int64
	if err := json.Unmarshal([]byte(r.data), &numbers); err != nil {
		return now, 0, fmt.Errorf("read the state of a workspace: %w", err)
	}
	if err := json.Unmarshal([]byte(r.under.V), &now.Granted); err != nil {
		return now, 0, fmt.Errorf("read the buckets of a user: %w", err)
	}
	now.Epoch, now.Seq, now.Fence = r.table, numbers[0], numbers[1]
	now.Purged, now.Level = clock.Timestamp(numbers[2]), int(numbers[3])
	now.Sampled, now.Latest = clock.Timestamp(numbers[4]), clock.Timestamp(numbers[5])
	if s.division.of == nil { // the other buckets do not exist
		maps.DeleteFunc(now.Granted, func(name string, _ int64) bool { return name != "" })
	}
	if now.Seq > 0 && r.id != s.division.version {
		return now, 0, Unavailable(errDivision)
	}
	return now, numbers[6], nil
}

// ownOf returns the buckets of a client, given the buckets of its user.
func (s *Server) ownOf(granted map[string]int64, client clock.ClientID) map[string]int64 {
	if !s.options.LostEdits {
		return granted
	}
	return withLosers(granted, client)
}

// snapshot reads the state of a workspace, the rights of a user, and the next records, up to the bounds
// of a chunk. A single statement sees one state of the database. So the records were purged below the
// returned fence, and their sequences are at most the returned sequence.
func (s *Server) snapshot(ctx context.Context, p *Page, what reading) (now Snapshot, err error) {
	if err := s.database.check(); err != nil {
		return now, err
	}
	limit := min(p.Limit, p.chunk)
	most, bytes := p.Bounds()
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
	for !now.More && rows.Next() {
		var row foundRow
		if err := rows.Scan(&row.seq, &row.table, &row.id, &row.data, &row.under); err != nil {
			return now, err
		}
		if row.seq == 0 {
			if now, last, err = s.state(row); err != nil {
				return now, err
			}
			now.Granted = s.ownOf(now.Granted, p.Client)
			exists = true
			continue
		}
		found := Found{Seq: row.seq, Under: row.under.V}
		if err := found.Scan(row.data); err != nil {
			return now, fmt.Errorf("read a record: %w", err)
		}
		found.Record = found.WithKey(record.Key{Table: row.table, ID: row.id})
		now.Records = append(now.Records, found)
		size += len(row.data)
		now.More = size >= bytes || int64(len(now.Records)) == limit
		now.Reached = found.Seq
	}
	if err := rows.Err(); err != nil {
		return now, err
	}
	if !exists { // nothing was written to the workspace yet
		now.Granted, err = s.database.granted(ctx, p.Sender)
		now.Granted = s.ownOf(now.Granted, p.Client)
		return now, err
	}
	s.readings.bound(&now, what, last, limit)
	if p.chunk = min(2*p.chunk, most); size >= bytes {
		p.chunk = int64(len(now.Records))
	}
	return now, nil
}

// bound decides up to which sequence a reading has found all records.
func (a readings) bound(now *Snapshot, what reading, last, limit int64) {
	end := what.from + a.window
	now.logged = what.kind != plain || last > 0
	switch {
	case len(now.Granted) == 0:
		now.Records, now.More = nil, false
	case now.More:
		now.sparse = what.kind == byBucket && now.Reached-what.least() > a.window
	case what.kind == byWindow && end < now.Seq:
		now.More, now.Reached = true, end
		now.sparse = int64(len(now.Records)) < limit/4
	case what.kind == byBucket && last > 0:
		now.More, now.Reached = true, last
		now.sparse = now.Reached-what.least() > a.window
	}
}

// args returns the arguments of the statement.
func (a readings) args(r reading, p *Page, limit int64) ([]any, error) {
	switch r.kind {
	case plain:
		return []any{r.from, p.Workspace, p.User, limit}, nil
	case byWindow:
		args := []any{r.from, p.Workspace, p.User, r.from + a.window, limit}
		if a.lost {
			args = append(args, loserBucket(p.Client, ""))
		}
		return args, nil
	}
	list, err := json.Marshal(r.rows)
	return []any{string(list), p.Workspace, p.User, a.offset(r, limit), limit}, err
}

// granted returns the buckets of a user with the sequences of their grants.
func (d *Database) granted(ctx context.Context, m Sender) (map[string]int64, error) {
	rows, err := d.db.QueryContext(ctx, `SELECT bucket, granted FROM members WHERE workspace = $1 AND "user" = $2`, m.Workspace, m.User)
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
