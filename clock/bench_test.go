package clock_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
)

// BenchmarkNow compares the time of Clock.Now with the time of time.Now, which
// is the minimum for any clock. Both are measured in turn within one process,
// so a busy machine slows both. The ratio is the median over all pairs.
func BenchmarkNow(b *testing.B) {
	const ops = 2_000
	var c clock.Clock
	var last time.Time
	var ratios, ours, theirs []float64
	for b.Loop() {
		start := time.Now()
		for range ops {
			last = time.Now()
		}
		middle := time.Now()
		for range ops {
			c.Now()
		}
		end := time.Now()
		theirs = append(theirs, float64(middle.Sub(start))/ops)
		ours = append(ours, float64(end.Sub(middle))/ops)
		ratios = append(ratios, float64(end.Sub(middle))/float64(middle.Sub(start)))
	}
	if last.IsZero() {
		b.Fatal("time.Now returned the zero time")
	}
	b.ReportMetric(median(ratios), "ratio")
	b.ReportMetric(median(ours), "ns/Now")
	b.ReportMetric(median(theirs), "ns/time.Now")
	b.ReportMetric(0, "ns/op")
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

func BenchmarkNowContended(b *testing.B) {
	var c clock.Clock
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.Now()
		}
	})
}

// BenchmarkNowN stamps a batch of a thousand writes with one reading of the
// wall clock.
func BenchmarkNowN(b *testing.B) {
	var c clock.Clock
	for b.Loop() {
		c.NowN(1000)
	}
}

// BenchmarkLockedNow measures the obvious implementation, for comparison: a
// mutex around a pair of numbers and a reading of the wall clock.
func BenchmarkLockedNow(b *testing.B) {
	var mu sync.Mutex
	var p paperClock
	for b.Loop() {
		mu.Lock()
		p.now(time.Now().UnixMilli())
		mu.Unlock()
	}
}

func BenchmarkObserve(b *testing.B) {
	for name, step := range map[string]clock.Timestamp{"old": 0, "new": 1} {
		b.Run(name, func(b *testing.B) {
			var c clock.Clock
			s := c.Now()
			for b.Loop() {
				s += step
				if err := c.Observe(s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkText(b *testing.B) {
	stamp := clock.Stamp{Time: at(t0, 3), Client: clock.MustParseClientID(clientText)}
	text, dst := []byte(stampText), make([]byte, 0, 128)
	timeText, idText := text[:30], text[31:]
	var parsed time.Time
	var err error
	for _, bench := range []struct {
		name string
		f    func()
	}{
		{"timestamp/append", func() { dst, err = stamp.Time.AppendText(dst[:0]) }},
		{"timestamp/append by package time", func() { dst = parsed.AppendFormat(dst[:0], "2006-01-02T15:04:05.000000000Z07:00") }},
		{"timestamp/parse", func() { err = stamp.Time.UnmarshalText(timeText) }},
		{"timestamp/parse by package time", func() { parsed, err = time.Parse(time.RFC3339Nano, string(timeText)) }},
		{"client/append", func() { dst, err = stamp.Client.AppendText(dst[:0]) }},
		{"client/parse", func() { err = stamp.Client.UnmarshalText(idText) }},
		{"stamp/append", func() { dst, err = stamp.AppendText(dst[:0]) }},
		{"stamp/parse", func() { err = stamp.UnmarshalText(text) }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bench.f()
			}
			if err != nil {
				b.Fatal(err)
			}
		})
	}
}

func BenchmarkStampCompare(b *testing.B) {
	stamps := make([]clock.Stamp, 1024)
	for i := range stamps {
		stamps[i] = clock.Stamp{Time: at(t0, i), Client: clock.ClientID{byte(i)}}
	}
	var sum int
	for b.Loop() {
		for i := 1; i < len(stamps); i++ {
			sum += stamps[i-1].Compare(stamps[i])
		}
	}
	if sum >= 0 {
		b.Fatal(sum)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1023, "ns/compare")
}
