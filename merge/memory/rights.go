package memory

import (
	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// grant is the right of a client to read a bucket, and to add records to it.
type grant struct {
	client clock.ClientID
	bucket string
}

// Grant gives a client a bucket: its next pull loads the records of the bucket. The grant takes a
// sequence. If the client has the bucket already, Grant does nothing. Without Server.Buckets,
// grants have no effect.
func (s *Server) Grant(client clock.ClientID, bucket string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store.grant(grant{client, bucket})
}

// Revoke takes a bucket from a client. Its next pull says which buckets the client still has, and
// the client forgets the records of the others.
func (s *Server) Revoke(client clock.ClientID, bucket string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.store.grants, grant{client, bucket})
}

func (s *store) grant(g grant) {
	if _, has := s.grants[g]; has {
		return
	}
	if s.grants == nil {
		s.grants = make(map[grant]int64)
	}
	s.log = append(s.log, record.Key{})
	s.grants[g] = int64(s.sequence())
}

// limit adds the rights of a client to what its push is applied to.
func (s *Server) limit(stored *merge.Stored, client clock.ClientID) {
	rights := buckets.Rights{Of: s.Buckets, Fence: stored.Fence, Read: func(bucket string) bool {
		_, has := s.store.grants[grant{client, bucket}]
		return has || s.Buckets == nil
	}}
	if s.Buckets != nil {
		stored.MayRead, stored.MayWrite = rights.MayRead, rights.MayWrite
	}
	if s.MayWrite == nil {
		return
	}
	stored.MayWrite = func(seen, after record.Record, m record.Mutation) error {
		if err := rights.MayWrite(seen, after, m); err != nil {
			return err
		}
		return s.MayWrite(client, seen, after, m)
	}
}

// snapshot returns the state from which a chunk for a client is made.
func (s *Server) snapshot(client clock.ClientID) buckets.Snapshot {
	now := buckets.Snapshot{Epoch: s.epochName(), Seq: int64(s.store.sequence()), Fence: int64(s.store.fence.seq)}
	if s.Buckets == nil {
		now.Granted = map[string]int64{"": 0}
		return now
	}
	now.Granted = make(map[string]int64)
	for g, seq := range s.store.grants {
		if g.client == client {
			now.Granted[g.bucket] = seq
		}
	}
	return now
}

// bucketsOf returns the buckets of a record. Without Server.Buckets, a dead or erased record stays
// in the one bucket "", so that its deletion is pulled as data.
func (s *Server) bucketsOf(r record.Record) []string {
	if s.Buckets == nil {
		return []string{""}
	}
	return s.Buckets.Of(r, s.store.fence.stamp)
}
