package memory

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// Server is a sync server in memory. The zero Server is empty and ready to use, and has the
// default limits. Its methods may be called from any number of goroutines; its fields must
// not be changed while they run.
type Server struct {
	// Engine decides about pushed items by its bounds, limits and Guard.
	Engine merge.Engine
	// Now is the wall clock of the server; nil means time.Now.
	Now func() time.Time
	// PageSize is the greatest number of records that Pull returns; 0 means 1,000, and a
	// negative value means all.
	PageSize int

	mu    sync.Mutex
	store store
}

// Push is the push handler. Client is the authenticated client, and batch the body of its
// request. The answer is the output of Answer.AppendJSON. An error means that the batch is
// malformed as a whole and that none of it was stored: an HTTP server answers 400.
func (s *Server) Push(client clock.ClientID, batch []byte) (answer []byte, err error) {
	items, err := s.Engine.Decode(batch)
	if err != nil {
		return nil, err
	}
	a, err := s.Apply(merge.Request{Actor: client, Wall: s.wall(), Items: items})
	if err != nil {
		return nil, err
	}
	return a.AppendJSON(nil), nil
}

// Apply decides about a request and stores the updates and watermarks. It is atomic: no
// other push and no pull sees a part of it. An error means that nothing was stored.
func (s *Server) Apply(r merge.Request) (merge.Answer, error) {
	push := s.Engine.Prepare(r)
	s.mu.Lock() // begin the transaction, and lock the records
	defer s.mu.Unlock()
	answer, err := push.Apply(s.store.load(r.Actor, push.Keys()))
	if err == nil {
		s.store.save(answer)
	}
	return answer, err
}

// ErrCursor is the error that Pull wraps if the cursor is unknown.
var ErrCursor = errors.New("memory: unknown cursor")

// Pull is the pull handler: it returns the records that changed after the cursor, as JSON
// Lines of mutations, and the next cursor. The first cursor of a client is empty. If the
// returned cursor is the given one, nothing is left to pull. The error for a cursor that this
// server did not return is ErrCursor.
//
// Every client may read everything. The client is a parameter for servers that restrict reading.
func (s *Server) Pull(_ clock.ClientID, cursor string) (lines []byte, next string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	after, err := s.sequence(cursor)
	if err != nil {
		return nil, "", err
	}
	limit := s.PageSize
	if limit == 0 {
		limit = 1000
	}
	for r := range s.store.since(after) {
		line := record.Mutation{Data: r.Record}.AppendJSON(nil)
		lines = fmt.Appendf(lines, "{\"seq\":%d,%s\n", r.seq, line[1:])
		cursor = strconv.Itoa(r.seq)
		if limit--; limit == 0 {
			break
		}
	}
	return lines, cursor, nil
}

// sequence returns the sequence in a cursor: a client with this cursor pulls the changes after it.
func (s *Server) sequence(cursor string) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	after, err := strconv.Atoi(cursor)
	if err != nil || after < 0 || after > s.store.sequence() {
		return 0, fmt.Errorf("%w: use a cursor that Pull returned, or the empty cursor to begin again", ErrCursor)
	}
	return after, nil
}

// Put stores records in place of the stored ones with the same keys, each with a new
// sequence. Use it for records that a server derives or repairs, and for state from another
// server after joining it. Put judges nothing.
func (s *Server) Put(records ...record.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range records {
		s.store.put(r)
	}
}

// Records returns all stored records, including deleted ones.
func (s *Server) Records() merge.Collection {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store.collection()
}

func (s *Server) wall() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}
