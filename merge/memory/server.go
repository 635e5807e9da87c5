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
	// Engine decides about what is pushed: bounds, limits and the Guard.
	Engine merge.Engine
	// Now is the wall clock of the server; nil means time.Now.
	Now func() time.Time
	// PageSize is how many records Pull returns at most; 0 means 1,000, and a negative
	// one all.
	PageSize int

	mu    sync.Mutex
	store store
}

// Push is the push handler. Client is the client that was authenticated, and batch the body
// of its request. The answer is what Answer.AppendJSON makes. An error means that the batch
// is malformed as a whole, and that nothing of it was stored: an HTTP server answers 400.
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

// Apply decides about a request, and stores what comes of it. All of it happens at once: no
// other push and no pull sees a part. An error means that nothing was stored.
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

// ErrCursor is wrapped by errors of Pull.
var ErrCursor = errors.New("memory: unknown cursor")

// Pull is the pull handler: it returns the records that changed after the cursor, as JSON
// Lines of mutations, and the next cursor. The first cursor of a client is empty, and one
// that comes back unchanged means that nothing is left. A cursor that this server did not
// give is ErrCursor.
//
// Every client may read everything: the client is there for handlers that decide about that.
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

// sequence returns the sequence after which a client with a cursor pulls.
func (s *Server) sequence(cursor string) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	after, err := strconv.Atoi(cursor)
	if err != nil || after < 0 || after > s.store.sequence() {
		return 0, fmt.Errorf("%w: use one that Pull returned, or the empty one to begin again", ErrCursor)
	}
	return after, nil
}

// Put stores records in place of those with their keys, each with a new sequence. It is for
// what a server derives or repairs, and for state that it got from another server and
// joined. It judges nothing.
func (s *Server) Put(records ...record.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range records {
		s.store.put(r)
	}
}

// Records returns everything that is stored, deleted records included.
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
