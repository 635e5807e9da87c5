package memory

import (
	"crypto/rand"
	"slices"
	"sync"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
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
	// Level says how much of dead records Purge keeps, as in merge.Stored: 0 and 1 keep their
	// field $deleted, and 2 keeps nothing. It may be raised from 1 to 2, but not lowered: at level
	// 1, a missing record counts as one that never existed.
	Level int
	// Buckets names the buckets of each record. A client then pulls only the records of the buckets
	// that Grant has given to it, and a push may change only those, and put records only into those
	// buckets. Nil means that every client may read and write everything. Set Buckets before the
	// server stores anything.
	Buckets buckets.Func
	// MayWrite decides, after the buckets, whether a client may make a mutation, given the stored
	// record and the record after it, as in merge.Stored. Nil permits everything.
	MayWrite func(client clock.ClientID, seen, after record.Record, m record.Mutation) error
	// Imports lists the IDs of the imports, see Import. No client may have one of them: Push refuses
	// all its items as merge.OtherClient.
	Imports []clock.ClientID

	mu    sync.Mutex
	store store
	epoch string // a random name that Restored gives; "" before
}

// Restored returns a server with the present state and settings of s, as after a restore from a
// backup made now. The new server lacks what s stores later, so it has a new epoch: it resets each
// client that pulls with a cursor of another server, as Pull describes, and the client then sends its
// own writes again. A server that knows the cursor of a push refuses it if that cursor has another
// epoch, because its items could be gone if they were judged before the client has pulled. Repeat all
// erasures since the backup with Erase, and all grants and revocations, before the new server answers.
func (s *Server) Restored() *Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &Server{
		Engine: s.Engine, Now: s.Now, PageSize: s.PageSize, Level: s.Level,
		Buckets: s.Buckets, MayWrite: s.MayWrite, Imports: s.Imports,
		store: s.store.copy(), epoch: rand.Text(),
	}
}

// Push is the push handler. Client is the authenticated client, and batch the body of its
// request. The answer is the output of Answer.AppendJSON. An error means that the batch is
// malformed as a whole and that none of it was stored: an HTTP server answers 400.
func (s *Server) Push(client clock.ClientID, batch []byte) (answer []byte, err error) {
	items, err := s.Engine.Decode(batch)
	if err != nil {
		return nil, err
	}
	if slices.Contains(s.Imports, client) {
		client = clock.ClientID{} // no stamp has it
	}
	a, err := s.Apply(merge.Request{Actor: client, Wall: s.wall(), Items: items})
	if err != nil {
		return nil, err
	}
	return a.AppendJSON(nil), nil
}

// Apply decides about a request and stores the updates and watermarks. It is atomic: no
// other push and no pull sees a part of it. An error means that nothing was stored. Apply sets the
// Imports of the request.
func (s *Server) Apply(r merge.Request) (merge.Answer, error) {
	r.Imports = s.Imports
	push := s.Engine.Prepare(r)
	s.mu.Lock() // begin the transaction, and lock the records
	defer s.mu.Unlock()
	stored := s.store.load(r.Actor, push.Keys())
	stored.Level = s.level()
	s.limit(&stored, r.Actor)
	answer, err := push.Apply(stored)
	if err == nil {
		s.save(answer)
	}
	return answer, err
}

// Put stores records in place of the stored ones with the same keys, each with a new
// sequence. Use it for records that a server derives or repairs, and for state from another
// server after joining it. Put judges nothing.
func (s *Server) Put(records ...record.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range records {
		s.put(r)
	}
}

// Erase replaces a record by its erased form, with a new sequence, and returns the stamp of the
// erasure. No import writes the record again. With a zero time in at, it is a new erasure by the server
// whose ID is in at; without such a record, Erase stores no record and returns the zero Stamp. With a time, Erase repeats the
// erasure that returned at, after the server was restored from a backup. See merge.Erase for stamps
// and errors.
func (s *Server) Erase(key record.Key, at clock.Stamp) (clock.Stamp, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, found := s.store.rows[key]
	if !found && at.Time == 0 {
		s.store.closeImports(s.Imports, key)
		return clock.Stamp{}, nil
	}
	after, err := merge.Erase(before.WithKey(key), at)
	if err != nil {
		return clock.Stamp{}, err
	}
	if !after.Equal(before.Record) {
		s.put(after)
	}
	s.store.closeImports(s.Imports, key)
	if w, ok := after.Get(record.ErasedField); ok {
		at = w.Stamp
	}
	return at, nil
}

// Records returns all stored records, including the deleted ones that were not purged.
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
