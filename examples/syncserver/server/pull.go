package server

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
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

// The limits of a chunk that is sent as columns. A longer chunk is shorter in all, because its records share
// the lists of names and clients.
const (
	columnRecords = 1000
	columnBytes   = 1 << 20
)

// limitOf returns the maximum number of records that a pull asks for.
func limitOf(r *http.Request) (int64, error) {
	limit, err := number(r, "limit", defaultPage)
	if err == nil && limit == 0 {
		err = errors.New("limit: must be at least 1")
	}
	return min(limit, maxPage), err
}

// beginPull admits a pull. The caller must call leave on the result.
func (s *Frontend) beginPull(w http.ResponseWriter, r *http.Request, m Sender) (*reader, error) {
	if err := s.chargePull(m); err != nil {
		return nil, err
	}
	return s.readers.enter(r.Context(), w, m)
}

// chargePull charges a user for a pull, except for what it sends.
func (s *Frontend) chargePull(m Sender) error {
	if err := s.pulls.admit(m.Workspace, m.User); err != nil {
		return err
	}
	return s.pulls.charge(m.Workspace, m.User, costOfPull)
}

// sendChunks sends the chunks of a pull, each before the function next reads another one. It ends
// when next returns an empty chunk or reports that no more chunks follow.
func (s *Frontend) sendChunks(to *reader, z *sealer, next func() (chunk []part, more bool, err error)) error {
	if h := to.w.Header(); h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/jsonl")
	}
	for more := true; more; {
		var chunk []part
		var err error
		if chunk, more, err = next(); err != nil {
			return Unavailable(err)
		}
		if len(chunk) == 0 {
			if end := z.end(); end != nil {
				return to.send(end)
			}
			return nil
		}
		text, size := z.chunk(chunk)
		s.pulls.count(to.by.Workspace, to.by.User, float64(size))
		s.metrics.pulled.Add(float64(size))
		if !more {
			text = append(text, z.end()...)
		}
		if err := to.send(text); err != nil { // the client has disconnected or is too slow
			return err
		}
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
