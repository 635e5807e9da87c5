package merge_test

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// pair is one workload for this library and for naive maps. Each call does the whole
// workload.
type pair struct {
	ours, naive func()
	fields      int // the number of fields that a call compares
	rounds      int // the number of turns of each implementation
	// cold collects garbage before each single call, so that most of the data is not in a
	// CPU cache. Most merges in practice start with such data.
	cold bool
}

// run reports the time of this library, and the time of the naive maps as a multiple of it.
// The two take turns, so that a machine whose speed varies favours neither: the figure is the
// median of the ratios.
func (p pair) run(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		p.ours()
	}
	ours, naive := repeated(p.ours), repeated(p.naive)
	if p.cold {
		ours, naive = once(p.ours), once(p.naive)
	}
	var times, ratios []float64
	for range rounds(p.rounds) {
		t := ours()
		times = append(times, t/float64(p.fields))
		ratios = append(ratios, naive()/t)
	}
	b.ReportMetric(median(times), "ns/field")
	b.ReportMetric(median(ratios), "x-naive")
}

// rounds returns how many times to compare two functions: n times, but once with -short, which only
// checks that the benchmarks run.
func rounds(n int) int {
	if testing.Short() {
		return 1
	}
	return n
}

// repeated returns a func that calls do for some milliseconds and returns the median
// duration of a call in nanoseconds. It first collects earlier garbage. It does not count the
// first call, whose data is not in the CPU caches.
func repeated(do func()) func() float64 {
	timed := func(n int) float64 {
		runtime.GC()
		do()
		times := make([]float64, n)
		for i := range times {
			start := time.Now()
			do()
			times[i] = float64(time.Since(start))
		}
		return median(times)
	}
	n := 1 + int(2e7/timed(1))
	return func() float64 { return timed(n) }
}

// once returns a func that collects garbage, calls do once, and returns the duration of the
// call in nanoseconds.
func once(do func()) func() float64 {
	return func() float64 {
		runtime.GC()
		start := time.Now()
		do()
		return float64(time.Since(start))
	}
}

func median(of []float64) float64 {
	of = slices.Sorted(slices.Values(of))
	return of[len(of)/2]
}

// sameState ends the benchmark if the two implementations do not agree.
func sameState(tb testing.TB, ours merge.Collection, naive naiveState) {
	tb.Helper()
	if got, want := fingerprintOf(ours), naiveFingerprint(naive); got != want {
		tb.Fatalf("the final states differ: %v, naive %v", got, want)
	}
}

// TestBenchmarkedStatesAgree: in both implementations, the work that the benchmarks measure ends in
// the same state.
func TestBenchmarkedStatesAgree(t *testing.T) {
	w := newWorld(500)
	r := newReplicas(w, w.local, w.remote)
	sameState(t, merge.Join(r.local, r.remote), naiveJoin(r.naiveLocal, r.naiveRemote))
	sameState(t, merge.Join(r.remote, r.local), naiveJoin(r.naiveRemote, r.naiveLocal))
	delta := newReplicas(w, w.local, w.edits)
	sameState(t, merge.Join(delta.local, delta.remote), naiveJoin(r.naiveLocal, r.naiveRemote))

	var f merge.Fold
	s := make(naiveState)
	p := newReplica(w)
	for _, e := range w.log(20_000) {
		f.Write(p.key(e), taskFields[e.field], p.ours(e))
		naiveWrite(s, w.ids[e.record], taskFields[e.field], p.naive(e))
	}
	sameState(t, f.Collection(), s)
	sameState(t, decodeLines(t, f.Collection().AppendLines(nil)), naiveDecode(t, naiveEncode(t, s)))
}

// replicas holds the same two replicas in both implementations. No two of them share memory.
type replicas struct {
	local, remote           merge.Collection
	naiveLocal, naiveRemote naiveState
}

func newReplicas(w *world, local, remote []write) replicas {
	return replicas{
		newReplica(w).collection(local), newReplica(w).collection(remote),
		newReplica(w).state(local), newReplica(w).state(remote),
	}
}

// join compares the two implementations on n fields, with warm and with cold caches.
func (r replicas) join(b *testing.B, n int) {
	sameState(b, merge.Join(r.local, r.remote), naiveJoin(r.naiveLocal, r.naiveRemote))
	sameState(b, merge.Join(r.remote, r.local), naiveJoin(r.naiveLocal, r.naiveRemote))
	pair{
		ours:   func() { merge.Join(r.local, r.remote) },
		naive:  func() { naiveJoin(r.naiveLocal, r.naiveRemote) },
		fields: n, rounds: 15,
	}.warmAndCold(b)
}

// warmAndCold runs the pair with warm and with cold caches, as two benchmarks.
func (p pair) warmAndCold(b *testing.B) {
	b.Run("Warm", p.run)
	p.cold = true
	b.Run("Cold", p.run)
}

// BenchmarkSync joins the whole states of two replicas of 5,000 records. Each replica edited a
// tenth of the fields.
func BenchmarkSync(b *testing.B) {
	w := newWorld(5000)
	newReplicas(w, w.local, w.remote).join(b, len(w.local))
}

// BenchmarkDelta joins only the edits of the remote replica.
func BenchmarkDelta(b *testing.B) {
	w := newWorld(5000)
	newReplicas(w, w.local, w.edits).join(b, len(w.edits))
}

// BenchmarkNothingNew joins two equal states that share no memory.
func BenchmarkNothingNew(b *testing.B) {
	w := newWorld(5000)
	newReplicas(w, w.local, w.local).join(b, len(w.local))
}

func TestJoinOfEqualStatesAllocatesNothing(t *testing.T) {
	w := newWorld(50)
	a, b := newReplica(w).collection(w.local), newReplica(w).collection(w.local)
	var joined merge.Collection
	if n := testing.AllocsPerRun(100, func() { joined = merge.Join(a, b) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
	if !joined.Equal(a) {
		t.Error("joining an equal state changed it")
	}
}

// BenchmarkHot joins 20,000 records of one field each, one after another, to one record that
// has these fields. Each join makes a new record.
func BenchmarkHot(b *testing.B) {
	w := newWorld(1)
	base, naiveBase := newReplica(w).collection(w.local).At(0), newReplica(w).state(w.local)[w.ids[0]]
	var deltas []record.Record
	var naiveDeltas []naiveRecord
	ours, naive := newReplica(w), newReplica(w)
	for _, e := range w.hot(20_000) {
		deltas = append(deltas, ours.collection([]write{e}).At(0))
		naiveDeltas = append(naiveDeltas, naive.state([]write{e})[w.ids[0]])
	}
	var got record.Record
	var want naiveRecord
	p := pair{
		ours: func() {
			var b record.Builder
			got = base
			for _, d := range deltas {
				got, _, _ = b.Join(got, d)
			}
		},
		naive: func() {
			want = naiveBase
			for _, d := range naiveDeltas {
				want = naiveJoinRecord(want, d)
			}
		},
		fields: len(deltas), rounds: 15,
	}
	p.ours()
	p.naive()
	sameState(b, merge.Collect(got), naiveState{w.ids[0]: want})
	p.warmAndCold(b)
}
