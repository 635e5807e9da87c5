package violation_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// halfDays returns the time n half days after noon on the second of March.
func halfDays(n int) clock.Timestamp { return hours(12 * n) }

// takes is a slot in the tests: a room, and its start and end in half days.
type takes struct {
	Room     string
	From, To int
}

func reserve(id string, at clock.Stamp, slots ...takes) record.Record {
	return write("bookings", id, at, fields{"slots": slots})
}

func takesOf(r record.Record) (all []takes) {
	w, _ := r.Get("slots")
	_ = w.Value.Decode(&all)
	return all
}

// severalRule is a rule for bookings with several slots.
var severalRule = violation.NoOverlap{Table: "bookings", Fields: []string{"slots"}, Slots: func(r record.Record) (slots []violation.Slot, err error) {
	for _, s := range takesOf(r) {
		slots = append(slots, violation.Slot{Resource: s.Room, From: halfDays(s.From), To: halfDays(s.To)})
	}
	return slots, nil
}}

// TestPairWithSeveralSlotsHasOneRow: a booking may recur and occupy several rooms. However
// often two bookings overlap, they have one row, in the scope of their last overlap.
func TestPairWithSeveralSlotsHasOneRow(t *testing.T) {
	weekly := func(room string, from, weeks int) (all []takes) {
		for i := range weeks {
			all = append(all, takes{room, from + 14*i, from + 14*i + 1})
		}
		return all
	}
	for name, c := range map[string]struct {
		a, b  []takes
		scope string // without and with Monthly
	}{
		"one booking in the second week":   {weekly("B", 0, 10), []takes{{"B", 14, 15}}, "B B/2026-03"},
		"another weekday":                  {weekly("B", 0, 10), weekly("B", 3, 10), ""},
		"both weekly":                      {weekly("B", 0, 10), weekly("B", 28, 10), "B B/2026-05"},
		"the second room":                  {[]takes{{"B", 1, 2}, {"C", 1, 2}}, []takes{{"C", 1, 3}}, "C C/2026-03"},
		"two rooms at once":                {[]takes{{"B", 1, 2}, {"C", 1, 2}}, []takes{{"B", 1, 2}, {"C", 1, 2}}, "B B/2026-03"},
		"two rooms, one of them longer":    {[]takes{{"B", 1, 2}, {"C", 1, 3}}, []takes{{"B", 1, 2}, {"C", 1, 3}}, "C C/2026-03"},
		"two rooms, swapped":               {[]takes{{"B", 1, 2}, {"C", 2, 3}}, []takes{{"C", 1, 2}, {"B", 2, 3}}, ""},
		"across the end of the month":      {[]takes{{"B", 50, 70}}, []takes{{"B", 55, 70}}, "B B/2026-04"},
		"until the end of the month":       {[]takes{{"B", 50, 59}}, []takes{{"B", 55, 70}}, "B B/2026-03"},
		"overlapping slots of one booking": {[]takes{{"B", 1, 5}, {"B", 2, 3}}, []takes{{"B", 4, 6}}, "B B/2026-03"},
		"touching after an overlap":        {[]takes{{"B", 1, 3}, {"B", 6, 8}}, []takes{{"B", 1, 3}, {"B", 4, 6}}, "B B/2026-03"},
		"touching before an overlap":       {[]takes{{"B", 1, 3}, {"B", 6, 8}}, []takes{{"B", 3, 4}, {"B", 6, 8}}, "B B/2026-03"},
		"slots without length or room":     {[]takes{{"B", 3, 3}, {"B", 5, 4}}, []takes{{"B", 1, 9}, {"", 1, 9}}, ""},
		"no slots":                         {nil, weekly("B", 0, 3), ""},
	} {
		for i, monthly := range []bool{false, true} {
			rule := severalRule
			rule.Monthly, rule.Relevant = monthly, true
			s := newServer(map[string]violation.Rule{"overlap": rule})
			s.push(t, reserve("a", by(1, 1), c.a...))
			s.push(t, reserve("b", by(1, 2), c.b...))
			if c.scope == "" {
				require.Empty(t, s.violations(t), name)
				continue
			}
			v := s.only(t)
			require.Equal(t, strings.Fields(c.scope)[i], v.Scope, name)
			require.Equal(t, "overlap b: a", names(v))
			s.push(t, reserve("b", by(1, 3), takes{"D", 0, 1}))
			require.Equal(t, violation.Resolved, s.only(t).Status, name)
			require.Empty(t, s.audit(t).Updates)
		}
	}
}

// lastTogether returns the last half day on which two bookings occupy the same room, and the
// room. It looks at each half day.
func lastTogether(a, b []takes) (last int, room string) {
	last = -1
	at := func(list []takes, room string, n int) bool {
		return slices.ContainsFunc(list, func(s takes) bool { return s.Room == room && s.From <= n && n < s.To })
	}
	for _, r := range rooms {
		for n := range 160 {
			if at(a, r, n) && at(b, r, n) && n > last {
				last, room = n, r
			}
		}
	}
	return last, room
}

// wrongSlots returns the rows that should be open, by the documentation of NoOverlap.
func wrongSlots(s *server, rule violation.NoOverlap, most int) (open []string) {
	type found struct {
		key string
		end int
	}
	byScope := map[string][]found{}
	all := s.data()
	for i, a := range all {
		for _, b := range all[i+1:] {
			last, room := lastTogether(takesOf(a), takesOf(b))
			if last < 0 || a.Deleted() || b.Deleted() {
				continue
			}
			scope := room
			if rule.Monthly {
				scope += "/" + halfDays(last).Time().Format("2006-01")
			}
			f := found{key: a.Key().ID + " " + b.Key().ID}
			if rule.Relevant {
				f.end = last + 1
			}
			byScope[scope] = append(byScope[scope], f)
		}
	}
	for scope, list := range byScope {
		slices.SortFunc(list, func(f, g found) int { return cmp.Or(g.end-f.end, cmp.Compare(f.key, g.key)) })
		for _, f := range list[:min(most, len(list))] {
			open = append(open, fmt.Sprint(scope, " ", f.key, " ", f.end))
		}
		if len(list) > most {
			open = append(open, fmt.Sprint(scope, " all ", len(list), " ", list[most].end))
		}
	}
	slices.Sort(open)
	return open
}

// openSlots returns the open rows of a server, in the form of wrongSlots.
func openSlots(t require.TestingT, s *server) (open []string) {
	for _, v := range s.with(t, violation.Open) {
		end := 0
		if v.RelevantUntil != 0 {
			end = int((v.RelevantUntil - halfDays(0)) / (halfDays(1) - halfDays(0)))
		}
		if v.Total > 1 {
			open = append(open, fmt.Sprint(v.Scope, " all ", v.Total, " ", end))
			continue
		}
		pair := []string{v.RecordID, v.Conflicting[0]}
		slices.Sort(pair)
		open = append(open, fmt.Sprint(v.Scope, " ", pair[0], " ", pair[1], " ", end))
	}
	slices.Sort(open)
	return open
}

// someSlots generates the slots of a booking.
func (d dice) someSlots() (all []takes) {
	for range 1 + d.IntN(2)*d.IntN(4) {
		from := d.IntN(120)
		all = append(all, takes{pick(d, rooms), from, from + d.IntN(3)*d.IntN(20) + d.IntN(2)})
	}
	return all
}

// TestSlotsMatchTheOracle: bookings with several slots, by room or by room and month, have the
// rows that a search of every half day finds, whatever the division into calls.
func TestSlotsMatchTheOracle(t *testing.T) {
	open, capped := 0, 0
	for seed := range uint64(histories(t, 400)) {
		d := dice{rand.New(rand.NewPCG(seed, 11))}
		rule := severalRule
		rule.Monthly, rule.Relevant = seed%2 == 0, seed%4 < 2
		c := &violation.Checker{Rules: map[string]violation.Rule{"overlap": rule}, MaxPerScope: 1 + d.IntN(4)}
		var writes []record.Record
		for i := range 20 {
			id := string(rune('a' + d.IntN(10)))
			if w := reserve(id, by(1, i), d.someSlots()...); d.IntN(8) > 0 {
				writes = append(writes, w)
			} else {
				writes = append(writes, remove("bookings", id, by(1, i)))
			}
		}
		a, b := serverOf(c), serverOf(c)
		a.push(t, writes...)
		d.Shuffle(len(writes), func(i, j int) { writes[i], writes[j] = writes[j], writes[i] })
		for rest := writes; len(rest) > 0; {
			n := 1 + d.IntN(len(rest))
			require.NoError(t, b.push(t, rest[:n]...).Err)
			rest = rest[n:]
		}
		require.Equal(t, a.openLines(t), b.openLines(t), "seed %d", seed)
		want := wrongSlots(a, rule, c.MaxPerScope)
		require.Equal(t, want, openSlots(t, a), "seed %d", seed)
		a.requireAudit(t)
		open += len(want)
		capped += strings.Count(strings.Join(want, "\n"), " all ")
	}
	require.Positive(t, open)
	require.Positive(t, capped)
}

// TestMonthlyCheckReadsOnlyItsMonths: the check of a new booking in a room with thousands of
// past bookings reads only the bookings of its own months.
func TestMonthlyCheckReadsOnlyItsMonths(t *testing.T) {
	rule := severalRule
	rule.Monthly = true
	read := func(past int) int {
		s := newServer(map[string]violation.Rule{"overlap": rule})
		var updates []merge.Update
		for i := range past {
			from := -60 - 2*i
			updates = append(updates, merge.Update{After: reserve(fmt.Sprint("past", i), by(1, i), takes{"B", from, from + 1})})
		}
		for i := range 20 {
			updates = append(updates, merge.Update{After: reserve(fmt.Sprint("now", i), by(1, i), takes{"B", i, i + 1})})
		}
		s.store(updates)
		view := &weighing{View: s.view}
		report := s.on(t, view, reserve("new", by(1, 99), takes{"B", 5, 6}))
		require.Equal(t, 1, report.Open)
		return view.records
	}
	require.Equal(t, read(100), read(5_000))
	require.LessOrEqual(t, read(100), 60)
}

// TestPairEndingWithItsMonthBelongsToIt: a pair whose overlap ends at the first moment of the
// next month belongs to the month that ends there. It does not matter which of the two records
// ends later, or whether pairs are ordered by key or by end.
func TestPairEndingWithItsMonthBelongsToIt(t *testing.T) {
	april := 24*(31-noon.Time().Day()) + 12 // hours after noon
	for _, relevant := range []bool{false, true} {
		for _, ends := range [][2]int{{april, april}, {april + 1, april}, {april, april + 1}} {
			rule := overlapRule
			rule.Monthly, rule.Relevant = true, relevant
			s := newServer(map[string]violation.Rule{"overlap": rule})
			report := s.push(t, book("a", by(1, 1), "B", april-1, ends[0]), book("b", by(1, 2), "B", april-1, ends[1]))
			require.NoError(t, report.Err)
			require.Equal(t, "B/2026-03", s.only(t).Scope)
		}
	}
}

// weighing counts the records that a view returns.
type weighing struct {
	violation.View
	records int
}

func (v *weighing) Groups(ctx context.Context, rule string, names []string) ([]violation.ScopeRecords, error) {
	groups, err := v.View.Groups(ctx, rule, names)
	for _, g := range groups {
		v.records += len(g.Records) + len(g.Rows)
	}
	return groups, err
}

// TestEndlessSlotIsCut: a booking of centuries is in few scopes. It is flagged itself until it
// is shortened, because its later part is not checked.
func TestEndlessSlotIsCut(t *testing.T) {
	rule := violation.NoOverlap{Table: "bookings", Fields: []string{"slot"}, Monthly: true, Slot: func(r record.Record) (violation.Slot, error) {
		w, _ := r.Get("slot")
		var s struct{ From, To int64 }
		err := json.Unmarshal([]byte(w.Value.JSON()), &s)
		return violation.Slot{Resource: "B", From: clock.Timestamp(s.From), To: clock.Timestamp(s.To)}, err
	}}
	long := func(id string, ms int, from, to clock.Timestamp) record.Record {
		return write("bookings", id, by(1, ms), fields{"slot": map[string]any{"From": int64(from), "To": int64(to)}})
	}
	const year = clock.Timestamp(365 * 24 * time.Hour)
	s := newServer(map[string]violation.Rule{"overlap": rule})
	for _, ends := range [][2]clock.Timestamp{{noon, math.MaxInt64}, {math.MinInt64, math.MaxInt64}, {math.MinInt64, math.MinInt64 + 1}, {math.MaxInt64 - 1, math.MaxInt64}, {0, 290 * year}} {
		r := long("x", 1, ends[0], ends[1])
		scopes := s.checker.ScopesOf(r)
		require.NotEmpty(t, scopes)
		require.LessOrEqual(t, len(scopes), 36)
	}
	s.push(t, long("a", 1, noon, noon+200*year), long("b", 2, noon+year, noon+year+1), long("c", 3, noon+9*year, noon+9*year+1))
	var open []string
	for _, v := range s.with(t, violation.Open) {
		open = append(open, v.Type+" "+names(v)+" "+v.Scope)
	}
	slices.Sort(open)
	require.Equal(t, []string{"scheduling_conflict overlap b: a B/2027-03", "slots_cut overlap a:  B/2026-03"}, open)
	s.push(t, long("a", 4, noon, noon+2*year))
	require.Equal(t, []string{"overlap a: b"}, s.opened(t))
	require.Empty(t, s.audit(t).Updates)
}

// TestManySlotsAreCut: a booking that recurs without end is in few scopes, and only its first
// thousand slots are checked.
func TestManySlotsAreCut(t *testing.T) {
	var slots []violation.Slot
	rule := violation.NoOverlap{Table: "bookings", Slots: func(record.Record) ([]violation.Slot, error) { return slots, nil }}
	for i := range 2_000 {
		slots = append(slots, violation.Slot{Resource: "B", From: hours(2 * i), To: hours(2*i + 1)})
	}
	s := newServer(map[string]violation.Rule{"overlap": rule})
	require.NoError(t, s.push(t, book("a", by(1, 1), "B", 0, 1)).Err)
	require.Equal(t, violation.SlotsCut, s.only(t).Type)
	for i := range slots {
		slots[i].Resource = fmt.Sprint("room ", i)
	}
	require.Len(t, s.checker.ScopesOf(s.data()[0]), 36)
}
