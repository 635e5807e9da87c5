package violation_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// homes returns the words in the field "home" of a record, in their order there. No rule reads this
// field.
func homes(r record.Record) []string {
	w, _ := r.Get("home")
	text, _ := w.Value.Text()
	return strings.Fields(text)
}

func home(table, id string, at clock.Stamp, names string) record.Record {
	return write(table, id, at, fields{"home": names})
}

// requirePlaced checks that each stored row, of any status, is in exactly the buckets of the record
// that it is about. Without Buckets, no row has such a field.
func (s *server) requirePlaced(t require.TestingT) {
	for key, row := range s.records {
		w, ok := row.Get("buckets")
		if key.Table != violation.DefaultTable {
			continue
		}
		if s.checker.Buckets == nil {
			require.False(t, ok)
			continue
		}
		v, err := violation.Parse(row)
		if err != nil {
			continue // only user-written fields
		}
		var want []string
		if about := s.get(v.Record()); !about.Deleted() {
			want = slices.Compact(slices.Sorted(slices.Values(homes(about))))
		}
		require.Equal(t, len(want) > 0, ok, "a row in no bucket must not have the field")
		require.Equal(t, fmt.Sprint(want), fmt.Sprint(v.Buckets), "the buckets of the row %s about %s", v.Status, v.Record())
		if ok {
			status, _ := row.Get("status")
			require.Equal(t, status.Stamp, w.Stamp, "all derived fields have one stamp")
		}
	}
}

// unplaced returns a row without its buckets.
func unplaced(row record.Record) record.Record {
	var b record.Builder
	r, err := b.Record(row.Key(), func(yield func(string, record.FieldValue) bool) {
		for name, w := range row.All() {
			if name != "buckets" && !yield(name, w) {
				return
			}
		}
	})
	if err != nil {
		panic(err)
	}
	return r
}

func placingServer() *server {
	return serverOf(&violation.Checker{Rules: smallRules(), Buckets: homes, MaxPerScope: 2})
}

// TestRowsOfEveryStatusMoveWithTheirRecord: rows that are open, resolved, hidden or of a lost edit
// move when their record moves, are in no bucket while it is deleted, and return when it is restored.
func TestRowsOfEveryStatusMoveWithTheirRecord(t *testing.T) {
	s := placingServer()
	s.push(t, home("bookings", "z", by(9, 0), "x"), book("z", by(9, 900), "B", 0, 9))
	s.push(t, book("a", by(1, 1), "B", 1, 2), book("b", by(1, 2), "B", 3, 4))
	s.push(t, book("a", by(1, 3), "C", 1, 2)) // resolves a row
	s.push(t, book("c", by(1, 4), "B", 5, 6))
	s.push(t, book("0", by(1, 5), "B", 7, 8)) // hides the row of c
	row, ok := s.checker.LostEdit(losing(t, write("bookings", "z", by(1, 1), fields{"price": 1}), write("bookings", "z", by(2, 2), fields{"price": 2}))[0])
	require.True(t, ok)
	s.take(t, []merge.Update{{Before: record.New(row.Key()), After: row}})

	about := func() map[string]int { // the number of rows about z by status and buckets
		all := map[string]int{}
		for _, v := range s.violations(t) {
			if v.RecordID == "z" {
				all[fmt.Sprint(v.Status, v.Buckets)]++
			}
		}
		return all
	}
	require.Equal(t, map[string]int{"open[x]": 4, "hidden[x]": 1, "resolved[x]": 1}, about())
	for i, names := range []string{"y", "x y", "", "x"} {
		report := s.push(t, home("bookings", "z", by(9, 30+i), names))
		require.NoError(t, report.Err)
		require.GreaterOrEqual(t, len(report.Updates), 6, "every row about the record moves in the check that sees the record move")
	}
	before := about()
	s.push(t, remove("bookings", "z", by(9, 950)))
	for status := range about() {
		require.Contains(t, status, "[]")
	}
	s.push(t, write("bookings", "z", by(9, 960), fields{record.DeletedField: false}))
	require.Contains(t, about(), "open[x]")
	require.Equal(t, sum(before), sum(about()))
	require.Empty(t, s.audit(t).Updates)
}

func sum(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// TestAuditAndLaterCheckPlaceRows: rows that were derived without Buckets are placed by an audit, and
// by a check of the scopes that Checker.Scopes names, after the changes were stored.
func TestAuditAndLaterCheckPlaceRows(t *testing.T) {
	old := serverOf(&violation.Checker{Rules: smallRules()})
	old.push(t, home("bookings", "b", by(1, 1), "x"), book("a", by(1, 1), "B", 2, 4), book("b", by(1, 2), "B", 2, 4))
	old.push(t, book("b", by(1, 3), "C", 2, 4), book("c", by(1, 4), "C", 2, 4))
	s := placingServer()
	for r := range old.all().All() {
		s.store([]merge.Update{{After: r}})
	}
	require.NotEmpty(t, s.audit(t).Updates)

	updates := s.join([]record.Record{home("bookings", "b", by(1, 9), "y")})
	scopes, err := s.checker.Scopes(updates)
	require.NoError(t, err)
	require.True(t, slices.IsSortedFunc(scopes, violation.Scope.Compare))
	s.store(updates)
	s.take(t, nil, scopes...)
	require.Equal(t, []string{"y"}, s.with(t, violation.Resolved)[0].Buckets)

	lost := losing(t, write("bookings", "b", by(1, 1), fields{"price": 1}), write("bookings", "b", by(2, 2), fields{"price": 2}))
	row, _ := s.checker.LostEdit(lost[0])
	updates = []merge.Update{{Before: record.New(row.Key()), After: row}}
	scopes, err = s.checker.Scopes(updates)
	require.NoError(t, err)
	s.store(updates)
	s.take(t, nil, scopes...)
}

// TestPlacingMakesTwoMoreCalls: a check looks up rows only about records that move, and the records
// of rows only if no rule has read them.
func TestPlacingMakesTwoMoreCalls(t *testing.T) {
	s := placingServer()
	var first, moved []record.Record
	for i := range 100 {
		id := fmt.Sprint(i)
		first = append(first, home("bookings", id, by(1, 1), "x"), book(id, by(1, 1), fmt.Sprint(i/2), 2, 4))
		moved = append(moved, home("bookings", id, by(1, 3), "y"))
	}
	s.push(t, first...)
	view := &counting{View: s.view, groups: map[string]int{}}
	require.Len(t, s.on(t, view, book("0", by(1, 2), "elsewhere", 2, 4)).Updates, 1)
	require.Equal(t, map[string]int{"overlap": 1}, view.groups)
	require.Equal(t, 0, view.gets)
	require.Len(t, s.on(t, view, moved...).Updates, 50)
	require.Equal(t, map[string]int{"overlap": 2, violation.BucketsRule: 1}, view.groups)
	require.Equal(t, 0, view.gets)
	row := s.with(t, violation.Open)[0]
	require.Empty(t, s.on(t, view, says(row.ID, 1, 5, fields{violation.FieldNote: "n"})).Updates)
	require.Equal(t, 1, view.gets, "of a row that a user writes")
}

// TestFailedPlacingIsReported: if the rows about a record that moves cannot be read, the report names
// their scope.
func TestFailedPlacingIsReported(t *testing.T) {
	down := errors.New("down")
	s := placingServer()
	s.push(t, home("tasks", "a", by(1, 1), "x"), write("tasks", "a", by(1, 1), fields{"done": true}))
	updates := s.join([]record.Record{home("tasks", "a", by(1, 2), "y")})
	for name, view := range map[string]violation.View{
		"down": failingView{s.view, down, nil}, "too large": failingView{s.view, nil, violation.ErrTooLarge},
	} {
		report := s.checker.Check(context.Background(), violation.Input{View: view, Changes: updates})
		require.Len(t, report.Failed, 1, name)
		require.Equal(t, violation.BucketsRule, report.Failed[0].Rule)
		require.Equal(t, []string{`"tasks"/a`}, report.Failed[0].Scopes)
	}
}

// failingView fails to look up the rows about records.
type failingView struct {
	violation.View
	err, each error
}

func (f failingView) Groups(ctx context.Context, rule string, names []string) ([]violation.ScopeRecords, error) {
	if rule != violation.BucketsRule {
		return f.View.Groups(ctx, rule, names)
	}
	return slices.Repeat([]violation.ScopeRecords{{Err: f.each}}, len(names)), f.err
}

// hush is a value that must not reach a reader of another record.
const hush = "s3cret"

// TestRowsHoldNoValuesOfOtherRecords: with Buckets, no built-in rule writes into a row what another
// record holds, even if the application describes findings by it.
func TestRowsHoldNoValuesOfOtherRecords(t *testing.T) {
	tell := func(r record.Record) string { return string(r.AppendJSON(nil)) }
	overlap, seats, person := overlapRule, seatsRule, personRule
	overlap.Relevant, overlap.Describe = true, func(newer, older record.Record) string { return tell(newer) + tell(older) }
	seats.Describe = func(taken, limit int64) string { return fmt.Sprint(taken, " ", limit) }
	person.Describe = func(r, target record.Record) string { return tell(r) + tell(target) }
	for name, described := range map[string]map[string]violation.Rule{
		"described": {"overlap": overlap, "seats": seats, "person": person, "email": emailRule, "done": doneRule}, "plain": smallRules(),
	} {
		c := &violation.Checker{Rules: described, Buckets: homes, MaxPerScope: 2}
		s := serverOf(c)
		for i := range 5 { // more pairs than are listed
			s.push(t, write("bookings", fmt.Sprint("o", i), by(1, i), fields{"slot": slot("B", 2, 4+i), "title": hush}))
		}
		s.push(t, book("n", by(2, 50), "B", 3, 100), write("events", "e", by(1, 1), fields{"seats": 777}),
			write("attendees", "o", by(1, 1), fields{"place": map[string]any{"event": "e", "units": 8_888}}),
			write("attendees", "n", by(1, 2), fields{"place": map[string]any{"event": "e", "units": 3}}),
			write("people", "p", by(1, 1), fields{"left": true, "name": hush}), write("tasks", "n", by(1, 2), fields{"who": "p", "done": true}),
			write("users", "o", by(1, 1), fields{"email": "ana@", "name": hush}), write("users", "n", by(1, 2), fields{"email": "ana@"}))
		seen := map[string]bool{}
		for _, v := range s.with(t, violation.Open) {
			if v.Rule == "overlap" && v.RecordID != "n" {
				continue // about a record that holds the secret itself
			}
			seen[v.Rule] = true
			text := string(s.row(v.ID).AppendJSON(nil))
			for _, value := range []string{hush, "777", "8888", "8891", hours(4).String(), hours(5).String(), hours(6).String()} {
				require.NotContains(t, text, value, "%s: %s", name, v.Rule)
			}
			if v.Rule == "overlap" && name == "described" {
				require.Equal(t, hours(100), v.RelevantUntil, "a conflict matters until its own record ends")
			}
		}
		require.Len(t, seen, 5)
	}
}

// TestListedPairsDoNotDependOnBuckets: the pairs that get rows are the same with Buckets, so they
// still matter longest.
func TestListedPairsDoNotDependOnBuckets(t *testing.T) {
	rule := overlapRule
	rule.Relevant = true
	var listed [2][]string
	for i, buckets := range []func(record.Record) []string{nil, homes} {
		s := serverOf(&violation.Checker{Rules: map[string]violation.Rule{"overlap": rule}, Buckets: buckets, MaxPerScope: 4})
		for n := range 9 {
			s.push(t, book(fmt.Sprint(n), by(1, 100-n*7%10), "B", n%3, 4+n*5%9))
		}
		listed[i] = s.opened(t)
		for _, v := range s.with(t, violation.Open) {
			if v.Total > 1 && buckets != nil {
				s.now = v.RelevantUntil - 1
				require.Contains(t, s.opened(t), names(v))
			}
		}
	}
	require.Equal(t, listed[0], listed[1])
	require.Len(t, listed[0], 5)
}
