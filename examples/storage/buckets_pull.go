package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// epoch is the epoch of all cursors. A server whose database may be restored from a backup
// needs a stored one, which changes then.
const epoch = "1"

// position is where a client of a divided server pulls. The parameter limit is the greatest
// number of records in a chunk.
type position struct {
	client clock.ClientID
	cursor string
	limit  int
}

// chunk is the answer to a pull of a divided server: JSON Lines as in package buckets, and the
// cursor for the next pull.
type chunk struct {
	lines  []byte
	cursor string
}

// pullBuckets is the pull handler of a divided server. A client begins with an empty cursor
// and pulls until the cursor stays the same.
func (s *server) pullBuckets(ctx context.Context, p position) (c chunk, err error) {
	at, err := buckets.ParseCursor(p.cursor)
	if err != nil {
		return chunk{}, err // status 400
	}
	err = s.inSnapshot(ctx, func(tx *sql.Tx) error {
		now, err := snapshotOf(ctx, tx, p.client)
		if err != nil {
			return err
		}
		c, err = s.chunk(ctx, tx, reading{now, at, p.limit})
		return err
	})
	if err != nil {
		return chunk{}, fmt.Errorf("pull: %w", err)
	}
	return c, nil
}

// inSnapshot runs f in a transaction whose statements all see one state of the database: the
// rights, the log and the records. On SQLite, each transaction does.
func (s *server) inSnapshot(ctx context.Context, f func(*sql.Tx) error) error {
	return s.transaction(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}, f)
}

// snapshotOf returns the last sequence and the rights of a client. A server that purges also
// needs its fence here.
func snapshotOf(ctx context.Context, tx *sql.Tx, client clock.ClientID) (now buckets.Snapshot, err error) {
	now.Epoch = epoch
	if err = tx.QueryRowContext(ctx, `SELECT seq FROM counter`).Scan(&now.Seq); err != nil {
		return now, err
	}
	now.Granted, err = grants(ctx, tx, client)
	return now, err
}

// reading is what a chunk is made from.
type reading struct {
	now   buckets.Snapshot
	at    buckets.Cursor
	limit int
}

// chunk returns the next rows, with the records as they are in the snapshot.
func (s *server) chunk(ctx context.Context, tx *sql.Tx, r reading) (c chunk, err error) {
	resets, tells := r.at.Begin(r.now)
	for _, reset := range resets {
		c.lines = appendJSON(c.lines, map[string]any{"reset": reset.Buckets, "why": reset.Why})
	}
	entries, more, err := s.division.find(ctx, tx, r)
	if err != nil {
		return chunk{}, err
	}
	keys := make([]record.Key, len(entries))
	for i, e := range entries {
		keys[i] = e.key
	}
	records, err := s.layout.peek(ctx, tx, keys)
	if err != nil {
		return chunk{}, err
	}
	for _, e := range entries {
		c.lines = s.division.appendEntry(c.lines, e, r, records)
	}
	if more {
		r.at.Reach(entries[len(entries)-1].seq)
	} else {
		r.at.Settle(r.now.Seq)
	}
	c.cursor = r.at.String()
	last := map[string]any{"cursor": c.cursor}
	if tells {
		last["buckets"] = r.now.Buckets()
	}
	c.lines = appendJSON(c.lines, last)
	return c, nil
}

// entry is a change of a record: the rows of the log with one sequence.
type entry struct {
	seq     int64
	key     record.Key
	buckets []string // of these rows, and of the client
}

// find returns the next entries of the client's buckets, and whether there may be more.
//
// It reads only the first rows of each bucket, so that a client that loads a thousand large
// buckets does not read all of them for each chunk. Where one of them ends, the next row
// may be missing, so the entries end there too.
func (d *division) find(ctx context.Context, tx *sql.Tx, r reading) (found []entry, more bool, err error) {
	wanted := make([]wantedRow, 0, len(r.now.Granted))
	for bucket, granted := range r.now.Granted {
		after, _ := r.at.Range(granted)
		wanted = append(wanted, wantedRow{bucket, after})
	}
	list, err := json.Marshal(wanted)
	if err != nil {
		return nil, false, err
	}
	each := min(r.limit, max(10, r.limit/max(1, len(wanted))))
	rows, err := tx.QueryContext(ctx, d.next, string(list), each)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	count := make(map[string]int)
	for rows.Next() {
		var e entry
		var bucket string
		if err := rows.Scan(&e.seq, &e.key.Table, &e.key.ID, &bucket); err != nil {
			return nil, false, err
		}
		if len(found) == 0 || found[len(found)-1].seq != e.seq {
			if more {
				break
			}
			found = append(found, e)
		}
		last := &found[len(found)-1]
		last.buckets = append(last.buckets, bucket)
		count[bucket]++
		more = more || count[bucket] == each || len(found) == r.limit
	}
	return found, more, rows.Err()
}

// wantedRow is a bucket, and the sequence after which its rows are needed.
type wantedRow struct {
	Bucket string `json:"bucket"`
	After  int64  `json:"after"`
}

// appendEntry appends the line of an entry. Whether the record is in a bucket follows from
// the record, not from the row. The client needs no departure up to the sequence at which
// it began to load the bucket: it never had the record there, and must not learn its ID.
func (d *division) appendEntry(lines []byte, e entry, r reading, records merge.Collection) []byte {
	data, _ := records.Get(e.key)
	all := d.of.Of(data, 0)
	if !r.needs(e, all) {
		return lines
	}
	in := r.now.Has(all)
	if len(in) == 0 {
		return appendJSON(lines, map[string]any{"seq": e.seq, "table": e.key.Table, "id": e.key.ID, "left": true})
	}
	names, _ := json.Marshal(in) // names always have a JSON form
	lines = fmt.Appendf(lines, `{"seq":%d,"in":%s,`, e.seq, names)
	m := record.Mutation{Data: data}
	return append(append(lines, m.AppendJSON(nil)[1:]...), '\n')
}

// needs reports whether the client needs an entry of a record that is in the given buckets.
func (r reading) needs(e entry, in []string) bool {
	for _, bucket := range e.buckets {
		_, begun := r.at.Range(r.now.Granted[bucket])
		if e.seq > begun || slices.Contains(in, bucket) {
			return true
		}
	}
	return false
}

// appendJSON appends a line.
func appendJSON(lines []byte, line map[string]any) []byte {
	text, _ := json.Marshal(line) // the lines always have a JSON form
	return append(append(lines, text...), '\n')
}
