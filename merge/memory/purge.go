package memory

import (
	"maps"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
)

// fence is the boundary below which deleted data may have been purged. Both members only grow.
// The zero fence means that nothing was ever purged.
type fence struct {
	seq   int             // for pulls: a client with a lower cursor begins again
	stamp clock.Timestamp // for pushes: see merge.Stored
}

// sample is the state of the server at a time, which may become the fence.
type sample struct {
	at time.Time
	fence
}

// Purge records a sample of the sequence and of the greatest stamp, raises the fence to the
// newest sample that is at least as old as the retention, and purges what is deleted below the
// fence. Call it about once a day with the same retention, for example 90 days: then a client
// that pulls at least that often loses none of its edits. With a retention of 0, everything
// that is deleted by now is purged. A negative retention raises no fence.
//
// Purge returns the sequence and the stamp of the fence, which are 0 as long as nothing was
// purged. It trusts the wall clock of the server not to jump ahead; while that clock is behind
// the last sample, Purge does nothing.
func (s *Server) Purge(retention time.Duration) (seq int, stamp clock.Timestamp) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store.sample(s.wall())
	if retention >= 0 {
		s.store.raise(s.wall().Add(-retention))
		s.sweep()
	}
	return s.store.fence.seq, s.store.fence.stamp
}

func (s *Server) level() int { return max(s.Level, 1) }

// sample records the state at a time, unless that time is before the last sample.
func (s *store) sample(at time.Time) {
	if n := len(s.samples); n == 0 || !at.Before(s.samples[n-1].at) {
		s.samples = append(s.samples, sample{at, fence{s.sequence(), s.greatest}})
	}
}

// raise raises the fence to the newest sample taken at or before a time, and drops the samples
// before that one.
func (s *store) raise(until time.Time) {
	n := 0
	for n < len(s.samples) && !s.samples[n].at.After(until) {
		n++
	}
	if n > 0 {
		s.samples = s.samples[n-1:]
		s.fence = s.samples[0].fence
	}
}

// sweep stores the normal form of each record, and drops the buckets that it left up to the fence.
// A dead record is dropped only if its sequence is at or below the fence: a deletion that came late
// must still be pulled.
func (s *Server) sweep() {
	for key, r := range s.store.rows {
		kept, in := merge.Purge(r.Record, s.store.fence.stamp, s.level()), s.bucketsOf(r.Record)
		at := maps.Clone(r.at)
		maps.DeleteFunc(at, func(bucket string, seq int) bool {
			return seq <= s.store.fence.seq && !slices.Contains(in, bucket)
		})
		switch {
		case kept.Len() > 0:
			s.store.rows[key] = row{kept, r.seq, at}
		case r.seq <= s.store.fence.seq:
			delete(s.store.rows, key)
		}
	}
}
