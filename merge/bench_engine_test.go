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

// workload is a collection of tasks, and a push of edits of some of them, each of
// three fields, by one client that had seen what is there.
func workload(records, items int) input {
	w := newWorld(records)
	in := input{
		Actor: clock.MustParseClientID(w.clients[1]), Wall: time.UnixMilli(apartAt + 40*day),
		Current: newReplica(w).collection(w.local),
	}
	in.Watermarks = []clock.Stamp{{Client: in.Actor}}
	for i := range items {
		seen := in.Current.At(i * (records / items) % records)
		stamp := clock.Stamp{Time: clock.TimestampOf(time.UnixMilli(apartAt + 31*day + int64(i))), Client: in.Actor}
		m, err := seen.Edit(stamp).Set("title", w.text(24)).Set("status", "review").Set("position", i).Mutation()
		if err != nil {
			panic(err)
		}
		in.Items = append(in.Items, record.Item{Mutation: m})
	}
	return in
}

// ratio reports how many times more per item one thing costs than another, which
// take turns in one run.
func ratio(b *testing.B, name string, this, that timed) {
	of, to := repeated(this.do), repeated(that.do)
	var ratios []float64
	for range 15 {
		ratios = append(ratios, of()/float64(this.items)*float64(that.items)/to())
	}
	b.ReportMetric(median(ratios), name)
}

// timed is something that is done to a number of items.
type timed struct {
	do    func()
	items int
}

func applying(in input) timed {
	p := new(merge.Engine).Prepare(in.request())
	return timed{func() { mustApply(p, in) }, len(in.Items)}
}

// mustApply looks up what is stored, and applies.
func mustApply(p *merge.Push, in input) merge.Answer {
	a, err := p.Apply(in.stored(p))
	if err != nil {
		panic(err)
	}
	return a
}

// BenchmarkApply applies a push of 1,000 items of three fields to 100,000 records. Per
// item, x-fewer-records compares with a collection of a hundredth of the size, and
// x-fewer-items with a push of a tenth: what is above 1 is the caches. X-join compares
// with joining the same records without a word about what happened.
func BenchmarkApply(b *testing.B) {
	large := applying(workload(100_000, 1000))
	b.ReportAllocs()
	for b.Loop() {
		large.do()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*large.items), "ns/item")
	ratio(b, "x-fewer-records", large, applying(workload(1000, 1000)))
	ratio(b, "x-fewer-items", large, applying(workload(100_000, 100)))
	ratio(b, "x-join", large, joining(workload(100_000, 1000)))
}

// joining looks up and joins the records of a push, and nothing else.
func joining(in input) timed {
	return timed{func() {
		var b record.Builder
		for _, item := range in.Items {
			stored, _ := in.Current.Get(item.Mutation.Data.Key())
			if _, _, err := b.Join(stored, item.Mutation.Data); err != nil {
				panic(err)
			}
		}
	}, len(in.Items)}
}

// BenchmarkApplyAgain applies a push that was applied already: nothing changes.
func BenchmarkApplyAgain(b *testing.B) {
	first := workload(100_000, 1000)
	again := first
	again.Current = stateAfter(first, applied(&merge.Engine{}, first))
	retry := applying(again)
	b.ReportAllocs()
	for b.Loop() {
		retry.do()
	}
	ratio(b, "x-first", retry, applying(first))
}

// BenchmarkDecisions shows what it costs to ask for decisions, as a multiple of
// Apply alone, which makes none of the words.
func BenchmarkDecisions(b *testing.B) {
	in := workload(10_000, 1000)
	a := applied(&merge.Engine{}, in)
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
			}, len(in.Items)}
			b.ReportAllocs()
			for b.Loop() {
				all.do()
			}
			ratio(b, "x-apply", all, applying(in))
		})
	}
}

// BenchmarkPush decodes, applies and answers: all that a handler does but for its
// store.
func BenchmarkPush(b *testing.B) {
	in := workload(100_000, 1000)
	body := []byte("[")
	for i, item := range in.Items {
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
		in.Items, _ = e.Decode(body)
		out = applied(&e, in).AppendJSON(out[:0])
	}
}

// TestDecisionsCostNothing: Apply allocates the same few times for a push of any
// size that changes nothing, so it makes nothing of a decision that is not asked for.
func TestDecisionsCostNothing(t *testing.T) {
	allocations := func(items int) float64 {
		in := workload(1000, items)
		var e merge.Engine
		in.Current = stateAfter(in, applied(&e, in))
		return testing.AllocsPerRun(20, func() { applied(&e, in) })
	}
	few, many := allocations(10), allocations(1000)
	// The scratch for the writes of one record grows a few times.
	require.LessOrEqual(t, many, few+1)
	require.Less(t, few, 20.0)
}
