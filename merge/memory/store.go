package memory

import (
	"iter"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// store holds what a database would hold in three tables and a counter.
type store struct {
	rows map[record.Key]row
	// log has the key of each change, in the order of sequences, which begin with 1. If a
	// record changed several times, the last of its sequences counts.
	log        []record.Key
	watermarks map[clock.ClientID]clock.Timestamp
	greatest   clock.Timestamp // of all stamps that were ever stored
	samples    []sample        // by time, none older than the fence
	fence      fence
}

// row is a stored record, and the sequence of its last change.
type row struct {
	record.Record
	seq int
}

// copy returns a copy that shares no memory that can change.
func (s *store) copy() store {
	c := *s
	c.rows, c.watermarks = maps.Clone(s.rows), maps.Clone(s.watermarks)
	c.log, c.samples = slices.Clone(s.log), slices.Clone(s.samples)
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
func (s *store) save(a merge.Answer, level int) {
	for _, u := range a.Updates {
		s.put(u.After, level)
	}
	if s.watermarks == nil {
		s.watermarks = make(map[clock.ClientID]clock.Timestamp)
	}
	for _, mark := range a.Watermarks {
		// Only the actor's watermark was loaded, so the stored watermark of another client may be greater.
		s.watermarks[mark.Client] = max(s.watermarks[mark.Client], mark.Time)
	}
}

// put stores the normal form of a record, with the next sequence. The deletion of a record
// that is dead already must still be pulled, so even at level 2 it stays until a sweep.
func (s *store) put(r record.Record, level int) {
	if s.rows == nil {
		s.rows = make(map[record.Key]row)
	}
	for _, w := range r.All() {
		s.greatest = max(s.greatest, w.Stamp.Time)
	}
	kept := merge.Purge(r, s.fence.stamp, level)
	if kept.Len() == 0 {
		kept = merge.Purge(r, s.fence.stamp, 1)
	}
	s.log = append(s.log, r.Key())
	s.rows[r.Key()] = row{kept, s.sequence()}
}

// sequence returns the sequence of the last change.
func (s *store) sequence() int { return len(s.log) }

// since returns the records that changed after a sequence, in the order of their sequences.
func (s *store) since(seq int) iter.Seq[row] {
	return func(yield func(row) bool) {
		for i, key := range s.log[seq:] {
			if r := s.rows[key]; r.seq == seq+i+1 && !yield(r) {
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
