package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/fieldlww/fieldlww/record"
)

// maxPage is how many records a pull returns at most.
const maxPage = 1000

// servePull answers GET /v1/pull?after=N&limit=M with the records that changed after a
// sequence, as JSON Lines in the order of their sequences. Each line is a mutation that
// has its sequence as well:
//
//	{"seq":7,"table":"tasks","id":"42","data":{…}}
//
// The next pull begins after the last one. A client that has got an empty page has all.
// If the answer breaks off, the lines that came count.
func (s *Server) servePull(w http.ResponseWriter, r *http.Request, m member) error {
	after, err := number(r, "after", 0)
	if err != nil {
		return malformed(err)
	}
	limit, err := number(r, "limit", maxPage)
	if err != nil {
		return malformed(err)
	}
	w.Header().Set("Content-Type", "application/jsonl")
	return s.pull(r.Context(), w, page{m.workspace, after, min(limit, maxPage)})
}

// page is what is pulled at once.
type page struct {
	workspace    string
	after, limit int64
}

// pull writes the lines of a page, each as it is read. All of them are from one state of
// the database, for it is one statement.
func (s *Server) pull(ctx context.Context, w io.Writer, p page) error {
	rows, err := s.database.db.QueryContext(ctx, `
		SELECT seq, tbl, id, data FROM records
		WHERE workspace = $1 AND seq > $2 ORDER BY seq LIMIT $3`, p.workspace, p.after, p.limit)
	if err != nil {
		return unavailable(err)
	}
	defer rows.Close()
	var line []byte
	for rows.Next() {
		var seq int64
		var key record.Key
		var fields record.Record
		if err := rows.Scan(&seq, &key.Table, &key.ID, &fields); err != nil {
			return unavailable(err)
		}
		line = append(strconv.AppendInt(append(line[:0], `{"seq":`...), seq, 10), ',')
		mutation := record.Mutation{Data: fields.WithKey(key)}.AppendJSON(nil)
		line = append(append(line, mutation[1:]...), '\n') // without its opening brace
		if _, err := w.Write(line); err != nil {
			return err // the client is gone
		}
	}
	if err := rows.Err(); err != nil {
		return unavailable(err)
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
