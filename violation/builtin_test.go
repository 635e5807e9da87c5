package violation_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// alone returns a server with one rule.
func alone(r violation.Rule) *server { return newServer(map[string]violation.Rule{"r": r}) }

// TestFixedCapacityMayBeUsedFully: records may use the whole capacity, but no more.
func TestFixedCapacityMayBeUsedFully(t *testing.T) {
	s := alone(violation.Capacity{Table: "attendees", Fields: []string{"place"}, Usage: placeOf, Limit: 5})
	s.push(t, attend("a", 1, 2), attend("b", 3, 3), attend("c", 1, 0), attend("d", 9, -4))
	require.Empty(t, s.violations(t))
	s.push(t, attend("c", 2, 1))
	v := s.only(t)
	require.Equal(t, violation.CapacityExceeded, v.Type)
	require.Equal(t, "6 taken, but the limit is 5", v.Description)
	require.Equal(t, "r b: a,c", names(v), "record d uses nothing, so it must not count as the newest")
}

// TestLimitIsEvidenceOfCapacity: a new limit changes the evidence, and so ends a dismissal.
// Without Fields, every field is evidence.
func TestLimitIsEvidenceOfCapacity(t *testing.T) {
	for _, rule := range []violation.Capacity{seatsRule, {Table: "attendees", Usage: placeOf, ParentTable: "events", LimitField: "seats"}} {
		s := alone(rule)
		s.push(t, write("events", "x", by(1, 1), fields{"seats": 1}), attend("a", 2, 2))
		first := s.only(t)
		s.push(t, write("events", "x", by(1, 5), fields{"seats": 0}))
		require.NotEqual(t, first.Evidence, s.only(t).Evidence)
		require.Equal(t, by(1, 5).Time, s.only(t).DetectedAt, "the new limit must be the newest evidence")
		second := s.only(t)
		s.push(t, attend("a", 6, 3))
		require.NotEqual(t, second.Evidence, s.only(t).Evidence)
		third := s.only(t)
		s.push(t, write("attendees", "a", by(1, 7), fields{"other": 1}), write("events", "x", by(1, 7), fields{"other": 1}))
		require.Equal(t, rule.Fields != nil, third.Evidence == s.only(t).Evidence)
	}
}

func TestCapacitySumDoesNotOverflow(t *testing.T) {
	s := alone(violation.Capacity{Table: "attendees", Fields: []string{"place"}, Usage: placeOf, Limit: 5})
	for i := range 4 {
		s.push(t, attend(fmt.Sprint(i), i, math.MaxInt64-int64(i)))
	}
	require.Equal(t, "r 3: 0,1,2", names(s.only(t)))
}

func TestMissingLimitIsNotExceeded(t *testing.T) {
	for _, w := range []record.Record{
		write("events", "x", by(1, 2), fields{"seats": nil}), write("events", "x", by(1, 2), fields{"seats": record.Deletion()}),
		remove("events", "x", by(1, 2)),
	} {
		s := newServer(smallRules())
		s.push(t, attend("a", 1, 5))
		require.Empty(t, s.violations(t), "no limit applies before the event has arrived")
		s.push(t, write("events", "x", by(1, 1), fields{"seats": 1}))
		require.Len(t, s.opened(t), 1)
		s.push(t, w)
		require.Empty(t, s.opened(t))
	}
}

// TestTableMayBeItsOwnParent: a table may refer to itself, and other records may still refer
// to a record that cannot be read.
func TestTableMayBeItsOwnParent(t *testing.T) {
	boss := violation.LiveReference{Table: "people", Field: "boss", Target: "people"}
	s := alone(boss)
	s.push(t, write("people", "p", by(1, 1), fields{"boss": "q"}), write("people", "q", by(1, 1), fields{"boss": sealed()}))
	require.Empty(t, s.violations(t))
	s.push(t, write("people", "r", by(1, 1), fields{"boss": "q"}))
	require.Empty(t, s.violations(t))
	s.push(t, remove("people", "q", by(1, 3)))
	require.Equal(t, []string{"r p: q", "r r: q"}, s.opened(t))

	part := violation.Capacity{Table: "parts", Fields: []string{"place"}, Usage: placeOf, ParentTable: "parts", LimitField: "room"}
	in := func(id string, units int, event any) record.Record {
		return write("parts", id, by(1, 1), fields{"room": 3, "place": map[string]any{"event": event, "units": units}})
	}
	s = alone(part)
	s.push(t, in("box", 1, 1), in("a", 2, "box"), in("b", 2, "box"))
	require.Equal(t, []string{"r b: a"}, s.opened(t), "the place of the box cannot be read, but its capacity of 3 must count")
}

// TestBuiltInRulesDescribeTheirFindings covers the default texts and the texts that an
// application sets.
func TestBuiltInRulesDescribeTheirFindings(t *testing.T) {
	overlap, seats, person, email := overlapRule, seatsRule, personRule, emailRule
	describe := func(r, target record.Record) string { return r.Key().ID + " and " + target.Key().ID }
	overlap.Describe, person.Describe, email.Description = describe, describe, "taken"
	seats.Describe = func(taken, limit int64) string { return fmt.Sprintf("%d>%d", taken, limit) }
	world := []record.Record{
		book("a", by(1, 2), "B", 2, 4), book("b", by(1, 1), "B", 2, 4),
		write("events", "x", by(1, 1), fields{"seats": 1}), attend("a", 1, 7), write("tasks", "t", by(1, 1), fields{"who": "p"}),
		write("users", "a", by(1, 1), fields{"email": "ana@"}), write("users", "b", by(1, 1), fields{"email": "ana@"}),
	}
	for rules, want := range map[*map[string]violation.Rule]map[string]string{
		{"overlap": overlap, "seats": seats, "person": person, "email": email}: {
			"scheduling_conflict": "a and b", "capacity_exceeded": "7>1", "stale_assignment": "t and p", "duplicate_value": "taken",
		},
		{"overlap": overlapRule, "seats": seatsRule, "person": personRule, "email": emailRule}: {
			"scheduling_conflict": "conflicts with another record at the same time",
			"capacity_exceeded":   "7 taken, but the limit is 1",
			"stale_assignment":    "who refers to a record that does not exist",
			"duplicate_value":     "has the same value as another record",
		},
	} {
		s := newServer(*rules)
		s.push(t, world...)
		got := map[string]string{}
		for _, v := range s.violations(t) {
			got[v.Type] = v.Description
		}
		require.Equal(t, want, got)
	}
	s := newServer(smallRules())
	s.push(t, world[4], write("people", "p", by(1, 1), fields{"left": true}))
	require.Equal(t, "who refers to a record that does not fit", s.only(t).Description)
	s.push(t, remove("people", "p", by(1, 2)))
	require.Equal(t, "who refers to a record that does not exist", s.only(t).Description)
}

// TestNilFieldsMeanAllFields: if a rule names no fields, the newest stamp of any field decides
// which record is newer, and all fields are evidence.
func TestNilFieldsMeanAllFields(t *testing.T) {
	s := alone(violation.NoOverlap{Table: "bookings", Slot: slotOf})
	s.push(t, book("a", by(1, 2), "B", 2, 4), book("b", by(1, 1), "B", 2, 4))
	first := s.only(t)
	require.Equal(t, "r a: b", names(first))
	s.push(t, write("bookings", "b", by(1, 3), fields{"title": "x"}))
	require.Equal(t, "r b: a", names(s.only(t)))
	require.NotEqual(t, first.Evidence, s.only(t).Evidence)
	require.Equal(t, first.ID, s.only(t).ID)
}

// TestNewestByStampClientAndKey: the later time decides, then the greater client, then the
// greater key.
func TestNewestByStampClientAndKey(t *testing.T) {
	a, b := book("a", by(1, 2), "B", 2, 4), book("b", by(1, 1), "B", 2, 4)
	for _, c := range []struct{ newer, older record.Record }{
		{a, b}, {book("a", by(2, 1), "B", 2, 4), b}, {b, book("a", by(1, 1), "C", 2, 4)},
	} {
		for _, order := range [][2]record.Record{{c.newer, c.older}, {c.older, c.newer}} {
			newer, older := violation.Newest(order[0], order[1], "slot")
			require.True(t, newer.Equal(c.newer) && older.Equal(c.older))
		}
	}
	newer, _ := violation.Newest(a, b, "title")
	require.True(t, newer.Equal(b), "neither record has the field, so the keys must decide")
}

// TestUniqueComparesItsValue: the unique value may be composed of several fields, and records
// without a value are not compared.
func TestUniqueComparesItsValue(t *testing.T) {
	s := alone(violation.Unique{Table: "users", Fields: []string{"name", "team"}, Value: func(r record.Record) (string, error) {
		name, _ := r.Get("name")
		team, _ := r.Get("team")
		a, _ := name.Value.Text()
		b, _ := team.Value.Text()
		if a == "" {
			return "", nil
		}
		return a + "/" + b, nil
	}})
	user := func(id, name, team string) record.Record {
		return write("users", id, by(1, 1), fields{"name": name, "team": team})
	}
	s.push(t, user("a", "ana", "x"), user("b", "ana", "y"), user("c", "", "x"), user("d", "", "x"), user("e", "ana", "x"))
	require.Equal(t, []string{"r e: a"}, s.opened(t))
	s = alone(violation.Unique{Table: "users"})
	s.push(t, user("a", "ana", "x"), user("b", "ana", "x"))
	require.Empty(t, s.violations(t), "a rule that names no field must find nothing")
}

// TestNegativeLimitIsExceededOnlyByUsage: if nothing is used, even a negative limit is not
// exceeded. A negative value in one record must not make the rule fail for all records.
func TestNegativeLimitIsExceededOnlyByUsage(t *testing.T) {
	s := newServer(smallRules())
	limit := write("events", "x", by(1, 1), fields{"seats": -1})
	require.NoError(t, s.push(t, limit).Err)
	require.NoError(t, s.audit(t).Err)
	require.Empty(t, s.violations(t))
	require.NoError(t, s.push(t, attend("a", 2, 1)).Err)
	require.Len(t, s.with(t, violation.Open), 1)
	require.NoError(t, s.push(t, remove("attendees", "a", by(1, 9))).Err)
	require.Empty(t, s.with(t, violation.Open))
}

func TestPastConflictsDoNotFillTheCap(t *testing.T) {
	rule := overlapRule
	rule.Relevant = true
	s := serverOf(&violation.Checker{Rules: map[string]violation.Rule{"overlap": rule}, MaxPerScope: 3})
	for i := range 4 {
		s.push(t, book(fmt.Sprint("a", i), by(1, i+1), "B", 0, 2))
	}
	require.Len(t, s.with(t, violation.Open), 4, "want rows for three pairs, and one row for all six pairs")
	s.now = hours(5)
	s.push(t, book("x", by(2, 20), "B", 6, 8), book("y", by(2, 21), "B", 7, 9))
	require.Equal(t, []string{"overlap y: x"}, s.opened(t))
}
