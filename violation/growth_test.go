package violation_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// shape is a group of n records of one scope, or of few, that a hostile or unlucky
// workspace may have.
type shape struct {
	rule violation.Rule
	of   func(i, n int) record.Record
}

func shapes() map[string]shape {
	byEnd, monthly, several := overlapRule, overlapRule, severalRule
	byEnd.Relevant, monthly.Monthly = true, true
	several.Relevant = true
	id := func(i int) string { return fmt.Sprintf("%06d", i) }
	one := func(slot func(i, n int) (from, to int)) func(i, n int) record.Record {
		return func(i, n int) record.Record {
			from, to := slot(i, n)
			return book(id(i), by(1, i), "B", from, to)
		}
	}
	same := one(func(int, int) (int, int) { return 2, 4 })
	nested := one(func(i, n int) (int, int) { return i, 2*n - i })
	return map[string]shape{
		"all at once":                {overlapRule, same},
		"all at once, by end":        {byEnd, same},
		"one after another":          {overlapRule, one(func(i, _ int) (int, int) { return i, i + 1 })},
		"one after another, monthly": {monthly, one(func(i, _ int) (int, int) { return i, i + 1 })},
		"nested":                     {overlapRule, nested},
		"nested, by end":             {byEnd, nested},
		"a chain, by end":            {byEnd, one(func(i, _ int) (int, int) { return i, i + 2 })},
		"the last one meets all":     {overlapRule, one(func(i, n int) (int, int) { return i - i/(n-1)*i, i + 1 })},
		"recurring, at once": {several, func(i, _ int) record.Record {
			return reserve(id(i), by(1, i), takes{"B", 0, 1}, takes{"B", 14, 15}, takes{"C", 0, 1})
		}},
		"recurring, apart": {several, func(i, _ int) record.Record {
			return reserve(id(i), by(1, i), takes{"B", 2 * i, 2*i + 1}, takes{"B", -2*i - 2, -2*i - 1})
		}},
		"deleted":   {overlapRule, func(i, _ int) record.Record { return remove("bookings", id(i), by(1, i)) }},
		"sealed":    {overlapRule, func(i, _ int) record.Record { return write("bookings", id(i), by(1, i), fields{"slot": sealed()}) }},
		"seats":     {everybody(3), func(i, _ int) record.Record { return attend(id(i), i, 1) }},
		"email":     {emailRule, func(i, _ int) record.Record { return write("users", id(i), by(1, i), fields{"email": "ana@"}) }},
		"reference": {personRule, func(i, _ int) record.Record { return write("tasks", id(i), by(1, i), fields{"who": "gone"}) }},
		"single":    {doneRule, func(i, _ int) record.Record { return write("tasks", id(i), by(1, i), fields{"done": true}) }},
		"custom, all wrong": {hostile{check: func(g violation.Group) (f violation.Findings, err error) {
			for _, r := range g.Records {
				f.List = append(f.List, violation.Finding{Key: violation.RecordKey(r.Key()), Record: r.Key()})
			}
			return f, nil
		}}, same},
	}
}

// work is one run of each exported function on a shape of a size.
func (s shape) work(n int) map[string]func() {
	c := &violation.Checker{Rules: map[string]violation.Rule{"r": s.rule}}
	view := violation.NewMemory(c)
	var all []record.Record
	var changes []merge.Update
	for i := range n {
		r := s.of(i, n)
		view.Put(r)
		all = append(all, r)
		changes = append(changes, merge.Update{After: r})
	}
	stored := merge.Collect(all...)
	for _, u := range c.Audit(stored, 0).Updates {
		view.Put(u.After)
	}
	last := changes[n-1:]
	return map[string]func(){
		"Check of all":  func() { c.Check(context.Background(), violation.Input{View: violation.NewMemory(c), Changes: changes}) },
		"Check of one":  func() { c.Check(context.Background(), violation.Input{View: view, Changes: last, Now: noon}) },
		"Check of none": func() { c.Check(context.Background(), violation.Input{View: view, Scopes: view.Scopes()}) },
		"Audit":         func() { c.Audit(stored, noon) },
		"Scopes":        func() { _, _ = c.Scopes(changes) },
		"ScopesOf": func() {
			for _, r := range all {
				c.ScopesOf(r)
			}
		},
		"Memory.Put": func() {
			m := violation.NewMemory(c)
			for _, r := range all {
				m.Put(r)
			}
			m.Scopes()
		},
	}
}

// TestCostGrowsWithTheGroup: four times as many records cost about four times as much, and
// not sixteen times, whatever their shape. The two sizes take turns, and the best of
// several turns of each counts.
func TestCostGrowsWithTheGroup(t *testing.T) {
	if testing.Short() {
		t.Skip("compares how long things take")
	}
	const small, most = 600, 10.0
	for name, s := range shapes() {
		few, lots := s.work(small), s.work(4*small)
		for what := range few {
			ratio := 0.0
			for range 5 { // what is not quadratic passes one of them
				if ratio = sideBySide(few[what], lots[what]); ratio < most {
					break
				}
			}
			require.Less(t, ratio, most, "%s: %s", name, what)
		}
	}
}

// sideBySide returns how many times as long one takes as the other.
func sideBySide(few, lots func()) float64 {
	best := [2]time.Duration{1 << 62, 1 << 62}
	for range 3 {
		for i, f := range []func(){few, lots} {
			start := time.Now()
			f()
			best[i] = min(best[i], time.Since(start))
		}
	}
	return float64(best[1]) / float64(best[0]+300*time.Microsecond)
}

// TestCrowdIsBounded: what a check of a crowded room compares, allocates and stores does
// not grow with the number of conflicts.
func TestCrowdIsBounded(t *testing.T) {
	for _, rule := range []violation.NoOverlap{overlapRule, {Table: "bookings", Fields: []string{"slot"}, Slot: slotOf, Relevant: true, Monthly: true}} {
		described := 0
		rule.Describe = func(_, _ record.Record) string { described++; return "x" }
		s := newServer(map[string]violation.Rule{"r": rule})
		for i := range 5_000 {
			s.store([]merge.Update{{After: book(fmt.Sprintf("%05d", i), by(1, i), "B", 2, 4)}})
		}
		updates := s.join([]record.Record{book("00000", by(2, 9_000), "B", 1, 5)})
		report := s.checker.Check(context.Background(), violation.Input{View: s.view, Changes: updates})
		require.NoError(t, report.Err)
		require.Len(t, report.Updates, 100+1)
		require.Equal(t, 100+1, described, "12 million conflicts")
	}
}

// TestTooManyMeetings: where bookings of several slots meet too often to be counted, the
// first rows are there, the same on each server, and the total says at least how many.
func TestTooManyMeetings(t *testing.T) {
	if testing.Short() {
		t.Skip("2,500 records that meet twice each; TestCapInAnyOrder has few")
	}
	crowded := func(order int) *server {
		s := newServer(map[string]violation.Rule{"r": severalRule})
		var updates []merge.Update
		for i := range 2_500 {
			i = (i*order + order) % 2_500
			updates = append(updates, merge.Update{After: reserve(fmt.Sprintf("%04d", i), by(1, i), takes{"B", 0, 2}, takes{"B", 3, 4})})
		}
		require.NoError(t, s.take(t, updates).Err)
		return s
	}
	a, b := crowded(1), crowded(7)
	require.Equal(t, a.openLines(t), b.openLines(t))
	require.Len(t, a.with(t, violation.Open), 100+1)
	for _, v := range a.violations(t) {
		if v.Total > 1 {
			require.Greater(t, v.Total, 100_000)
		}
	}
}
