package server

import (
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// state is what the message f of a workspace holds. Each push depends on it and never writes it, so the pushes
// of a workspace do not conflict because of it, and each is judged by the fence and the rights that hold when it
// is stored.
type state struct {
	Batch   string   `json:"batch"`   // the ID of the batch that wrote it
	Fence   fence    `json:"fence"`   // the zero fence if nothing was ever purged
	Samples []sample `json:"samples"` // newest first
	// Rights counts the changes that took a right from a user, so that pushes which were judged by the
	// right conflict.
	Rights int64 `json:"rights,omitempty"`
}

// fence separates the data of a workspace that may have been purged from later data. No part of it ever falls.
type fence struct {
	Seq   int64           `json:"seq"`            // a pull after an earlier sequence may miss deleted records
	Stamp clock.Timestamp `json:"stamp,omitzero"` // see merge.Purge
	Level int             `json:"level"`          // see merge.Purge
}

// sample is the state of a workspace at some time.
type sample struct {
	At       time.Time       `json:"at"`
	Seq      int64           `json:"seq"`               // of the message that first held the sample
	Greatest clock.Timestamp `json:"greatest,omitzero"` // the greatest stamp, but none too far ahead of At
}

// decodeState reads the state of a workspace.
func decodeState(e store.Entry) (s state, err error) {
	err = decode(e, &s)
	if s.Fence.Seq == own {
		s.Fence.Seq = e.Seq
	}
	for i := range s.Samples {
		if s.Samples[i].Seq == own {
			s.Samples[i].Seq = e.Seq
		}
	}
	return s, err
}

// told returns the least stamp that the clock of a client must observe. A later fence has no greater stamp, or
// its sequence is above everything that the client has pulled: each sample has a sequence of its own.
func (s state) told() clock.Timestamp {
	at := s.Fence.Stamp
	if len(s.Samples) > 0 {
		at = max(at, s.Samples[0].Greatest)
	}
	return at
}

// normal returns the normal form of a record. It is the same before and after a sweep, so all pushes, rules and
// pulls see the same record. A violation row whose erased form is purged counts as dropped, so that the rules
// make it again as a whole.
func (f fence) normal(r record.Record) record.Record {
	n := merge.Purge(r, f.Stamp, f.Level)
	if r.Erased() && !n.Erased() && r.Key().Table == violation.DefaultTable {
		return record.New(r.Key())
	}
	return n
}

// latestOf returns the greatest timestamp in a record.
func latestOf(r record.Record) (latest clock.Timestamp) {
	for _, w := range r.All() {
		latest = max(latest, w.Stamp.Time)
	}
	return latest
}

// isClosed reports whether a record is a violation row whose condition does not hold any longer, or that was
// erased. A dismissed row is not closed: without it, the next check would report its violation again.
func isClosed(r record.Record) bool {
	if r.Key().Table != violation.DefaultTable {
		return false
	}
	v, err := violation.Parse(r)
	return r.Erased() || err == nil && (v.Status == violation.Resolved || v.Status == violation.Obsolete)
}
