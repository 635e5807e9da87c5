package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/fieldlww/fieldlww/record"
)

// A page has so many records, unless another limit is asked for, and at most so many.
const (
	defaultPage = 1000
	maxPage     = 10_000
)

// A chunk is the part of a page that is in memory at a time. PostgreSQL sends all records that
// it is asked for, however many of them are taken: so a chunk begins with a few, and the next one
// has twice as many or, where these had too many bytes, no more than fitted.
const (
	firstRecords = 16
	chunkRecords = 100
	chunkBytes   = 64 << 10
)

// servePull answers GET /v1/pull?after=N&limit=M with the records that changed after a
// sequence, as JSON Lines in the order of their sequences. Each line is a mutation that
// has its sequence as well:
//
//	{"seq":7,"table":"tasks","id":"42","data":{…}}
//
// The next pull begins after the last one. If there are fewer than M, or than 10,000 where M
// is greater, the client has all that there was.
//
// A cursor above the sequence of the workspace was given by a database that had more than this
// one, which was restored or failed over. It is refused with the status 409 and the code
// cursor_ahead: the client joins again, and pulls everything.
//
// The page is streamed: read from the database in chunks, each of which is sent before the
// next one is read. So a client that reads slowly holds no connection to the database, and
// has a minute for each chunk, or less if others wait; see readers.
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
		return malformed(errors.New("limit: a page without records says nothing"))
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
			return err // the client is gone
		}
	}
	return nil
}

// page is what is still to be pulled.
type page struct {
	workspace    string
	after, limit int64
	chunk        int64 // how many records are asked for next
}

// pull returns the first lines of a page, and takes them off it. It returns none if
// nothing is left.
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

// checkCursor refuses a cursor above the sequence of the workspace. It is asked only about a
// cursor above which no record was found, and reads the sequence after that: all that was
// committed before a client had its cursor is visible by then.
func (s *Server) checkCursor(ctx context.Context, p page) error {
	seq, err := s.database.sequence(ctx, p.workspace)
	if err != nil {
		return unavailable(err)
	}
	if p.after > seq {
		err := fmt.Errorf("after: %d is above the last sequence, %d: the server has lost data; join again", p.after, seq)
		return &failure{http.StatusConflict, "cursor_ahead", err.Error(), err}
	}
	return nil
}

// number reads a number from the query of a request.
func number(r *http.Request, name string, otherwise int64) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s: not a number from 0 on", name)
	}
	return n, nil
}
