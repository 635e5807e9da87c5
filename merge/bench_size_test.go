package merge_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/fieldlww/fieldlww/merge"
)

// BenchmarkMemory measures the heap bytes for each field of 50,000 records: of records made by
// constructors, in which repeated strings share memory; of such records after the edits of
// another replica were merged into them; and of records decoded from JSON.
func BenchmarkMemory(b *testing.B) {
	const records = 50_000
	compare := func(b *testing.B, ours, naive func() any) {
		for b.Loop() {
			bytes, naiveBytes := live(ours), live(naive)
			b.ReportMetric(bytes/records/float64(len(taskFields)), "B/field")
			b.ReportMetric(bytes/naiveBytes, "of-naive")
		}
	}
	b.Run("Constructed", func(b *testing.B) {
		compare(b,
			func() any { w := newWorld(records); return newReplica(w).collection(w.local) },
			func() any { w := newWorld(records); return newReplica(w).state(w.local) })
	})
	b.Run("Merged", func(b *testing.B) {
		compare(b,
			func() any {
				w := newWorld(records)
				r := newReplica(w)
				return merge.Join(r.collection(w.local), r.collection(w.edits))
			},
			func() any {
				w := newWorld(records)
				r := newReplica(w)
				s := r.state(w.local)
				for _, e := range w.edits {
					naiveWrite(s, w.ids[e.record], taskFields[e.field], r.naive(e))
				}
				return s
			})
	})
	b.Run("Decoded", func(b *testing.B) {
		compare(b,
			func() any {
				w := newWorld(records)
				lines := newReplica(w).collection(w.local).AppendLines(nil)
				return decodeLines(b, lines)
			},
			func() any {
				w := newWorld(records)
				return naiveDecode(b, naiveEncode(b, newReplica(w).state(w.local)))
			})
	})
}

// live returns the number of heap bytes that the result of build keeps alive.
func live(build func() any) float64 {
	var before, after runtime.MemStats
	settle := func(m *runtime.MemStats) {
		// Two collections empty a sync.Pool, such as the pool of encoding/json.
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(m)
	}
	settle(&before)
	built := build()
	settle(&after)
	runtime.KeepAlive(built)
	return float64(after.HeapAlloc) - float64(before.HeapAlloc)
}

// BenchmarkGrowth measures how the cost of a field grows with the number of
// fields, from 1,000 to 1,000,000.
func BenchmarkGrowth(b *testing.B) {
	sizes := []int{1_000, 10_000, 100_000, 1_000_000}
	if testing.Short() {
		sizes = sizes[:3]
	}
	b.Run("Sync", func(b *testing.B) {
		growth(b, sizes, func(w *world) []write { return w.remote })
	})
	b.Run("NothingNew", func(b *testing.B) {
		growth(b, sizes, func(w *world) []write { return w.local })
	})
}

// growth joins states of each size in turn, in several rounds.
func growth(b *testing.B, sizes []int, remote func(*world) []write) {
	var timed []func() float64
	for _, n := range sizes {
		w := newWorld(n / len(taskFields))
		x, y := newReplica(w).collection(w.local), newReplica(w).collection(remote(w))
		timed = append(timed, repeated(func() { merge.Join(x, y) }))
	}
	times := make([][]float64, len(sizes))
	var ratios []float64
	for b.Loop() {
		for range rounds(5) {
			for i, n := range sizes {
				times[i] = append(times[i], timed[i]()/float64(n))
			}
			last := len(times[0]) - 1
			ratios = append(ratios, times[len(sizes)-1][last]/times[0][last])
		}
	}
	for i, n := range sizes {
		b.ReportMetric(median(times[i]), fmt.Sprintf("ns/field@%d", n))
	}
	b.ReportMetric(median(ratios), "x-growth")
}
