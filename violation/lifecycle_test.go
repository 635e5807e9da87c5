package violation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// TestRowReopensWithOlderStamps: a booking moves away and back, but its stamps stay below the
// stamp of the other booking, which is the greatest of the evidence. So the reopened row has
// the same stamps as before, and they may be older than the stamps of the resolved row. A join
// by last write wins would keep "resolved".
func TestRowReopensWithOlderStamps(t *testing.T) {
	s := newServer(smallRules())
	s.push(t, book("a", by(1, 1), "B", 2, 4), book("b", by(2, 1000), "B", 3, 5))
	first := s.only(t)
	require.Equal(t, violation.Open, first.Status)
	require.Equal(t, by(2, 1000).Time, first.DetectedAt)

	s.push(t, book("a", by(1, 10), "C", 2, 4))
	require.Equal(t, violation.Resolved, s.only(t).Status)

	s.push(t, book("a", by(1, 20), "B", 2, 4))
	again := s.only(t)
	require.Equal(t, violation.Open, again.Status)
	require.Equal(t, first.ID, again.ID)
	require.Equal(t, first.DetectedAt, again.DetectedAt, "DetectedAt must not change, because the move back has a lower stamp than the other booking")
	require.NotEqual(t, first.Evidence, again.Evidence)

	// The reverse: the newest booking moves away, and the older one follows it.
	s.push(t, book("b", by(2, 2000), "D", 3, 5))
	require.Equal(t, violation.Resolved, s.only(t).Status)
	s.push(t, book("a", by(1, 30), "D", 3, 5))
	require.Equal(t, violation.Open, s.only(t).Status)
	require.Equal(t, "D", s.only(t).Scope)
}

// TestLateWriteConflictsOnArrival: a write that was made offline ten days ago conflicts with
// the records that are stored when it arrives.
func TestLateWriteConflictsOnArrival(t *testing.T) {
	const tenDays = 10 * 24 * 60 * 60 * 1000
	s := newServer(smallRules())
	s.now = noon + tenDays*millisecond
	s.push(t, book("b", by(2, tenDays), "B", 2, 4), book("c", by(2, tenDays), "C", 2, 4))
	require.Empty(t, s.violations(t))

	s.push(t, book("a", by(1, 0), "B", 3, 5))
	v := s.only(t)
	require.Equal(t, violation.Open, v.Status)
	require.Equal(t, "overlap b: a", names(v), "the newcomer must be the record stamped last, not the one that arrived last")
	require.Equal(t, by(2, tenDays).Time, v.DetectedAt)

	// A late write that loses changes nothing.
	require.Empty(t, s.push(t, book("b", by(1, 5), "D", 2, 4)).Updates)
	// A late write may resolve a violation.
	s.push(t, book("a", by(1, 6), "D", 3, 5))
	require.Equal(t, violation.Resolved, s.only(t).Status)
}

// TestIDsDoNotDependOnOtherMembers: a third record that joins or leaves a group does not
// change the other IDs.
func TestIDsDoNotDependOnOtherMembers(t *testing.T) {
	s := newServer(smallRules())
	s.push(t, book("a", by(1, 1), "B", 0, 4), book("b", by(2, 2), "B", 1, 4))
	pair := s.only(t)
	report := s.push(t, book("c", by(2, 1), "B", 2, 4))
	require.Len(t, report.Updates, 2, "the old pair must not be written again")
	require.Equal(t, []string{"overlap b: a", "overlap b: c", "overlap c: a"}, s.opened(t))
	require.Contains(t, s.violations(t), pair)

	s.push(t, remove("bookings", "c", by(2, 3)))
	require.Equal(t, []string{"overlap b: a"}, s.opened(t))
	require.Contains(t, s.violations(t), pair)
	require.Len(t, s.with(t, violation.Obsolete), 1, "the row about c must be obsolete")
	require.Len(t, s.with(t, violation.Resolved), 1, "the row of b and c must be resolved")

	// A rule with one row for a group keeps this row, which names the remaining records.
	mail := func(id string, ms int, email string) record.Record {
		return write("users", id, by(1, ms), fields{"email": email})
	}
	s = newServer(smallRules())
	s.push(t, mail("a", 1, "ana@"), mail("b", 2, "ana@"))
	id := s.only(t).ID
	evidence := s.only(t).Evidence
	s.push(t, mail("c", 3, "ana@"))
	require.Equal(t, "email c: a,b", names(s.only(t)))
	s.push(t, mail("c", 4, "cem@"))
	require.Equal(t, "email b: a", names(s.only(t)))
	s.push(t, mail("b", 4, "ben@"))
	require.Equal(t, violation.Resolved, s.only(t).Status)
	require.Equal(t, id, s.only(t).ID)
	// Another record with the same stamp is different evidence.
	s.push(t, mail("d", 2, "ana@"))
	require.Equal(t, "email d: a", names(s.only(t)))
	require.NotEqual(t, evidence, s.only(t).Evidence)
}

// TestStatusFollowsTheCondition: a row is open, resolved, open again, and obsolete when its
// subject is deleted. When the subject is restored, it is open once more.
func TestStatusFollowsTheCondition(t *testing.T) {
	s := newServer(smallRules())
	var history []violation.Status
	step := func(w record.Record) {
		s.push(t, w)
		history = append(history, s.only(t).Status)
	}
	s.push(t, book("a", by(1, 1), "B", 2, 4))
	step(book("b", by(2, 2), "B", 3, 5))
	step(book("b", by(2, 3), "B", 4, 5)) // booking b starts when a ends
	step(book("b", by(2, 4), "B", 1, 3))
	step(book("b", by(2, 5), "B", 1, 2)) // booking b ends when a starts
	step(book("b", by(2, 6), "B", 0, 6))
	step(remove("bookings", "b", by(1, 7)))
	step(write("bookings", "b", by(1, 8), fields{record.DeletedField: false}))
	step(remove("bookings", "a", by(1, 9)))
	require.Equal(t, []violation.Status{
		violation.Open, violation.Resolved, violation.Open, violation.Resolved, violation.Open,
		violation.Obsolete, violation.Open, violation.Resolved,
	}, history)
}

// TestViolationIsObsoleteAfterRelevantUntil: audits and checks count the rows that are open at
// Now, and readers judge with StatusAt.
func TestViolationIsObsoleteAfterRelevantUntil(t *testing.T) {
	rule := overlapRule
	rule.Relevant = true
	s := newServer(map[string]violation.Rule{"overlap": rule})
	s.push(t, book("a", by(1, 1), "B", 2, 4), book("b", by(2, 2), "B", 3, 5))
	v := s.only(t)
	require.Equal(t, hours(4), v.RelevantUntil, "the violation must matter until the earlier end of the two bookings")
	require.Equal(t, violation.Open, v.StatusAt(hours(4)-1))
	require.Equal(t, violation.Obsolete, v.StatusAt(hours(4)))
	v.Status = violation.Resolved
	require.Equal(t, violation.Resolved, v.StatusAt(hours(9)))

	s.now = hours(4) - 1
	report := s.audit(t)
	require.Empty(t, report.Updates)
	require.Equal(t, 1, report.Open)
	s.now = hours(4)
	report = s.audit(t)
	require.Empty(t, report.Updates, "the passing of time must not be stored")
	require.Zero(t, report.Open)

	// After the meetings are postponed, the violation matters again.
	s.push(t, book("a", by(1, 3), "B", 3, 9), book("b", by(2, 3), "B", 3, 8))
	require.Len(t, s.with(t, violation.Open), 1)
	// Age alone does not close a violation that still holds.
	forever := newServer(smallRules())
	forever.push(t, book("a", by(1, 1), "B", 2, 4), book("b", by(2, 2), "B", 3, 5))
	forever.now = noon + clock.Timestamp(100*365*24*time.Hour)
	require.Empty(t, forever.audit(t).Updates)
}

// TestPullBySequenceReturnsRowsWithOldStamps: a client that pulls by sequence learns which
// rows opened and closed while it was offline, although their stamps are older than its last
// pull.
func TestPullBySequenceReturnsRowsWithOldStamps(t *testing.T) {
	s := newServer(smallRules())
	s.push(t, book("a", by(1, 1), "B", 2, 4), book("b", by(2, 2), "B", 3, 5))
	known, cursor := s.only(t), s.last

	// Ten days pass. The writes that arrive now were made before the client went offline.
	s.push(t, book("c", by(2, 0), "C", 2, 4), book("a", by(1, 2), "C", 2, 4))
	var pulled []violation.Violation
	for key, seq := range s.seq {
		if v, err := violation.Parse(s.records[key]); err == nil && seq > cursor {
			require.LessOrEqual(t, v.DetectedAt, known.DetectedAt)
			pulled = append(pulled, v)
		}
	}
	statuses := map[string]violation.Status{}
	for _, v := range pulled {
		statuses[names(v)] = v.Status
	}
	require.Equal(t, map[string]violation.Status{
		"overlap b: a": violation.Resolved, "overlap a: c": violation.Open,
	}, statuses)
}
