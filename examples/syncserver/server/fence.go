package server

import (
	"math"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// fence separates the data of a workspace that may have been purged from later data. It is stored
// in the row of the workspace, so each push is judged by the fence that is read inside the
// lock. No part of a fence ever falls.
type fence struct {
	seq   int64           // a pull after an earlier sequence may miss dropped records
	stamp clock.Timestamp // see merge.Purge; zero if nothing was ever purged
	level int             // see merge.Purge
}

// normal returns the normal form of a stored record, given the size of its JSON. It is the
// same before and after a sweep, so all pushes, rules and audits see the same record. At level 2,
// the normal form of a dead record has no fields. A violation row that was dropped is stored without
// fields until all clients were told to forget it.
func (s *session) normal(r record.Record, size int) record.Record {
	n := merge.Purge(r, s.fence.stamp, s.fence.level)
	if r.Erased() && !n.Erased() && r.Key().Table == violation.DefaultTable {
		n = record.New(r.Key()) // only the server may make the row again
	}
	if n.Len() < r.Len() || r.Len() == 0 {
		s.unswept[r.Key()] = size
	}
	return n
}

// Values of the column records.purge that are not fences.
const (
	husk     = -1 // the record consists of its deletion alone
	departed = -2 // the record was dropped, and clients must still be told to forget it
	closed   = -3 // the record is a violation row that is closed
)

// dueOf returns the value of the column records.purge: the least fence by which merge.Purge, at
// level 1, removes a part of the record; 0 if there is no such fence; or one of the values above.
func dueOf(r record.Record) int64 {
	due := clock.Timestamp(math.MaxInt64)
	switch {
	case r.Len() == 0:
		return departed
	case isClosed(r):
		return closed
	case r.Deleted() && r.Len() == 1:
		return husk
	case r.Deleted():
		due = latestOf(r)
	case r.Len() == 1:
		return 0 // the last field stays, even if it is deleted
	}
	for _, w := range r.All() {
		if w.Deleted() {
			due = min(due, w.Stamp.Time)
		}
	}
	if due == math.MaxInt64 {
		return 0
	}
	return int64(due)
}

// isBare reports whether a record has no fields, except perhaps its deletion. The normal form of a dead
// record is bare.
func isBare(r record.Record) bool { return r.Len() == 0 || r.Len() == 1 && r.Deleted() }

// isClosed reports whether a record is a violation row whose condition is known not to hold, the
// row of a lost edit that a user has dealt with or that is for its loser alone, or a row that was erased. A row that is only
// dismissed is not closed: without it, the next check would report its violation again.
func isClosed(r record.Record) bool {
	if r.Key().Table != violation.DefaultTable {
		return false
	}
	v, err := violation.Parse(r)
	_, told := loserOf(r)
	return r.Erased() || told && !isKept(r) || err == nil && (v.Status == violation.Resolved || v.Status == violation.Obsolete)
}
