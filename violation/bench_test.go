package violation_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// hotel holds n bookings, 20 in each room, one after another. Each of its changes makes a
// booking overlap others in its room.
type hotel struct {
	checker *violation.Checker
	view    *violation.Memory
	records []record.Record
}

func newHotel(n int) *hotel {
	c := &violation.Checker{Rules: map[string]violation.Rule{"overlap": overlapRule}}
	h := &hotel{checker: c, view: violation.NewMemory(c)}
	for i := range n {
		r := book(fmt.Sprintf("%06d", i), by(1, i), fmt.Sprint("room ", i/20), i%20, i%20+1)
		h.view.Put(r)
		h.records = append(h.records, r)
	}
	return h
}

// changes returns n changes, each in a different room if there are enough rooms.
func (h *hotel) changes(n int) (all []merge.Update) {
	for i := range n {
		before := h.records[i*len(h.records)/n]
		key := before.Key()
		moved := book(key.ID, by(2, len(h.records)), fmt.Sprint("room ", i*len(h.records)/n/20), i%19, i%19+2)
		after, err := merge.Records(before, moved)
		if err != nil {
			panic(err)
		}
		all = append(all, merge.Update{Before: before, After: after})
	}
	return all
}

func (h *hotel) check(changes []merge.Update) violation.Report {
	report := h.checker.Check(context.Background(), violation.Input{View: h.view, Changes: changes})
	if report.Err != nil {
		panic(report.Err)
	}
	return report
}

var sizes = []int{1_000, 10_000, 100_000}

// BenchmarkOneChange checks one change, which opens one or two violations. The cost is the
// same among 1,000 bookings and among 100,000.
func BenchmarkOneChange(b *testing.B) {
	for _, n := range sizes {
		h := newHotel(n)
		changes := h.changes(50)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				k := i % len(changes)
				h.check(changes[k : k+1])
			}
		})
	}
}

// BenchmarkOneChangeRatio reports the cost of one change among 100,000 bookings as a multiple
// of the cost among 1,000. The two sizes alternate in one run; the ratio is near 1.
func BenchmarkOneChangeRatio(b *testing.B) {
	few, lots := newHotel(sizes[0]), newHotel(sizes[len(sizes)-1])
	fewChanges, lotsChanges := few.changes(50), lots.changes(50)
	run := func(h *hotel, changes []merge.Update) float64 {
		start := time.Now()
		for i := range 2 * len(changes) {
			k := i % len(changes)
			h.check(changes[k : k+1])
		}
		return float64(time.Since(start))
	}
	var ratios []float64
	for b.Loop() {
		ratios = append(ratios, run(lots, lotsChanges)/run(few, fewChanges))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "x-fewer-records")
}

// BenchmarkThousandChanges checks 1,000 changes in one call.
func BenchmarkThousandChanges(b *testing.B) {
	h := newHotel(sizes[len(sizes)-1])
	changes := h.changes(1_000)
	b.ReportAllocs()
	for b.Loop() {
		h.check(changes)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1_000, "µs/change")
}

// BenchmarkAudit derives the violations of 100,000 bookings.
func BenchmarkAudit(b *testing.B) {
	h := newHotel(sizes[len(sizes)-1])
	for _, u := range h.changes(1_000) {
		i := slices.IndexFunc(h.records, func(r record.Record) bool { return r.Key() == u.After.Key() })
		h.records[i] = u.After
	}
	all := merge.Collect(h.records...)
	b.ReportAllocs()
	for b.Loop() {
		if h.checker.Audit(all, clock.Timestamp(0)).Open == 0 {
			b.Fatal("the audit found no violation")
		}
	}
}

// BenchmarkCrowd checks one change in a group of 5,000 bookings that all overlap.
func BenchmarkCrowd(b *testing.B) {
	s := newServer(map[string]violation.Rule{"overlap": overlapRule})
	for _, r := range crowd(5_000) {
		s.store([]merge.Update{{After: r}})
	}
	changes := s.join([]record.Record{book("00000", by(2, 9_000), "B", 2, 4)})
	b.ReportAllocs()
	for b.Loop() {
		s.checker.Check(context.Background(), violation.Input{View: s.view, Changes: changes})
	}
}
