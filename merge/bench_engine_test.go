package merge_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// workload is a push by one client that had seen the stored state. It edits some tasks, three
// fields of each.
type workload struct {
	merge.Request
	stored     merge.Collection
	watermarks []clock.Stamp
	mayRead    func(record.Record) bool
	mayWrite   func(seen, after record.Record, m record.Mutation) error
}

func newWorkload(records, items int) workload {
	world := newWorld(records)
	w := workload{stored: newReplica(world).collection(world.local)}
	w.Actor, w.Wall = clock.MustParseClientID(world.clients[1]), time.UnixMilli(apartAt+40*day)
	w.watermarks = []clock.Stamp{{Client: w.Actor}}
	for i := range items {
		seen := w.stored.At(i * (records / items) % records)
		stamp := clock.Stamp{Time: clock.TimestampOf(time.UnixMilli(apartAt + 31*day + int64(i))), Client: w.Actor}
		m, err := seen.Edit(stamp).Set("title", world.text(24)).Set("status", "review").Set("position", i).Mutation()
		if err != nil {
			panic(err)
		}
		w.Items = append(w.Items, record.Item{Mutation: m})
	}
	return w
}

// apply loads the records that a push names, and applies the push.
func (w workload) apply(p *merge.Push) merge.Answer {
	a, err := p.Apply(merge.Stored{
		Records: w.stored.Lookup(p.Keys()), Watermarks: w.watermarks, MayRead: w.mayRead, MayWrite: w.mayWrite,
	})
	if err != nil {
		panic(err)
	}
	return a
}

// again returns the same push, with the state of a backend that has applied it already.
func (w workload) again() workload {
	var fold merge.Fold
	for r := range w.stored.All() {
		fold.Add(r)
	}
	for _, u := range w.apply(new(merge.Engine).Prepare(w.Request)).Updates {
		fold.Add(u.After)
	}
	w.stored = fold.Collection()
	return w
}

// ratio reports the cost per item of the first function as a multiple of the cost of the
// second. The two take turns in one run.
func ratio(b *testing.B, name string, this, that timed) {
	of, to := repeated(this.do), repeated(that.do)
	var ratios []float64
	for range rounds(15) {
		ratios = append(ratios, of()/float64(this.items)*float64(that.items)/to())
	}
	b.ReportMetric(median(ratios), name)
}

// timed is a function to time, and the number of items that it works on.
type timed struct {
	do    func()
	items int
}

func applying(w workload) timed {
	p := new(merge.Engine).Prepare(w.Request)
	return timed{func() { w.apply(p) }, len(w.Items)}
}

// BenchmarkApply applies a push of 1,000 items of three fields to 100,000 records. The metric
// x-fewer-records divides the cost per item by the cost with a hundredth of the records, and
// x-fewer-items divides it by the cost with a tenth of the items. Values above 1 come from the
// CPU caches. The metric x-join divides the cost per item by the cost of joining the same
// records without decisions.
func BenchmarkApply(b *testing.B) {
	large := applying(newWorkload(100_000, 1000))
	b.ReportAllocs()
	for b.Loop() {
		large.do()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*large.items), "ns/item")
	ratio(b, "x-fewer-records", large, applying(newWorkload(1000, 1000)))
	ratio(b, "x-fewer-items", large, applying(newWorkload(100_000, 100)))
	ratio(b, "x-join", large, joining(newWorkload(100_000, 1000)))
}

// joining returns a function that only looks up and joins the records of a push.
func joining(w workload) timed {
	return timed{func() {
		var b record.Builder
		for _, item := range w.Items {
			stored, _ := w.stored.Get(item.Mutation.Data.Key())
			if _, _, err := b.Join(stored, item.Mutation.Data); err != nil {
				panic(err)
			}
		}
	}, len(w.Items)}
}

// BenchmarkApplyAgain applies a push that was applied already: nothing changes.
func BenchmarkApplyAgain(b *testing.B) {
	first := newWorkload(100_000, 1000)
	retry := applying(first.again())
	b.ReportAllocs()
	for b.Loop() {
		retry.do()
	}
	ratio(b, "x-first", retry, applying(first))
}

// BenchmarkApplyWithRights applies the push of BenchmarkApply under rights that permit everything
// after a look at one field. The metric x-without divides its cost by the cost without rights, and
// x-retry does so for a push that was applied already.
func BenchmarkApplyWithRights(b *testing.B) {
	w := newWorkload(100_000, 1000)
	without, retry := applying(w), w.again()
	retryWithout := applying(retry)
	look := func(r record.Record) bool { _, ok := r.Get("project"); return ok || r.Len() > 0 }
	for _, w := range []*workload{&w, &retry} {
		w.mayRead = look
		w.mayWrite = func(seen, after record.Record, _ record.Mutation) error { look(seen); look(after); return nil }
	}
	with := applying(w)
	b.ReportAllocs()
	for b.Loop() {
		with.do()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*with.items), "ns/item")
	ratio(b, "x-without", with, without)
	ratio(b, "x-retry", applying(retry), retryWithout)
}

// BenchmarkDecisions measures the cost of describing decisions, as a multiple of the cost of
// Apply alone, which does not make the descriptions.
func BenchmarkDecisions(b *testing.B) {
	w := newWorkload(10_000, 1000)
	a := w.apply(new(merge.Engine).Prepare(w.Request))
	for _, c := range []struct {
		name string
		ask  func(merge.Decision)
	}{
		{"step and margin", func(d merge.Decision) { _, _ = d.Step(), d.Margin() }},
		{"sentence", func(d merge.Decision) { _ = d.String() }},
		{"attributes", func(d merge.Decision) { _ = slog.AnyValue(d).Resolve() }},
	} {
		b.Run(c.name, func(b *testing.B) {
			all := timed{func() {
				for d := range a.Decisions() {
					c.ask(d)
				}
			}, len(w.Items)}
			b.ReportAllocs()
			for b.Loop() {
				all.do()
			}
			ratio(b, "x-apply", all, applying(w))
		})
	}
}

// BenchmarkPush decodes, applies and answers: the whole work of a handler except its storage.
func BenchmarkPush(b *testing.B) {
	w := newWorkload(100_000, 1000)
	body := []byte("[")
	for i, item := range w.Items {
		if i > 0 {
			body = append(body, ',')
		}
		body = item.Mutation.AppendJSON(body)
	}
	body = append(body, ']')
	var e merge.Engine
	var out []byte
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		w.Items, _ = e.Decode(body)
		out = w.apply(e.Prepare(w.Request)).AppendJSON(out[:0])
	}
}

// TestUnusedDecisionsAllocateNothing: for a push that changes nothing, the number of
// allocations of Apply is small and does not depend on the number of items. So a decision
// that is not described costs no allocation.
func TestUnusedDecisionsAllocateNothing(t *testing.T) {
	allocations := func(items int) float64 {
		w := newWorkload(1000, items).again()
		return testing.AllocsPerRun(20, func() { w.apply(new(merge.Engine).Prepare(w.Request)) })
	}
	few, many := allocations(10), allocations(1000)
	// The scratch slice for the writes of one record is reallocated a few times.
	require.LessOrEqual(t, many, few+1)
	require.Less(t, few, 20.0)
}
