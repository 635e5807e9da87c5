package clock_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
)

// parallel runs f in n goroutines that start together.
func parallel(n int, f func(worker int)) {
	var start, done sync.WaitGroup
	start.Add(1)
	for worker := range n {
		done.Go(func() {
			start.Wait()
			f(worker)
		})
	}
	start.Done()
	done.Wait()
}

// distinct fails if a timestamp occurs twice in the lists.
func distinct(t *testing.T, lists [][]clock.Timestamp) {
	all := slices.Concat(lists...)
	total := len(all)
	slices.Sort(all)
	require.Len(t, slices.Compact(all), total, "a timestamp was issued twice")
}

func TestConcurrentNowIssuesDistinctTimestamps(t *testing.T) {
	const workers = 8
	each := 200_000
	if testing.Short() {
		each = 20_000
	}
	t.Run("system's wall clock", func(t *testing.T) {
		var c clock.Clock
		issued := make([][]clock.Timestamp, workers)
		parallel(workers, func(worker int) {
			stamps := make([]clock.Timestamp, each)
			for i := range stamps {
				stamps[i] = c.Now()
			}
			issued[worker] = stamps
		})
		greatest := clock.Timestamp(0)
		for _, stamps := range issued {
			require.True(t, slices.IsSorted(stamps))
			greatest = max(greatest, stamps[each-1])
		}
		require.Equal(t, greatest, c.Last())
		distinct(t, issued)
	})
	t.Run("frozen wall clock", func(t *testing.T) {
		d := newDevice(t, clock.Options{Last: at(t0, 5)})
		d.set(t0)
		seen := make([]atomic.Bool, workers*each*2)
		parallel(workers, func(int) {
			for range len(seen) / workers {
				i := d.Now() - at(t0, 6)
				if i < 0 || int(i) >= len(seen) || seen[i].Swap(true) {
					t.Errorf("timestamp %d was issued twice or is outside the expected range", i)
				}
			}
		})
		require.Equal(t, at(t0, 5)+clock.Timestamp(len(seen)), d.Last(), "the clock must issue consecutive timestamps")
	})
	t.Run("wall clock that jumps back and forth", func(t *testing.T) {
		var reads atomic.Uint64
		c, err := clock.New(clock.Options{Now: func() time.Time {
			n := reads.Add(1) * 0x9e3779b97f4a7c15
			return time.UnixMilli(t0 + int64(n>>60) - 8)
		}})
		require.NoError(t, err)
		issued := make([][]clock.Timestamp, workers)
		parallel(workers, func(worker int) {
			for i := range each / 10 {
				first, n := c.NowN(1+i%3), 1+i%3
				for k := range n {
					issued[worker] = append(issued[worker], first+clock.Timestamp(k))
				}
			}
		})
		for _, stamps := range issued {
			require.True(t, slices.IsSorted(stamps))
		}
		distinct(t, issued)
	})
}

// TestConcurrentNowIsAboveWhatWasObserved: each timestamp is above all that its goroutine has
// observed or issued.
func TestConcurrentNowIsAboveWhatWasObserved(t *testing.T) {
	var c clock.Clock
	const workers, each = 8, 10_000
	issued := make([][]clock.Timestamp, workers)
	parallel(workers, func(worker int) {
		known := clock.Timestamp(0)
		for i := range each {
			if i%2 == 0 {
				s := c.Last() + clock.Timestamp(i%5*worker)
				if err := c.Observe(s); err != nil {
					t.Errorf("Observe refused: %v", err)
				}
				known = max(known, s)
				continue
			}
			s := c.Now()
			if s <= known {
				t.Errorf("issued %d, but had already seen %d", s, known)
			}
			known = s
			issued[worker] = append(issued[worker], s)
		}
	})
	distinct(t, issued)
}

// TestWallClockMayCallTheClock: a wall clock function that calls methods of the clock neither
// blocks nor corrupts it.
func TestWallClockMayCallTheClock(t *testing.T) {
	var c *clock.Clock
	var inside []clock.Timestamp
	depth := 0
	wall := func() time.Time {
		if depth++; depth == 1 {
			inside = append(inside, c.Last(), c.Now())
			_ = c.Observe(c.Last())
			c.Ahead()
		}
		depth--
		return time.UnixMilli(t0)
	}
	c, err := clock.New(clock.Options{Now: wall})
	require.NoError(t, err)
	require.Equal(t, at(t0, 1), c.Now())
	require.Equal(t, []clock.Timestamp{0, at(t0, 0)}, inside)
	require.NoError(t, c.Observe(at(t0+1, 0)))
	require.Equal(t, at(t0+1, 0), c.Last())
}

// TestOvertakenClockDoesNotGoBack: while Observe or Now reads the wall clock, another
// goroutine may observe a greater timestamp. Neither may go back below it.
func TestOvertakenClockDoesNotGoBack(t *testing.T) {
	var c *clock.Clock
	overtake := clock.Timestamp(0)
	wall := func() time.Time {
		if s := overtake; s != 0 {
			overtake = 0
			require.NoError(t, c.Observe(s))
		}
		return time.UnixMilli(t0)
	}
	c, err := clock.New(clock.Options{Now: wall})
	require.NoError(t, err)

	overtake = at(t0+5, 0)
	require.NoError(t, c.Observe(at(t0+1, 0)))
	require.Equal(t, at(t0+5, 0), c.Last())

	overtake = at(t0+9, 0)
	require.Equal(t, at(t0+9, 1), c.Now())
}
