package violation_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// relevantRules returns a rule whose conflicts stop mattering when they end.
func relevantRules() map[string]violation.Rule {
	rule := overlapRule
	rule.Relevant = true
	return map[string]violation.Rule{"overlap": rule}
}

// readAt returns the bytes of the rows that are open at the given time.
func (s *server) readAt(t require.TestingT, at clock.Timestamp) string {
	var rows []record.Record
	for _, v := range s.violations(t) {
		if v.StatusAt(at) == violation.Open {
			rows = append(rows, s.row(v.ID))
		}
	}
	return string(merge.Collect(rows...).AppendLines(nil))
}

// TestOpenRowsDoNotDependOnWhenTheyWereChecked: two servers hold the same records. One server
// checked them before some conflicts were over, and the other one afterwards. Later, both show
// the same rows.
func TestOpenRowsDoNotDependOnWhenTheyWereChecked(t *testing.T) {
	at := func(now clock.Timestamp) *server {
		s := serverOf(&violation.Checker{Rules: relevantRules(), MaxPerScope: 1})
		s.now = now
		s.push(t, book("a", by(1, 1), "B", 0, 1), book("b", by(1, 2), "B", 0, 1), book("c", by(1, 3), "B", 2, 3), book("d", by(1, 4), "B", 2, 3))
		return s
	}
	early, late := at(hours(0)), at(hours(2))
	for hour, want := range []int{2, 1, 1, 0} { // the row for both conflicts matters until the first one is over
		require.Equal(t, early.readAt(t, hours(hour)), late.readAt(t, hours(hour)))
		early.now = hours(hour)
		require.Len(t, early.with(t, violation.Open), want, hour)
	}
}

// conflictAt is a pair that the oracle finds.
type conflictAt struct {
	a, b string
	end  int
}

// openAt returns the rows of a room that should be open at an hour: the first pairs by their
// ends, the latest first, and one row for all pairs while too many of them matter to list each
// one.
func openAt(bookings []record.Record, room string, most, hour int) (open []string) {
	var pairs []conflictAt
	o := oracleOf(bookings)
	list := o.table("bookings")
	for i, a := range list {
		for _, b := range list[i+1:] {
			s, _ := a.read("slot")
			q, _ := b.read("slot")
			if s["room"] != room || q["room"] != room {
				continue
			}
			from, to := max(s["from"].(float64), q["from"].(float64)), min(s["to"].(float64), q["to"].(float64))
			if from < to {
				pairs = append(pairs, conflictAt{a.id, b.id, int(to)})
			}
		}
	}
	slices.SortFunc(pairs, func(p, q conflictAt) int {
		return cmp.Or(q.end-p.end, cmp.Compare(p.a, q.a), cmp.Compare(p.b, q.b))
	})
	matter := 0
	for i, p := range pairs {
		if p.end <= hour {
			continue
		}
		matter++
		if i < most {
			open = append(open, p.a+" "+p.b)
		}
	}
	if matter > most {
		open = append(open, fmt.Sprint("all ", len(pairs)))
	}
	slices.Sort(open)
	return open
}

// TestOpenRowsMatchTheOracleAtEveryHour: servers that get the same writes read the same bytes
// at every hour, and these are the rows of the oracle. The order of the writes, their division
// into calls and the clocks of the servers make no difference, even if a clock is days wrong.
func TestOpenRowsMatchTheOracleAtEveryHour(t *testing.T) {
	counts := map[string]int{}
	for seed := range uint64(histories(t, 300)) {
		d := dice{rand.New(rand.NewPCG(seed, 14))}
		c := &violation.Checker{Rules: relevantRules(), MaxPerScope: 1 + d.IntN(3)}
		var writes []record.Record
		for i := range 4 + d.IntN(12) {
			writes = append(writes, d.write(i, []string{"bookings"}, true))
		}
		var want *server
		for range 3 {
			s := serverOf(c)
			for rest := slices.Clone(writes); len(rest) > 0; {
				n := 1 + d.IntN(len(rest))
				s.now = hours(d.IntN(60) - 50)
				s.push(t, rest[:n]...)
				if d.IntN(4) == 0 {
					s.audit(t)
				}
				rest = rest[n:]
			}
			d.Shuffle(len(writes), func(i, j int) { writes[i], writes[j] = writes[j], writes[i] })
			if want == nil {
				want = s
			}
			for hour := range 8 {
				require.Equal(t, want.readAt(t, hours(hour)), s.readAt(t, hours(hour)), "seed %d, hour %d", seed, hour)
			}
		}
		for hour := range 8 {
			for _, room := range rooms {
				open := openAt(want.data(), room, c.MaxPerScope, hour)
				require.Equal(t, open, want.openIn(t, room, hours(hour)), "seed %d, room %s, hour %d", seed, room, hour)
				if len(open) > 0 && open[len(open)-1] != "" && len(open) > c.MaxPerScope {
					counts["too many"]++
				}
				counts["open"] += len(open)
			}
		}
	}
	require.Positive(t, counts["too many"])
	require.Positive(t, counts["open"])
}

// openIn returns the open rows of a room at a time, in the form of openAt.
func (s *server) openIn(t require.TestingT, room string, at clock.Timestamp) (open []string) {
	for _, v := range s.violations(t) {
		if v.Scope != room || v.StatusAt(at) != violation.Open {
			continue
		}
		if v.Total > 1 {
			open = append(open, fmt.Sprint("all ", v.Total))
			continue
		}
		pair := []string{v.RecordID, v.Conflicting[0]}
		slices.Sort(pair)
		open = append(open, pair[0]+" "+pair[1])
	}
	slices.Sort(open)
	return open
}

// histories returns the number of random histories that a test runs.
func histories(t *testing.T, n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

// TestWrongClockLeavesNothingBehind: once its clock is corrected, a server that was two days
// ahead reads the same rows as a server whose clock was always right.
func TestWrongClockLeavesNothingBehind(t *testing.T) {
	s := serverOf(&violation.Checker{Rules: relevantRules()})
	right := serverOf(s.checker)
	writes := []record.Record{book("a", by(1, 1), "B", 2, 4), book("b", by(2, 2), "B", 3, 5), book("c", by(2, 3), "B", 3, 6)}
	s.now = hours(48)
	s.push(t, writes[0], writes[1])
	require.Empty(t, s.with(t, violation.Open))
	s.push(t, writes[2])
	s.audit(t)
	s.now = hours(0)
	require.Len(t, s.with(t, violation.Open), 3, "without another check")
	right.push(t, writes...)
	require.Equal(t, right.openLines(t), s.openLines(t))
}

// TestReportCountsOpenRowsByNow: a violation that has stopped mattering at Now does not
// count as open.
func TestReportCountsOpenRowsByNow(t *testing.T) {
	for now, want := range map[clock.Timestamp]int{0: 1, hours(4) - 1: 1, hours(4): 0, hours(4) + 1: 0} {
		s := serverOf(&violation.Checker{Rules: relevantRules()})
		s.now = now
		report := s.push(t, book("a", by(1, 1), "B", 2, 4), book("b", by(2, 2), "B", 3, 5))
		require.Equal(t, want, report.Open, now)
		require.Len(t, report.Updates, 1, "the row must be stored, whatever the time is")
	}
}

// TestRowStoredAsObsoleteOpensAgain: an earlier release stored a row as obsolete when its time
// had passed. A check of its scope stores it as open again.
func TestRowStoredAsObsoleteOpensAgain(t *testing.T) {
	s := serverOf(&violation.Checker{Rules: relevantRules()})
	s.push(t, book("a", by(1, 1), "B", 2, 4), book("b", by(2, 2), "B", 3, 5))
	want, id := s.openLines(t), s.only(t).ID
	s.store([]merge.Update{{After: restatus(t, s.row(id), violation.Obsolete)}})
	require.Empty(t, s.openLines(t))
	s.push(t, book("c", by(1, 3), "B", 8, 9))
	require.Equal(t, want, s.openLines(t))
}

// restatus returns a row with another status.
func restatus(t require.TestingT, row record.Record, status violation.Status) record.Record {
	var b record.Builder
	r, err := b.Record(row.Key(), func(yield func(string, record.FieldValue) bool) {
		for name, w := range row.All() {
			if name == "status" {
				w.Value = record.MustOf(string(status))
			}
			if !yield(name, w) {
				return
			}
		}
	})
	require.NoError(t, err)
	return r
}

// TestRowForAllMattersWhileUnlistedFindingsMay: if a custom rule lists only its first
// findings, the row for the whole group matters as long as an unlisted finding may matter.
func TestRowForAllMattersWhileUnlistedFindingsMay(t *testing.T) {
	rule := hostile{check: func(g violation.Group) (f violation.Findings, err error) {
		for i, r := range g.Records[:min(2, len(g.Records))] {
			f.List = append(f.List, violation.Finding{Key: violation.RecordKey(r.Key()), Record: r.Key(), RelevantUntil: hours(9 - i)})
		}
		f.Total = len(g.Records)
		return f, nil
	}}
	s := serverOf(&violation.Checker{Rules: map[string]violation.Rule{"r": rule}})
	require.NoError(t, s.push(t, crowd(4)...).Err)
	for hour, want := range map[int]int{7: 3, 8: 1, 9: 0} {
		s.now = hours(hour)
		require.Len(t, s.with(t, violation.Open), want, hour)
	}
	in := violation.Input{View: s.view, Scopes: []violation.Scope{{Rule: "r", Name: "B"}}, Now: hours(8)}
	require.Equal(t, 1, s.checker.Check(context.Background(), in).Open)
}
