package keyvalue

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// Server is a sync server on one file. Its methods may be called from any number of
// goroutines; its exported fields must not change while they run.
type Server struct {
	// Engine decides about pushes: limits and the Guard.
	Engine merge.Engine
	// PageSize is the greatest number of records that Pull returns; 0 means 1,000.
	PageSize int

	db    *bbolt.DB
	now   func() time.Time
	id    clock.ClientID // stamps the server's own writes in this process
	clock *clock.Clock
}

// Open opens the file, and creates it if it does not exist. Now is the wall clock, usually
// time.Now. Only one process at a time can have the file open.
func Open(path string, now func() time.Time) (*Server, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		return nil, fmt.Errorf("keyvalue: %w", err)
	}
	s := &Server{db: db, now: now, id: clock.ClientID(uuid.New())}
	// No bound: the clock observes only stamps that Push has admitted.
	s.clock, err = clock.New(clock.Options{Now: now, MaxAhead: -1})
	if err == nil {
		err = db.Update(createBuckets)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("keyvalue: %w", err), db.Close())
	}
	return s, nil
}

// Close closes the file.
func (s *Server) Close() error { return s.db.Close() }

// Push decides about a batch of the authenticated client and stores the result. After an
// error nothing is stored, and the client sends the batch again.
func (s *Server) Push(client clock.ClientID, batch []byte) (answer []byte, err error) {
	items, err := s.Engine.Decode(batch)
	if err != nil {
		return nil, err // not a batch: status 400
	}
	push := s.Engine.Prepare(merge.Request{Actor: client, Wall: s.now(), Items: items})
	err = s.db.Update(func(tx *bbolt.Tx) error { // one writer at a time: this is the lock
		stored, err := load(tx, client, push.Keys())
		if err != nil {
			return err
		}
		decided, err := push.Apply(stored)
		if err != nil {
			return err
		}
		answer = decided.AppendJSON(nil)
		return save(tx, decided)
	})
	return answer, err // answer an error with status 503
}

// ErrCursor is the error of Pull for a cursor that is malformed or above the last sequence.
var ErrCursor = errors.New("keyvalue: unknown cursor: begin again with an empty one")

// Pull returns the records that changed after the cursor, as JSON Lines of mutations, and the
// next cursor. The first cursor is empty. An unchanged cursor means that nothing is left.
func (s *Server) Pull(_ clock.ClientID, cursor string) (lines []byte, next string, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		changes := tx.Bucket(changesBucket)
		after, err := parseCursor(cursor, changes.Sequence())
		if err != nil {
			return err
		}
		seqs, left := changes.Cursor(), s.pageSize()
		for seq, key := seqs.Seek(sequenceKey(after + 1)); seq != nil && left > 0; seq, key = seqs.Next() {
			line := tx.Bucket(recordsBucket).Get(key)[sequenceSize:]
			lines = append(append(lines, line...), '\n')
			after, left = binary.BigEndian.Uint64(seq), left-1
		}
		next = strconv.FormatUint(after, 10)
		return nil
	})
	if len(lines) == 0 {
		next = cursor
	}
	return lines, next, err
}

func (s *Server) pageSize() int {
	if s.PageSize <= 0 {
		return 1000
	}
	return s.PageSize
}

// parseCursor returns the sequence after which a client pulls. A cursor above the last
// sequence comes from before a backup was restored.
func parseCursor(cursor string, last uint64) (uint64, error) {
	if cursor == "" {
		return 0, nil
	}
	after, err := strconv.ParseUint(cursor, 10, 64)
	if err != nil || after > last {
		return 0, ErrCursor
	}
	return after, nil
}

// Write sets one field as a write of the server's own. It is an ordinary write: clients pull
// it, and later writes win over it.
func (s *Server) Write(key record.Key, field string, v record.Value) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		stored, err := get(tx, key)
		if err != nil {
			return err
		}
		// The clock observes the stamps of the record, so the edit is stamped above them. The
		// record is committed, so no rollback can remove a stamp that the clock has observed.
		for _, w := range stored.All() {
			if err := s.clock.Observe(w.Stamp.Time); err != nil {
				return err
			}
		}
		m, err := stored.Edit(clock.Stamp{Time: s.clock.Now(), Client: s.id}).Set(field, v).Mutation()
		if err != nil {
			return err
		}
		joined, err := merge.Records(stored, m.Data)
		if err != nil {
			return err
		}
		return put(tx, joined)
	})
}
