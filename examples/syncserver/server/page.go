package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

// servePull answers GET /v1/pull?after=N&limit=M with the records that changed after the
// sequence N, as JSON Lines in ascending order of sequence. Each line is a mutation with the
// additional member seq:
//
//	{"seq":7,"table":"tasks","id":"42","data":{…}}
//
// The client passes the last seq as the cursor of its next pull. If a page has fewer than M
// lines, or fewer than 10,000 if M is greater, the client has everything.
//
// A cursor above the sequence of the workspace means that this database was restored from a
// backup or has failed over, and lost commits. The pull is refused with the status 409 and the
// code cursor_ahead. The client then joins again and pulls everything.
//
// A cursor below the fence of the workspace is refused with the status 410 and the code
// resync_required, because the client may have records that were dropped, and the server may no
// longer know which. The client then pulls everything again, with after=0. This may take several
// pages, so the server remembers the fence at which the client began; see Database.beginPage. If
// the last page ends below the fence, its last line has the last sequence of the workspace instead
// of its own, so the client ends at or above the fence.
//
// The page is streamed in chunks: each chunk is sent before the next is read from the database.
// So a slow client does not hold a database connection. It has a minute for each chunk, or less
// if other pulls wait; see readers.
//
// A client of this version pulls with a cursor instead; see servePullCursor. If the server has
// Options.Buckets, all clients must: other pulls are refused with the status 400 and the code
// cursor_required, because their lines cannot say what a client must forget. A user who does not have the
// bucket "" is refused with the status 403 and the code forbidden.
func (s *Frontend) servePull(w http.ResponseWriter, r *http.Request, m Sender) error {
	if r.URL.Query().Has("cursor") {
		return s.servePullCursor(w, r, m)
	}
	sql, ok := s.backend.(sqlBackend)
	if !ok || s.options.Buckets != nil {
		err := errors.New("a client of this version cannot hold a part of a workspace: pull with a cursor")
		return &failure{http.StatusBadRequest, "cursor_required", err.Error(), err}
	}
	p := page{Sender: m, chunk: firstRecords}
	var err error
	if p.old, err = s.lensOf(r); err != nil {
		return err
	}
	if p.after, err = number(r, "after", 0); err != nil {
		return Malformed(err)
	}
	if p.limit, err = limitOf(r); err != nil {
		return Malformed(err)
	}
	reader, err := s.beginPull(w, r, m)
	if err != nil {
		return err
	}
	defer reader.leave()
	return s.sendChunks(reader, nil, func() ([]part, bool, error) {
		lines, err := sql.pull(r.Context(), &p)
		s.logUntranslated(r.Context(), m, p.failed)
		p.failed = nil
		if len(lines) == 0 {
			return nil, false, err
		}
		return []part{{text: lines}}, p.limit > 0, err
	})
}

// page is the part of a page that is still to be sent.
type page struct {
	Sender
	old          *lens.Lens // of an old client
	failed       error      // why it was not sent some fields of the last chunk
	after, limit int64
	chunk        int64 // how many records to ask for next
	begun        bool
	above        int64 // the greatest fence at which the page lacks nothing
}

// pull reads the next chunk of a page and returns its lines, or no lines if nothing is left. It
// advances p past the chunk.
func (s *Server) pull(ctx context.Context, p *page) (lines []byte, err error) {
	if err := s.database.check(); err != nil {
		return nil, err
	}
	after := p.after
	if lines, err = s.readChunk(ctx, p); err != nil {
		return nil, err
	}
	// The state is read after the records. So the sequence is at least each valid cursor, and
	// the fence is at least the fence below which the records were purged.
	seq, fenced, err := s.database.state(ctx, p.Workspace)
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 { // perhaps because the user may not read them
		granted, err := s.database.granted(ctx, p.Sender)
		if err != nil {
			return nil, err
		}
		if _, ok := granted[""]; !ok {
			err := errors.New("the user is not a member of the workspace")
			return nil, &failure{http.StatusForbidden, "forbidden", err.Error(), err}
		}
	}
	if after > seq {
		err := fmt.Errorf("after: the cursor %d is above the last sequence, %d, so the server has lost data: join again", after, seq)
		return nil, &failure{http.StatusConflict, "cursor_ahead", err.Error(), err}
	}
	first := !p.begun
	if first {
		if p.above, err = s.database.beginPage(ctx, p.Sender, after, fenced.seq); err != nil {
			return nil, err
		}
		p.begun = true
	}
	if fenced.seq > p.above {
		err := fmt.Errorf("after: the cursor %d is below the fence %d, and what was deleted before the fence may be purged: pull everything again", after, fenced.seq)
		return nil, &failure{http.StatusGone, "resync_required", err.Error(), err}
	}
	if first {
		s.metrics.countAfter(after, seq)
	}
	return lines, nil
}

// snapshotRecord is a stored record.
type snapshotRecord struct {
	record.Record
	seq int64
}

// readChunk reads the next chunk. Each record is sent as its normal form, but the deletion of a
// dead record remains, because clients may still show the record.
func (s *Server) readChunk(ctx context.Context, p *page) (lines []byte, err error) {
	most := min(p.limit, p.chunk)
	rows, err := s.database.db.QueryContext(ctx, `
		SELECT k.seq, k.tbl, k.id, k.data, w.seq, w.fence_seq, w.fence_stamp, w.division
		FROM records AS k JOIN workspaces AS w ON w.name = $1
		WHERE k.workspace = $1 AND k.bucket = '' AND k.seq > $2 AND k.purge <> $4
			AND EXISTS (SELECT 1 FROM members WHERE workspace = $1 AND "user" = $5 AND bucket = '')
		ORDER BY k.seq LIMIT $3`, p.Workspace, p.after, most+1, departed, p.User)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var r snapshotRecord
	var now fence
	var version string
	var seq, taken int64 // the last sequence of the workspace, and how many records were read
	for rows.Next() {
		if taken > 0 {
			lines = p.appendRecord(lines, r, now)
		}
		if taken == most || len(lines) >= chunkBytes { // more records follow
			p.take(taken, len(lines))
			return lines, rows.Err()
		}
		var key record.Key
		if err := rows.Scan(&r.seq, &key.Table, &key.ID, &r.Record, &seq, &now.seq, &now.stamp, &version); err != nil {
			return nil, err
		}
		if version != s.division.version {
			return nil, Unavailable(errDivision)
		}
		r.Record = r.WithKey(key)
		taken++
	}
	if taken > 0 {
		if r.seq < now.seq { // nothing is left, and the client must end above the fence
			r.seq = seq
		}
		lines = p.appendRecord(lines, r, now)
	}
	p.take(taken, len(lines))
	return lines, rows.Err()
}

// appendRecord appends the line for a record, and moves p past it.
func (p *page) appendRecord(dst []byte, r snapshotRecord, f fence) []byte {
	p.after = r.seq
	data, err := lowered(p.old, merge.Purge(r.Record, f.stamp, 1))
	p.failed = errors.Join(p.failed, err)
	mutation := record.Mutation{Data: data}.AppendJSON(nil)
	return fmt.Appendf(dst, `{"seq":%d,%s`+"\n", r.seq, mutation[1:]) // without its opening brace
}

// take notes that a chunk has some records and bytes, and decides how large the next one is.
func (p *page) take(records int64, size int) {
	p.limit -= records
	if p.chunk = min(2*p.chunk, chunkRecords); size >= chunkBytes {
		p.chunk = records
	}
}

// beginPage returns the greatest fence at which a page after the given sequence lacks nothing: that
// sequence or, while the client pulls everything, the fence when the client began. The cursor of a
// client that is pulling everything is below the fence until the end, like the cursor of a client
// that comes back. The server tells the two apart by a row of the table loads, which it stores when
// a client begins.
//
// A client can crash before it has stored that it begins again. It then comes back with the cursor
// that was refused. So the row also holds that cursor, which stays refused.
func (d *Database) beginPage(ctx context.Context, m Sender, after, fence int64) (above int64, err error) {
	if after >= fence {
		return after, nil
	}
	var refused int64
	err = d.db.QueryRowContext(ctx, `
		SELECT coalesce(max(fence_seq), 0), coalesce(max(refused), 0) FROM loads WHERE workspace = $1 AND client = $2`,
		m.Workspace, m.Client).Scan(&above, &refused)
	switch {
	case err != nil || above >= fence && (after == 0 || after != refused): // a pull that begins again writes nothing
		return above, err
	case after == 0:
		above = fence
	case after == refused:
		return after, nil
	default:
		refused = after
	}
	_, err = d.db.ExecContext(ctx, `
		INSERT INTO loads (workspace, client, fence_seq, refused) VALUES ($1, $2, $3, $4)
		ON CONFLICT (workspace, client) DO UPDATE SET fence_seq = excluded.fence_seq, refused = excluded.refused`, m.Workspace, m.Client, above, refused)
	return above, err
}

// state returns the last sequence and the fence of a workspace, or zeros if it does not exist.
func (d *Database) state(ctx context.Context, workspace string) (seq int64, f fence, err error) {
	if err := d.check(); err != nil {
		return 0, f, err
	}
	err = d.db.QueryRowContext(ctx, `
		SELECT coalesce(max(seq), 0), coalesce(max(fence_seq), 0), coalesce(max(fence_stamp), 0), coalesce(max(level), 0)
		FROM workspaces WHERE name = $1`, workspace).Scan(&seq, &f.seq, &f.stamp, &f.level)
	return seq, f, err
}
