package server

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// trailer is the last line of each chunk of a pull with a cursor.
type trailer struct {
	// Cursor is what the client passes to its next pull, once it has applied the chunk.
	Cursor string `json:"cursor"`
	// More says that the client still lacks records, even if the answer ends here. Omitted if the
	// client has everything.
	More bool `json:"more,omitempty"`
	// Buckets names the parts of the workspace that the client may read. The only part is "",
	// which is everything.
	Buckets []string `json:"buckets"`
	// Fence and Level are the arguments of merge.Purge. With them, the client purges the records that
	// it stores and judges its own edits. Fence is omitted if nothing was ever purged.
	Fence clock.Timestamp `json:"fence,omitzero"`
	Level int             `json:"level"`
	// Clock is a lower bound for the clock of the client. A fence that rises before the next pull of
	// the client either has at most this stamp, so the next edits of the client are above it, or has
	// a sequence above the cursor, so the client must pull everything again. Omitted if nothing was
	// ever written.
	Clock clock.Timestamp `json:"clock,omitzero"`
}

// resetLine tells a client to forget everything that came from the server.
type resetLine struct {
	Reset []string `json:"reset"` // the buckets
	Why   string   `json:"why"`   // whyEpoch or whyFence
}

const (
	whyEpoch = "epoch" // the database was restored from a backup
	whyFence = "fence" // the client was away for longer than the retention, or has pulled nothing yet
)

// leftLine tells a client to forget a record.
type leftLine struct {
	Seq   int64  `json:"seq"`
	Table string `json:"table"`
	ID    string `json:"id"`
	Left  bool   `json:"left"`
}

// servePullCursor answers GET /v1/pull?cursor=C&limit=M with the records that changed since the
// cursor, in chunks. Each chunk ends with a trailer. A client applies a chunk in one step when its
// trailer has arrived, and discards lines without a trailer. The lines of a chunk are
//
//	{"reset":[""],"why":"fence"}
//	{"seq":7,"in":[""],"table":"tasks","id":"42","data":{…}}
//	{"seq":8,"table":"tasks","id":"43","left":true}
//	{"cursor":"N5XQ.8","buckets":[""],"fence":"2026-01-02T…","level":1,"clock":"2026-03-02T…"}
//
// The first cursor is empty. A reset is the first line of its chunk: the client forgets all records
// that came from the server. A record replaces the client's version of it. A line with "left" tells
// the client to forget a record that has left the workspace. The answer ends when the client has
// everything, or after about M lines.
func (s *Server) servePullCursor(w http.ResponseWriter, r *http.Request, m member) error {
	p := cursorPage{workspace: m.workspace, chunk: firstRecords}
	var err error
	if p.at, err = cursorOf(r); err != nil {
		return err
	}
	if p.limit, err = limitOf(r); err != nil {
		return malformed(err)
	}
	reader, err := s.beginPull(w, r, m)
	if err != nil {
		return err
	}
	defer reader.leave()
	return s.sendChunks(reader, func() ([]byte, bool, error) {
		text, more, err := s.pullChunk(r.Context(), &p)
		return text, more && p.limit > 0, err
	})
}

// cursorPage is the part of a pull with a cursor that is still to be sent.
type cursorPage struct {
	workspace string
	at        cursor
	limit     int64 // how many more lines the client wants
	chunk     int64 // how many records to read next
}

// pullChunk returns the next chunk, and whether more chunks follow. It advances p past the chunk.
func (s *Server) pullChunk(ctx context.Context, p *cursorPage) (text []byte, more bool, err error) {
	now, err := s.snapshot(ctx, p)
	if err == nil && now.seq > 0 && now.epoch == "" { // a server of an earlier version created the workspace
		if err = s.locked(ctx, p.workspace, func(*session) error { return nil }); err == nil {
			now, err = s.snapshot(ctx, p)
		}
	}
	if err != nil {
		return nil, false, err
	}
	why := ""
	switch at := p.at; {
	case at.epoch != "" && (at.epoch != now.epoch || at.reached() > now.seq):
		why = whyEpoch
	case at.reached() < now.fence.seq:
		why = whyFence
	case at.epoch == "":
		p.at = now.load()
	}
	if why != "" {
		p.at = now.load()
		if now, err = s.snapshot(ctx, p); err != nil {
			return nil, false, err
		}
		if p.at.epoch != now.epoch || p.at.reached() > now.seq || p.at.reached() < now.fence.seq {
			return nil, false, errors.New("the workspace was restored or purged during a pull")
		}
		text = appendLine(text, resetLine{[]string{""}, why})
	}
	for _, r := range now.records {
		text = p.appendRecord(text, r, now.fence)
		p.at.seq = r.seq
	}
	if !now.more {
		p.at = cursor{epoch: now.epoch, seq: now.seq}
	}
	p.limit -= int64(len(now.records))
	return appendLine(text, trailer{
		Cursor: p.at.String(), More: now.more, Buckets: []string{""}, Fence: now.fence.stamp, Level: max(now.fence.level, 1),
		Clock: max(now.fence.stamp, now.sampled, min(now.latest, s.greatest(s.options.Now()))),
	}), now.more, nil
}

// appendLine appends a line.
func appendLine(dst []byte, line any) []byte {
	text, _ := json.Marshal(line) // the lines always have a JSON form
	return append(append(dst, text...), '\n')
}

// appendRecord appends the line for a record: its normal form or, if the normal form has no
// fields, a line that says that the record has left the workspace. It appends nothing if the record
// left before the client began to load everything, because the client never had it.
func (p *cursorPage) appendRecord(dst []byte, r snapshotRecord, f fence) []byte {
	key := r.Key()
	if n := merge.Purge(r.Record, f.stamp, f.level); n.Len() > 0 {
		mutation := record.Mutation{Data: n}.AppendJSON(nil)
		return fmt.Appendf(dst, `{"seq":%d,"in":[""],%s`+"\n", r.seq, mutation[1:]) // without its opening brace
	}
	if p.at.loads && r.seq <= p.at.begun {
		return dst
	}
	return appendLine(dst, leftLine{r.seq, key.Table, key.ID, true})
}

// snapshot is the state of a workspace and its next records.
type snapshot struct {
	epoch   string // "" if the workspace does not exist
	seq     int64
	fence   fence
	sampled clock.Timestamp // the greatest stamp of the newest sample
	latest  clock.Timestamp // the greatest stamp of all records
	records []snapshotRecord
	more    bool // whether there are further records
}

// snapshotRecord is a stored record.
type snapshotRecord struct {
	record.Record
	seq int64
}

// load returns the cursor of a client that begins to load everything.
func (s snapshot) load() cursor { return cursor{epoch: s.epoch, begun: s.seq, loads: true} }

// snapshot reads the state of a workspace and the records after p, up to chunkBytes. A single
// statement sees one state of the database. So the records were purged below the returned fence, and
// their sequences are at most the returned sequence.
func (s *Server) snapshot(ctx context.Context, p *cursorPage) (now snapshot, err error) {
	if err := s.database.check(); err != nil {
		return now, err
	}
	limit := min(p.limit, p.chunk)
	rows, err := s.database.db.QueryContext(ctx, `
		SELECT w.epoch, w.seq, w.fence_seq, w.fence_stamp, w.level,
			coalesce((SELECT greatest FROM samples WHERE workspace = $1 AND at > 0 ORDER BY at DESC LIMIT 1), 0),
			coalesce((SELECT latest FROM records WHERE workspace = $1 AND latest > 0 ORDER BY latest DESC LIMIT 1), 0),
			k.seq, k.tbl, k.id, k.data
		FROM workspaces AS w
		LEFT JOIN (SELECT seq, tbl, id, data FROM records WHERE workspace = $1 AND bucket = '' AND seq > $2 ORDER BY seq LIMIT $3) AS k ON 1 = 1
		WHERE w.name = $1 ORDER BY k.seq`, p.workspace, p.at.seq, limit)
	if err != nil {
		return now, err
	}
	defer rows.Close()
	size := 0
	for !now.more && rows.Next() {
		var r snapshotRecord
		var seq sql.Null[int64]
		var table, id, data sql.Null[string]
		err := rows.Scan(&now.epoch, &now.seq, &now.fence.seq, &now.fence.stamp, &now.fence.level, &now.sampled, &now.latest, &seq, &table, &id, &data)
		if err != nil {
			return now, err
		}
		if !seq.Valid { // there are no records
			break
		}
		if err := r.Scan(data.V); err != nil {
			return now, fmt.Errorf("read a record: %w", err)
		}
		r.Record, r.seq = r.WithKey(record.Key{Table: table.V, ID: id.V}), seq.V
		now.records = append(now.records, r)
		size += len(data.V)
		now.more = size >= chunkBytes || int64(len(now.records)) == limit
	}
	if p.chunk = min(2*p.chunk, chunkRecords); size >= chunkBytes {
		p.chunk = int64(len(now.records))
	}
	return now, rows.Err()
}
