package memory

import (
	"iter"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// store holds what a database would hold in six tables and a counter.
type store struct {
	rows map[record.Key]row
	// log has the key of each change, in the order of sequences, which begin with 1. A grant has
	// no key. If a record changed several times in a bucket, the last of its sequences counts.
	log        []record.Key
	grants     map[grant]int64 // the sequence of each
	watermarks map[clock.ClientID]clock.Timestamp
	imports    map[clock.ClientID]*importState
	greatest   clock.Timestamp // of all stamps that were ever stored
	samples    []sample        // by time, none older than the fence
	fence      fence
}

// row is a stored record, and the sequence of its last change.
type row struct {
	record.Record
	seq int
	// at has, for each bucket in which the record is or was, the sequence at which it last changed
	// there or left. The map is replaced, never changed.
	at map[string]int
}

// change is a change of a record that is stored now.
type change struct {
	row
	seq int
}

// copy returns a copy that shares no memory that can change.
func (s *store) copy() store {
	c := *s
	c.rows, c.grants, c.watermarks = maps.Clone(s.rows), maps.Clone(s.grants), maps.Clone(s.watermarks)
	c.log, c.samples = slices.Clone(s.log), slices.Clone(s.samples)
	c.imports = s.copyImports()
	return c
}

// load returns the state to which a push by a client is applied.
func (s *store) load(client clock.ClientID, keys []record.Key) merge.Stored {
	records := make([]record.Record, len(keys))
	for i, key := range keys {
		records[i] = s.rows[key].WithKey(key) // without fields if there is none
	}
	return merge.Stored{
		Records:    records,
		Watermarks: []clock.Stamp{{Time: s.watermarks[client], Client: client}},
		Fence:      s.fence.stamp,
	}
}

// save stores the updates and the watermarks of an answer.
func (s *Server) save(a merge.Answer) {
	for _, u := range a.Updates {
		s.put(u.After)
	}
	if s.store.watermarks == nil {
		s.store.watermarks = make(map[clock.ClientID]clock.Timestamp)
	}
	for _, mark := range a.Watermarks {
		// Only the actor's watermark was loaded, so the stored watermark of another client may be greater.
		s.store.watermarks[mark.Client] = max(s.store.watermarks[mark.Client], mark.Time)
	}
}

// put stores the normal form of a record, with the next sequence in each of its buckets and in each
// bucket that it leaves. The deletion of a record that is dead already must still be pulled, so
// even at level 2 it stays until a sweep.
func (s *Server) put(r record.Record) {
	if s.store.rows == nil {
		s.store.rows = make(map[record.Key]row)
	}
	for _, w := range r.All() {
		s.store.greatest = max(s.store.greatest, w.Stamp.Time)
	}
	kept := merge.Purge(r, s.store.fence.stamp, s.level())
	if kept.Len() == 0 {
		kept = merge.Purge(r, s.store.fence.stamp, 1)
	}
	s.store.log = append(s.store.log, r.Key())
	before, seq := s.store.rows[r.Key()], s.store.sequence()
	at := make(map[string]int)
	maps.Copy(at, before.at)
	for _, bucket := range slices.Concat(s.bucketsOf(before.Record), s.bucketsOf(kept)) {
		at[bucket] = seq
	}
	s.store.rows[r.Key()] = row{kept, seq, at}
}

// sequence returns the sequence of the last change.
func (s *store) sequence() int { return len(s.log) }

// since returns the changes after a sequence, in the order of their sequences.
func (s *store) since(seq int) iter.Seq[change] {
	return func(yield func(change) bool) {
		for i, key := range s.log[seq:] {
			if r, found := s.rows[key]; found && !yield(change{r, seq + i + 1}) {
				return
			}
		}
	}
}

// collection returns all records.
func (s *store) collection() merge.Collection {
	records := make([]record.Record, 0, len(s.rows))
	for _, r := range s.rows {
		records = append(records, r.Record)
	}
	return merge.Collect(records...)
}
