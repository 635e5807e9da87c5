package clock_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
)

// A vector runs steps on a fresh clock. Their names carry stable identifiers, so that
// implementations in other languages can be held against them:
//
//	N  Now                           R  a clock that is restored
//	O  Observe                       D  stamps that are too far ahead
//	V  counters that are full        F  the figure of the paper
//	C  concurrent use                X  texts, bytes and columns, in the other files
type vector struct {
	name     string
	last     clock.Timestamp // restored
	maxAhead time.Duration
	floor    time.Time // zero: off
	steps    []step
}

type step func(t *testing.T, d *device)

// now expects Now to return (ms, counter) while the wall reads wall.
func now(wall, ms int64, counter int) step { return nowAt(time.UnixMilli(wall), ms, counter) }

func nowAt(wall time.Time, ms int64, counter int) step {
	return func(t *testing.T, d *device) {
		d.wall = wall
		require.Equal(t, at(ms, counter), d.Now(), "Now at %v", wall)
		require.Equal(t, at(ms, counter), d.Last(), "Last after Now")
	}
}

// burst expects NowN(n) to return (ms, counter) as the first of n.
func burst(wall int64, n int, ms int64, counter int) step {
	return func(t *testing.T, d *device) {
		d.set(wall)
		require.Equal(t, at(ms, counter), d.NowN(n))
		require.Equal(t, at(ms, counter)+clock.Timestamp(n-1), d.Last())
	}
}

// observe expects that s is accepted and joined without a tick.
func observe(wall int64, s clock.Timestamp) step {
	return func(t *testing.T, d *device) {
		d.set(wall)
		before := d.Last()
		require.NoError(t, d.Observe(s))
		require.Equal(t, max(before, s), d.Last(), "Observe joins and does not tick")
	}
}

// refuse expects that Observe and Check both refuse s as so far ahead, and that
// the clock stays as it was.
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

func refuseAs(wall int64, s clock.Timestamp, want error) step {
	return func(t *testing.T, d *device) {
		d.set(wall)
		before := d.Last()
		require.ErrorIs(t, d.Observe(s), want)
		require.ErrorIs(t, d.Check(s), want)
		require.Equal(t, before, d.Last(), "a refusal changes nothing")
	}
}

// gauge expects Ahead at the wall time of the step before.
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

func TestNowVectors(t *testing.T) {
	run(t, []vector{
		{name: "N1 first", steps: []step{now(5, 5, 0)}},
		{name: "N2 advance", last: at(5, 0), steps: []step{now(6, 6, 0)}},
		{name: "N3 stutter", steps: []step{
			now(20, 20, 0), now(20, 20, 1), now(20, 20, 2), now(21, 21, 0)}},
		{name: "N4 back one", last: at(30, 0), steps: []step{
			now(29, 30, 1), now(29, 30, 2), now(31, 31, 0)}},
		{name: "N5 back one hour", last: at(t0, 0), steps: []step{now(t0-3_600_000, t0, 1)}},
		{name: "N6 wall catches up exactly", last: at(10, 7), steps: []step{now(10, 10, 8)}},
		{name: "N7 wall below the millisecond", last: at(100, 3), steps: []step{
			nowAt(time.Unix(0, 100_900_000), 100, 4)}},
		{name: "N8 zero wall", steps: []step{now(0, 0, 1)}},
		{name: "N9 before 1970", steps: []step{now(-1, 0, 1)}},
		{name: "N10 jump of eight hours and back", last: at(t0, 0), steps: []step{
			now(t0+hours8, 1_795_395_437_123, 0),
			now(t0+1, 1_795_395_437_123, 1),
			gauge(8*time.Hour - time.Millisecond)}},
	})
}

func TestOverflowVectors(t *testing.T) {
	run(t, []vector{
		{name: "V1 last, then carry", last: at(40, full-1), steps: []step{
			now(40, 40, full), now(40, 41, 0), now(41, 41, 1), now(42, 42, 0)}},
		{name: "V3 observed counter full", last: at(1, 0), steps: []step{
			observe(0, at(2, full)), now(0, 3, 0)}},
		{name: "V4 both full in one millisecond", last: at(1, full), steps: []step{
			observe(1, at(1, full)), now(1, 2, 0)}},
		{name: "V5 full, but the wall is newer", last: at(1, full), steps: []step{
			observe(2, at(1, full)), now(2, 2, 0)}},
		{name: "V6 pinned two minutes ahead", last: at(t0+minute2, full), steps: []step{
			now(t0+5, t0+minute2+1, 0)}},
		{name: "V7 the range's last day is offered", steps: []step{
			refuseAs(t0, 1<<63-1, clock.ErrRange),
			refuseAs(t0, clock.MaxTimestamp+1, clock.ErrRange),
			now(t0, t0, 0)}},
		{name: "V7 the range's last timestamp is offered", steps: []step{
			refuse(t0, clock.MaxTimestamp, time.Duration(clock.MaxTimestamp.Millis()-t0)*time.Millisecond),
			now(t0, t0, 0)}},
		{name: "V7 without a bound", maxAhead: -1, steps: []step{
			refuseAs(t0, 1<<63-1, clock.ErrRange),
			refuseAs(t0, clock.MaxTimestamp+1, clock.ErrRange),
			refuseAs(t0, -1, clock.ErrRange),
			now(t0, t0, 0)}},
		{name: "V8 burst", last: at(20, full-1), steps: []step{
			burst(20, 4, 20, full), now(20, 21, 3)}},
	})

	t.Run("V2 burst of a frozen wall", func(t *testing.T) {
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

func TestObserveVectors(t *testing.T) {
	run(t, []vector{
		{name: "O1 older", last: at(10, 5), steps: []step{observe(10, at(9, 99)), now(10, 10, 6)}},
		{name: "O2 same millisecond, lower", last: at(10, 7), steps: []step{
			observe(8, at(10, 4)), now(8, 10, 8)}},
		{name: "O3 same millisecond, higher", last: at(10, 9), steps: []step{
			observe(10, at(10, 99)), now(10, 10, 100)}},
		{name: "O4 newer", last: at(6, 0), steps: []step{observe(10, at(10, 5)), now(10, 10, 6)}},
		{name: "O5 ahead of the wall", last: at(1, 0), steps: []step{
			observe(0, at(2, 0)), now(0, 2, 1)}},
		{name: "O6 wall passes both", last: at(10, 100), steps: []step{
			observe(11, at(10, 31)), now(11, 11, 0), now(11, 11, 1)}},
		{name: "O7 own stamp comes back", last: at(5, 0), steps: []step{
			observe(5, at(5, 0)), now(5, 5, 1)}},
		{name: "O8 no tick", last: at(5, 3), steps: []step{
			observe(9, at(5, 4)), observe(9, at(9, 0)), observe(9, at(8, 7)), observe(9, 0)}},
		{name: "O9 idempotent", last: at(5, 3), steps: []step{
			observe(9, at(7, 1)), observe(9, at(7, 1)), now(5, 7, 2)}},
		{name: "O12 long trace", maxAhead: 5 * time.Millisecond, steps: []step{
			now(5, 5, 0), now(6, 6, 0),
			observe(10, at(10, 5)), now(10, 10, 6), now(7, 10, 7),
			observe(8, at(10, 4)), now(8, 10, 8),
			refuse(9, at(16, 888), 7*time.Millisecond),
			observe(10, at(10, 99)), now(10, 10, 100),
			observe(11, at(10, 31)), now(11, 11, 0), now(11, 11, 1)}},

		// Figure 6 of the paper, one vector for each of its processes.
		{name: "F1 paper, process 0", steps: []step{now(10, 10, 0)}},
		{name: "F2 paper, process 1", steps: []step{
			observe(1, at(10, 0)), now(1, 10, 1), now(2, 10, 2)}},
		{name: "F3 paper, process 2", last: at(1, 0), steps: []step{
			observe(2, at(10, 2)), now(2, 10, 3), now(3, 10, 4)}},
		{name: "F4 paper, process 3", last: at(3, 0), steps: []step{
			observe(4, at(10, 4)), now(4, 10, 5)}},
	})

	// O10, any order, is the law TestObserveIsJoin.
	t.Run("O11 a batch is its maximum", func(t *testing.T) {
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

func TestDriftVectors(t *testing.T) {
	days90 := int64(90 * 24 * 60 * 60 * 1000)
	run(t, []vector{
		{name: "D1 exactly at the limit", last: at(t0, 0), steps: []step{
			observe(t0, at(t0+300_000, full)), now(t0, t0+300_001, 0)}},
		{name: "D2 one past the limit", last: at(t0, 0), steps: []step{
			refuse(t0, at(t0+300_001, 0), 300_001*time.Millisecond), now(t0, t0, 1)}},
		{name: "D3 limit of a nanosecond", last: at(100, 0), maxAhead: 1, steps: []step{
			observe(100, at(100, 9)), refuse(100, at(101, 0), time.Millisecond)}},
		{name: "D4 no limit", last: at(t0, 0), maxAhead: -1, steps: []step{
			observe(t0, at(t0+1_000_000, 0)), observe(t0, clock.MaxTimestamp)}},
		{name: "D5 the past is free", last: at(t0, 0), steps: []step{
			observe(t0, at(t0-days90, 0)), now(t0, t0, 1)}},
		{name: "D6 clock already ahead", last: at(t0+300_010, 0), steps: []step{
			observe(t0, at(t0, 0)), now(t0, t0+300_010, 1), gauge(300_010 * time.Millisecond)}},
		{name: "D7 year 2099", last: at(t0, 0), steps: []step{
			refuse(t0, at(year99, 0), (year99-t0)*time.Millisecond), now(t0, t0, 1)}},
		{name: "D9 wall reads 1970", floor: time.UnixMilli(t0 - 1), steps: []step{
			refuseAs(5, at(t0, 0), clock.ErrWall), now(5, 5, 0)}},
	})

	t.Run("D8 one bad in a batch", func(t *testing.T) {
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

func TestRestartVectors(t *testing.T) {
	const issued = 40
	snapshot, log := at(t0, 0), at(t0+10, 5)
	run(t, []vector{
		{name: "R1 wall older", last: at(t0, 7), steps: []step{now(t0-60_000, t0, 8)}},
		{name: "R2 same millisecond", last: at(t0, 7), steps: []step{now(t0, t0, 8)}},
		{name: "R3 wall newer", last: at(t0, 7), steps: []step{now(t0+1, t0+1, 0)}},
		{name: "R4 greatest of the store, beyond the bound", last: at(t0, 7), steps: []step{
			now(t0-600_000, t0, 8)}},
		{name: "R5 reserved window", last: at(t0+3000, 0), steps: []step{
			now(t0+500, t0+3000, 1), now(t0+issued, t0+3000, 2)}},
		{name: "R6 stale snapshot and a log", last: max(snapshot, log), steps: []step{
			now(t0, t0+10, 6)}},
		{name: "R7 restored from the future", last: at(t0+hours8, 0), steps: []step{
			now(t0, t0+hours8, 1), gauge(8 * time.Hour), now(t0+1, t0+hours8, 2)}},
	})
}
