package clock_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
)

// A vector runs steps on a fresh clock. Implementations in other languages can be tested with
// the same vectors.
type vector struct {
	name     string
	last     clock.Timestamp // Options.Last
	maxAhead time.Duration
	floor    time.Time // unlike in Options, the zero time switches the floor off
	steps    []step
}

type step func(t *testing.T, d *device)

// now expects Now to return (ms, counter) while the wall clock reads wall.
func now(wall, ms int64, counter int) step { return nowAt(time.UnixMilli(wall), ms, counter) }

func nowAt(wall time.Time, ms int64, counter int) step {
	return func(t *testing.T, d *device) {
		d.wall = wall
		require.Equal(t, at(ms, counter), d.Now(), "Now with the wall clock at %v", wall)
		require.Equal(t, at(ms, counter), d.Last(), "Last after Now")
	}
}

// burst expects NowN(n) to issue n timestamps, starting with (ms, counter).
func burst(wall int64, n int, ms int64, counter int) step {
	return func(t *testing.T, d *device) {
		d.set(wall)
		require.Equal(t, at(ms, counter), d.NowN(n))
		require.Equal(t, at(ms, counter)+clock.Timestamp(n-1), d.Last())
	}
}

// observe expects Observe to accept s and to join it without a tick.
func observe(wall int64, s clock.Timestamp) step {
	return func(t *testing.T, d *device) {
		d.set(wall)
		before := d.Last()
		require.NoError(t, d.Observe(s))
		require.Equal(t, max(before, s), d.Last(), "Observe joins and does not tick")
	}
}

// refuse expects Observe and Check to refuse s because its lead, which is given, is too great,
// and the clock to stay unchanged.
func refuse(wall int64, s clock.Timestamp, ahead time.Duration) step {
	return func(t *testing.T, d *device) {
		d.set(wall)
		before := d.Last()
		for _, judge := range []func(clock.Timestamp) error{d.Observe, d.Check} {
			var e *clock.AheadError
			require.ErrorAs(t, judge(s), &e)
			require.Equal(t, ahead, e.Ahead())
			require.Equal(t, s, e.Stamp)
			require.True(t, d.wall.Equal(e.Wall))
			require.Equal(t, before, d.Last(), "a refusal changes nothing")
		}
	}
}

// refuseAs expects Observe and Check to refuse s with an error that matches want, and the
// clock to stay unchanged.
func refuseAs(wall int64, s clock.Timestamp, want error) step {
	return func(t *testing.T, d *device) {
		d.set(wall)
		before := d.Last()
		require.ErrorIs(t, d.Observe(s), want)
		require.ErrorIs(t, d.Check(s), want)
		require.Equal(t, before, d.Last(), "a refusal changes nothing")
	}
}

// gauge expects Ahead to return want, with the wall clock of the preceding step.
func gauge(want time.Duration) step {
	return func(t *testing.T, d *device) { require.Equal(t, want, d.Ahead()) }
}

func run(t *testing.T, vectors []vector) {
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			d := newDevice(t, clock.Options{MaxAhead: v.maxAhead, Last: v.last, Floor: v.floor})
			for _, s := range v.steps {
				s(t, d)
			}
		})
	}
}

const (
	hours8  = 8 * 60 * 60 * 1000
	minute2 = 2 * 60 * 1000
	year99  = 4_070_908_800_000 // 2099-01-01
)

func TestNowFollowsTheWallClock(t *testing.T) {
	run(t, []vector{
		{name: "first timestamp", steps: []step{now(5, 5, 0)}},
		{name: "wall clock advances", last: at(5, 0), steps: []step{now(6, 6, 0)}},
		{name: "wall clock stands still, then advances", steps: []step{
			now(20, 20, 0), now(20, 20, 1), now(20, 20, 2), now(21, 21, 0)}},
		{name: "wall clock goes back by a millisecond", last: at(30, 0), steps: []step{
			now(29, 30, 1), now(29, 30, 2), now(31, 31, 0)}},
		{name: "wall clock goes back by an hour", last: at(t0, 0), steps: []step{now(t0-3_600_000, t0, 1)}},
		{name: "wall clock catches up exactly", last: at(10, 7), steps: []step{now(10, 10, 8)}},
		{name: "wall clock advances by less than a millisecond", last: at(100, 3), steps: []step{
			nowAt(time.Unix(0, 100_900_000), 100, 4)}},
		{name: "wall clock at the epoch", steps: []step{now(0, 0, 1)}},
		{name: "wall clock before 1970", steps: []step{now(-1, 0, 1)}},
		{name: "wall clock jumps ahead by eight hours and back", last: at(t0, 0), steps: []step{
			now(t0+hours8, 1_795_395_437_123, 0),
			now(t0+1, 1_795_395_437_123, 1),
			gauge(8*time.Hour - time.Millisecond)}},
	})
}

func TestFullCounterCarries(t *testing.T) {
	run(t, []vector{
		{name: "last counter value, then carry", last: at(40, full-1), steps: []step{
			now(40, 40, full), now(40, 41, 0), now(41, 41, 1), now(42, 42, 0)}},
		{name: "observed counter is full", last: at(1, 0), steps: []step{
			observe(0, at(2, full)), now(0, 3, 0)}},
		{name: "both counters are full in one millisecond", last: at(1, full), steps: []step{
			observe(1, at(1, full)), now(1, 2, 0)}},
		{name: "counter is full, but the wall clock is ahead", last: at(1, full), steps: []step{
			observe(2, at(1, full)), now(2, 2, 0)}},
		{name: "clock is two minutes ahead", last: at(t0+minute2, full), steps: []step{
			now(t0+5, t0+minute2+1, 0)}},
		{name: "timestamps after MaxTimestamp are offered", steps: []step{
			refuseAs(t0, 1<<63-1, clock.ErrRange),
			refuseAs(t0, clock.MaxTimestamp+1, clock.ErrRange),
			now(t0, t0, 0)}},
		{name: "MaxTimestamp is offered", steps: []step{
			refuse(t0, clock.MaxTimestamp, time.Duration(clock.MaxTimestamp.Millis()-t0)*time.Millisecond),
			now(t0, t0, 0)}},
		{name: "timestamps outside the range are offered without a bound", maxAhead: -1, steps: []step{
			refuseAs(t0, 1<<63-1, clock.ErrRange),
			refuseAs(t0, clock.MaxTimestamp+1, clock.ErrRange),
			refuseAs(t0, -1, clock.ErrRange),
			now(t0, t0, 0)}},
		{name: "NowN carries within a batch", last: at(20, full-1), steps: []step{
			burst(20, 4, 20, full), now(20, 21, 3)}},
	})

	t.Run("frozen wall clock for more than a million timestamps", func(t *testing.T) {
		d := newDevice(t, clock.Options{})
		d.set(0)
		last := clock.Timestamp(0)
		for range full + 2 {
			next := d.Now()
			if next <= last {
				t.Fatalf("%d after %d", next, last)
			}
			last = next
		}
		require.Equal(t, at(1, 1), last)
	})
}

func TestObserveJoinsWithoutTick(t *testing.T) {
	run(t, []vector{
		{name: "older millisecond", last: at(10, 5), steps: []step{observe(10, at(9, 99)), now(10, 10, 6)}},
		{name: "same millisecond, lower counter", last: at(10, 7), steps: []step{
			observe(8, at(10, 4)), now(8, 10, 8)}},
		{name: "same millisecond, higher counter", last: at(10, 9), steps: []step{
			observe(10, at(10, 99)), now(10, 10, 100)}},
		{name: "newer millisecond", last: at(6, 0), steps: []step{observe(10, at(10, 5)), now(10, 10, 6)}},
		{name: "ahead of the wall clock", last: at(1, 0), steps: []step{
			observe(0, at(2, 0)), now(0, 2, 1)}},
		{name: "wall clock passes the clock and the observed timestamp", last: at(10, 100), steps: []step{
			observe(11, at(10, 31)), now(11, 11, 0), now(11, 11, 1)}},
		{name: "the clock's own timestamp comes back", last: at(5, 0), steps: []step{
			observe(5, at(5, 0)), now(5, 5, 1)}},
		{name: "observing does not tick", last: at(5, 3), steps: []step{
			observe(9, at(5, 4)), observe(9, at(9, 0)), observe(9, at(8, 7)), observe(9, 0)}},
		{name: "observing twice is the same as once", last: at(5, 3), steps: []step{
			observe(9, at(7, 1)), observe(9, at(7, 1)), now(5, 7, 2)}},
		{name: "long trace", maxAhead: 5 * time.Millisecond, steps: []step{
			now(5, 5, 0), now(6, 6, 0),
			observe(10, at(10, 5)), now(10, 10, 6), now(7, 10, 7),
			observe(8, at(10, 4)), now(8, 10, 8),
			refuse(9, at(16, 888), 7*time.Millisecond),
			observe(10, at(10, 99)), now(10, 10, 100),
			observe(11, at(10, 31)), now(11, 11, 0), now(11, 11, 1)}},

		// Figure 6 of the paper, one vector for each process.
		{name: "figure 6, process 0", steps: []step{now(10, 10, 0)}},
		{name: "figure 6, process 1", steps: []step{
			observe(1, at(10, 0)), now(1, 10, 1), now(2, 10, 2)}},
		{name: "figure 6, process 2", last: at(1, 0), steps: []step{
			observe(2, at(10, 2)), now(2, 10, 3), now(3, 10, 4)}},
		{name: "figure 6, process 3", last: at(3, 0), steps: []step{
			observe(4, at(10, 4)), now(4, 10, 5)}},
	})

	// TestObserveIsJoin checks that the order does not matter.
	t.Run("observing the greatest of a batch is enough", func(t *testing.T) {
		one, all := newDevice(t, clock.Options{}), newDevice(t, clock.Options{})
		one.set(7)
		all.set(7)
		for counter := range 200_000 {
			require.NoError(t, all.Observe(at(7, counter)))
		}
		require.NoError(t, one.Observe(at(7, 199_999)))
		require.Equal(t, at(7, 199_999), all.Last())
		require.Equal(t, one.Now(), all.Now())
	})
}

func TestStampsTooFarAheadAreRefused(t *testing.T) {
	days90 := int64(90 * 24 * 60 * 60 * 1000)
	run(t, []vector{
		{name: "exactly at the limit", last: at(t0, 0), steps: []step{
			observe(t0, at(t0+300_000, full)), now(t0, t0+300_001, 0)}},
		{name: "one millisecond past the limit", last: at(t0, 0), steps: []step{
			refuse(t0, at(t0+300_001, 0), 300_001*time.Millisecond), now(t0, t0, 1)}},
		{name: "limit of a nanosecond", last: at(100, 0), maxAhead: 1, steps: []step{
			observe(100, at(100, 9)), refuse(100, at(101, 0), time.Millisecond)}},
		{name: "no limit", last: at(t0, 0), maxAhead: -1, steps: []step{
			observe(t0, at(t0+1_000_000, 0)), observe(t0, clock.MaxTimestamp)}},
		{name: "a stamp in the past is never refused", last: at(t0, 0), steps: []step{
			observe(t0, at(t0-days90, 0)), now(t0, t0, 1)}},
		{name: "clock is already ahead of the limit", last: at(t0+300_010, 0), steps: []step{
			observe(t0, at(t0, 0)), now(t0, t0+300_010, 1), gauge(300_010 * time.Millisecond)}},
		{name: "year 2099", last: at(t0, 0), steps: []step{
			refuse(t0, at(year99, 0), (year99-t0)*time.Millisecond), now(t0, t0, 1)}},
		{name: "wall clock reads 1970", floor: time.UnixMilli(t0 - 1), steps: []step{
			refuseAs(5, at(t0, 0), clock.ErrWall), now(5, 5, 0)}},
	})

	t.Run("one refused stamp in a batch", func(t *testing.T) {
		d := newDevice(t, clock.Options{})
		d.set(t0)
		greatest, refused := clock.Timestamp(0), []int{}
		for i, s := range []clock.Timestamp{at(t0, 1), at(year99, 0), at(t0+9, 2)} {
			if err := d.Check(s); err != nil {
				require.ErrorIs(t, err, clock.ErrAhead)
				refused = append(refused, i)
				continue
			}
			greatest = max(greatest, s)
		}
		require.Equal(t, []int{1}, refused)
		require.NoError(t, d.Observe(greatest))
		require.Equal(t, at(t0+9, 2), d.Last())
	})
}

func TestRestoredClockContinuesAboveLast(t *testing.T) {
	const issued = 40
	snapshot, log := at(t0, 0), at(t0+10, 5)
	run(t, []vector{
		{name: "wall clock went back", last: at(t0, 7), steps: []step{now(t0-60_000, t0, 8)}},
		{name: "wall clock in the same millisecond", last: at(t0, 7), steps: []step{now(t0, t0, 8)}},
		{name: "wall clock advanced", last: at(t0, 7), steps: []step{now(t0+1, t0+1, 0)}},
		{name: "restored timestamp is ten minutes ahead", last: at(t0, 7), steps: []step{
			now(t0-600_000, t0, 8)}},
		{name: "restored bound of a reserved window", last: at(t0+3000, 0), steps: []step{
			now(t0+500, t0+3000, 1), now(t0+issued, t0+3000, 2)}},
		{name: "greater of a stale snapshot and a log", last: max(snapshot, log), steps: []step{
			now(t0, t0+10, 6)}},
		{name: "restored timestamp is eight hours ahead", last: at(t0+hours8, 0), steps: []step{
			now(t0, t0+hours8, 1), gauge(8 * time.Hour), now(t0+1, t0+hours8, 2)}},
	})
}
