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

// shape fills one scope, or a few, with n records, as in a hostile or unlucky workspace.
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
		"all at once":                         {overlapRule, same},
		"all at once, by end":                 {byEnd, same},
		"one after another":                   {overlapRule, one(func(i, _ int) (int, int) { return i, i + 1 })},
		"one after another, monthly":          {monthly, one(func(i, _ int) (int, int) { return i, i + 1 })},
		"nested":                              {overlapRule, nested},
		"nested, by end":                      {byEnd, nested},
		"a chain, by end":                     {byEnd, one(func(i, _ int) (int, int) { return i, i + 2 })},
		"the last record overlaps all others": {overlapRule, one(func(i, n int) (int, int) { return i - i/(n-1)*i, i + 1 })},
		"recurring, at once": {several, func(i, _ int) record.Record {
			return reserve(id(i), by(1, i), takes{"B", 0, 1}, takes{"B", 14, 15}, takes{"C", 0, 1})
		}},
		"recurring, without overlap": {several, func(i, _ int) record.Record {
			return reserve(id(i), by(1, i), takes{"B", 2 * i, 2*i + 1}, takes{"B", -2*i - 2, -2*i - 1})
		}},
		"deleted":    {overlapRule, func(i, _ int) record.Record { return remove("bookings", id(i), by(1, i)) }},
		"unreadable": {overlapRule, func(i, _ int) record.Record { return write("bookings", id(i), by(1, i), fields{"slot": sealed()}) }},
		"seats":      {everybody(3), func(i, _ int) record.Record { return attend(id(i), i, 1) }},
		"email":      {emailRule, func(i, _ int) record.Record { return write("users", id(i), by(1, i), fields{"email": "ana@"}) }},
		"reference":  {personRule, func(i, _ int) record.Record { return write("tasks", id(i), by(1, i), fields{"who": "gone"}) }},
		"single":     {doneRule, func(i, _ int) record.Record { return write("tasks", id(i), by(1, i), fields{"done": true}) }},
		"custom rule, all in violation": {hostile{check: func(g violation.Group) (f violation.Findings, err error) {
			for _, r := range g.Records {
				f.List = append(f.List, violation.Finding{Key: violation.RecordKey(r.Key()), Record: r.Key()})
			}
			return f, nil
		}}, same},
	}
}

// work returns the functions to measure: each of them calls one exported function on n records
// of the shape.
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
		"Check of all changes":  func() { c.Check(context.Background(), violation.Input{View: violation.NewMemory(c), Changes: changes}) },
		"Check of one change":   func() { c.Check(context.Background(), violation.Input{View: view, Changes: last, Now: noon}) },
		"Check of scopes alone": func() { c.Check(context.Background(), violation.Input{View: view, Scopes: view.Scopes()}) },
		"Audit":                 func() { c.Audit(stored, noon) },
		"Scopes":                func() { _, _ = c.Scopes(changes) },
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

// TestCostGrowsLinearlyWithTheGroup: one call with eight times as many records costs about as much as
// eight calls, not eight times that, whatever their shape. Both take about the same time, so other load on the
// machine slows both. They alternate, and the best of up to 60 runs of each counts.
func TestCostGrowsLinearlyWithTheGroup(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: compares run times")
	}
	const small, times, most = 600, 8, 2.5
	for name, s := range shapes() {
		few, lots := s.work(small), s.work(times*small)
		for what := range few {
			best := pair{1 << 62, 1 << 62}
			for range 60 {
				best.run(func() {
					for range times {
						few[what]()
					}
				}, lots[what])
				if best.ratio() < most {
					break
				}
			}
			require.Less(t, best.ratio(), most, "%s: %s", name, what)
		}
	}
}

// pair has the shortest times of many small inputs and of a large one.
type pair [2]time.Duration

// run runs both functions.
func (p *pair) run(few, lots func()) {
	for i, f := range []func(){few, lots} {
		start := time.Now()
		f()
		p[i] = min(p[i], time.Since(start))
	}
}

// ratio returns the ratio of the times, large to small.
func (p pair) ratio() float64 { return float64(p[1]) / float64(p[0]+300*time.Microsecond) }

// TestCrowdedScopeHasBoundedCost: the pairs that a check of a crowded room forms, and the rows
// that it stores, do not grow with the number of conflicts.
func TestCrowdedScopeHasBoundedCost(t *testing.T) {
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
		require.Equal(t, 100+1, described, "Describe must be called only for the stored rows, although there are 12 million conflicts")
	}
}

// TestTooManyOverlapsGiveALowerBound: if bookings with several slots overlap too often to be
// counted, every server still lists the same first rows, and the total is a lower bound.
func TestTooManyOverlapsGiveALowerBound(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: 2,500 records that overlap twice each; TestCappedRowsDoNotDependOnOrder also runs, with fewer records")
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
