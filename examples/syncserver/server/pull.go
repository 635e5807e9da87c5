package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/fieldlww/fieldlww/record"
)

// The default and the maximum number of records in a page.
const (
	defaultPage = 1000
	maxPage     = 10_000
)

// A chunk is the part of a page that is in memory at a time. PostgreSQL sends all records that a
// query selects, even if the server reads only some of them. So the first chunk asks for only a few
// records. Each further chunk asks for twice as many, or, if the chunk before it reached
// chunkBytes, for as many as that chunk contained.
const (
	firstRecords = 16  // of the first chunk
	chunkRecords = 100 // at most
	chunkBytes   = 64 << 10
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
// The page is streamed in chunks: each chunk is sent before the next is read from the database.
// So a slow client does not hold a database connection. It has a minute for each chunk, or less
// if other pulls wait; see readers.
func (s *Server) servePull(w http.ResponseWriter, r *http.Request, m member) error {
	after, err := number(r, "after", 0)
	if err != nil {
		return malformed(err)
	}
	limit, err := number(r, "limit", defaultPage)
	if err != nil {
		return malformed(err)
	}
	if limit == 0 {
		return malformed(errors.New("limit: must be at least 1"))
	}
	if err := s.database.check(); err != nil {
		return unavailable(err)
	}
	client := m.client.String()
	if err := s.pulls.admit(m.workspace, client); err != nil {
		return err
	}
	if err := s.pulls.charge(m.workspace, client, costOfPull); err != nil {
		return err
	}
	reader, err := s.readers.enter(r.Context(), w, m)
	if err != nil {
		return err
	}
	defer reader.leave()
	p := page{m.workspace, after, min(limit, maxPage), firstRecords}
	w.Header().Set("Content-Type", "application/jsonl")
	for p.limit > 0 {
		chunk, err := s.pull(r.Context(), &p)
		if err == nil && len(chunk) == 0 {
			err = s.checkCursor(r.Context(), p)
		}
		if err != nil || len(chunk) == 0 {
			return err
		}
		s.pulls.count(m.workspace, client, float64(len(chunk)))
		if err := reader.send(chunk); err != nil {
			return err // the client has disconnected or is too slow
		}
	}
	return nil
}

// page is the part of a page that is still to be sent.
type page struct {
	workspace    string
	after, limit int64
	chunk        int64 // how many records to ask for next
}

// pull reads the next chunk of a page and returns its lines, or no lines if nothing is left. It
// advances p past the chunk.
func (s *Server) pull(ctx context.Context, p *page) (lines []byte, err error) {
	rows, err := s.database.db.QueryContext(ctx, `
		SELECT seq, tbl, id, data FROM records
		WHERE workspace = $1 AND seq > $2 ORDER BY seq LIMIT $3`, p.workspace, p.after, min(p.limit, p.chunk))
	if err != nil {
		return nil, unavailable(err)
	}
	defer rows.Close()
	taken := int64(0)
	for len(lines) < chunkBytes && rows.Next() {
		var key record.Key
		var fields record.Record
		if err := rows.Scan(&p.after, &key.Table, &key.ID, &fields); err != nil {
			return nil, unavailable(err)
		}
		taken++
		mutation := record.Mutation{Data: fields.WithKey(key)}.AppendJSON(nil)
		lines = fmt.Appendf(lines, `{"seq":%d,%s`+"\n", p.after, mutation[1:]) // without its opening brace
	}
	if err := rows.Err(); err != nil {
		return nil, unavailable(err)
	}
	p.limit -= taken
	if p.chunk = min(2*p.chunk, chunkRecords); len(lines) >= chunkBytes {
		p.chunk = taken
	}
	return lines, nil
}

// checkCursor refuses a cursor above the sequence of the workspace. Call it only after a query that
// found no record above the cursor. It reads the sequence after that query: by then, every commit
// made before the client got its cursor is visible. So it never refuses a valid cursor.
func (s *Server) checkCursor(ctx context.Context, p page) error {
	seq, err := s.database.sequence(ctx, p.workspace)
	if err != nil {
		return unavailable(err)
	}
	if p.after > seq {
		err := fmt.Errorf("after: the cursor %d is above the last sequence, %d, so the server has lost data: join again", p.after, seq)
		return &failure{http.StatusConflict, "cursor_ahead", err.Error(), err}
	}
	return nil
}

// number reads an integer from the query of a request. If the query does not have it, number
// returns the default.
func number(r *http.Request, name string, otherwise int64) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s: must be an integer of at least 0", name)
	}
	return n, nil
}
