package memory

import (
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// StoredUpTo returns the stored records whose sequence is at or below seq.
func (s *Server) StoredUpTo(seq int) merge.Collection {
	s.mu.Lock()
	defer s.mu.Unlock()
	until := store{rows: make(map[record.Key]row)}
	for key, r := range s.store.rows {
		if r.seq <= seq {
			until.rows[key] = r
		}
	}
	return until.collection()
}

// Rows returns how many rows the records have in buckets, including those that they have left.
func (s *Server) Rows() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.store.rows {
		n += len(r.at)
	}
	return n
}
