package clock_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
)

func TestZeroClockHasDefaults(t *testing.T) {
	// Inside a synctest bubble, the system's wall clock begins at 2000-01-01.
	t.Run("issues timestamps of the system's wall clock", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var c clock.Clock
			require.Equal(t, clock.Timestamp(0), c.Last())
			require.Equal(t, at(946_684_800_000, 0), c.Now())
			require.Equal(t, at(946_684_800_000, 1), c.Now())
		})
	})
	t.Run("judges no stamp while the wall clock is before 2020", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var c clock.Clock
			require.ErrorIs(t, c.Check(1), clock.ErrWall)
			require.ErrorIs(t, c.Observe(1), clock.ErrWall)
			require.NoError(t, c.Observe(0))

			time.Sleep(time.Until(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)) - time.Millisecond)
			require.ErrorIs(t, c.Check(1), clock.ErrWall)
			time.Sleep(time.Millisecond)
			require.NoError(t, c.Check(1))
		})
	})
	t.Run("accepts stamps up to DefaultMaxAhead", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(30 * 365 * 24 * time.Hour)
			var c clock.Clock
			limit := clock.TimestampOf(time.Now().Add(clock.DefaultMaxAhead))
			require.NoError(t, c.Check(limit))
			require.ErrorIs(t, c.Check(limit+1_000_000), clock.ErrAhead)
		})
	})
}

func TestNewRefusesNegativeLast(t *testing.T) {
	for _, last := range []clock.Timestamp{-1, math.MinInt64} {
		c, err := clock.New(clock.Options{Last: last})
		require.ErrorIs(t, err, clock.ErrRange)
		require.EqualError(t, err, "clock: Options.Last: before 1970")
		require.Nil(t, c)
	}
	for _, last := range []clock.Timestamp{0, 1, clock.MaxTimestamp, clock.MaxTimestamp + 1, math.MaxInt64} {
		c, err := clock.New(clock.Options{Last: last})
		require.NoError(t, err)
		require.Equal(t, last, c.Last())
	}
}

// TestNowContinuesAfterMaxTimestamp: at the end of the range, Now continues into the reserved
// day.
func TestNowContinuesAfterMaxTimestamp(t *testing.T) {
	d := newDevice(t, clock.Options{})
	for _, wall := range []time.Time{
		time.Date(2262, 4, 11, 0, 0, 0, 0, time.UTC),
		time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC),
		time.Unix(1<<50, 0),
	} {
		d.wall = wall
		last := d.Last()
		require.Equal(t, max(last+1, at(clock.MaxTimestamp.Millis(), 0)), d.Now())
	}

	d = newDevice(t, clock.Options{Last: clock.MaxTimestamp})
	require.Equal(t, clock.MaxTimestamp+1, d.Now())
	require.Equal(t, clock.MaxTimestamp+2, d.NowN(math.MaxInt))
	require.Greater(t, d.Now(), clock.MaxTimestamp)
	require.NoError(t, d.Observe(d.Last()), "Observe must accept the clock's own timestamp")
	require.ErrorIs(t, d.Observe(d.Last()+1), clock.ErrRange)
	require.ErrorIs(t, d.Check(d.Last()), clock.ErrRange, "Check must refuse the clock's own timestamp after MaxTimestamp")
}

func TestNowNIssuesConsecutiveTimestamps(t *testing.T) {
	d := newDevice(t, clock.Options{})
	d.set(20)
	require.Equal(t, at(20, 0), d.NowN(3))
	require.Equal(t, at(20, 2), d.Last())
	require.Equal(t, at(20, 3), d.NowN(0))
	require.Equal(t, at(20, 4), d.NowN(-7))
	require.Equal(t, at(20, 4), d.Last())
	require.Equal(t, at(20, 5), d.Now())
}

func TestEachCallReadsTheWallClockOnce(t *testing.T) {
	reads := 0
	c, err := clock.New(clock.Options{Now: func() time.Time { reads++; return time.UnixMilli(t0) }})
	require.NoError(t, err)

	c.Now()
	require.Equal(t, 1, reads)
	c.NowN(1000)
	require.Equal(t, 2, reads)
	require.NoError(t, c.Check(at(t0, 0)))
	require.Equal(t, 3, reads)
	require.NoError(t, c.Observe(at(t0+1, 0)))
	require.Equal(t, 4, reads)
}

func TestObserveReadsTheWallClockOnlyIfNeeded(t *testing.T) {
	wall := func() time.Time { t.Error("the wall clock was read"); return time.UnixMilli(t0) }
	c, err := clock.New(clock.Options{Now: wall, Last: at(t0, 5)})
	require.NoError(t, err)
	for _, s := range []clock.Timestamp{0, 1, at(t0, 4), at(t0, 5)} {
		require.NoError(t, c.Observe(s), "not above Last")
	}
	for _, s := range []clock.Timestamp{-1, math.MinInt64, clock.MaxTimestamp + 1, math.MaxInt64} {
		require.ErrorIs(t, c.Observe(s), clock.ErrRange)
		require.ErrorIs(t, c.Check(s), clock.ErrRange)
		var e *clock.ParseError
		require.ErrorAs(t, c.Check(s), &e)
		require.Equal(t, "timestamp", e.Type)
	}
	require.Equal(t, at(t0, 5), c.Last())

	c, err = clock.New(clock.Options{Now: wall, MaxAhead: -1})
	require.NoError(t, err)
	require.NoError(t, c.Check(at(t0, 6)))
	require.NoError(t, c.Observe(at(t0, 6)))
	require.Equal(t, at(t0, 6), c.Last())
}

// TestCheckJudgesByTheWallClockAlone: Check must refuse a stamp that is too far ahead of the
// wall clock, even if the clock has already observed a greater one.
func TestCheckJudgesByTheWallClockAlone(t *testing.T) {
	d := newDevice(t, clock.Options{Last: at(t0+hours8, 0)})
	d.set(t0)
	s := at(t0+hours8-1, 0)
	require.NoError(t, d.Observe(s))
	require.ErrorIs(t, d.Check(s), clock.ErrAhead)
	require.NoError(t, d.Check(at(t0, 0)))
	require.NoError(t, d.Check(0))
	require.Equal(t, at(t0+hours8, 0), d.Last())
}

func TestMaxAheadIsInclusiveInWholeMilliseconds(t *testing.T) {
	tests := []struct {
		name     string
		maxAhead time.Duration
		ahead    int64 // milliseconds
		ok       bool
	}{
		{"at the default bound", 0, 300_000, true},
		{"past the default bound", 0, 300_001, false},
		{"1 ms ahead with a bound of 1.5 ms", 1500 * time.Microsecond, 1, true},
		{"2 ms ahead with a bound of 1.5 ms", 1500 * time.Microsecond, 2, false},
		{"greatest duration", math.MaxInt64, clock.MaxTimestamp.Millis() - t0, true},
		{"one less than the greatest duration", math.MaxInt64 - 1, clock.MaxTimestamp.Millis() - t0, true},
		{"past a bound of a century", 100 * 365 * 24 * time.Hour, clock.MaxTimestamp.Millis() - t0, false},
		{"no bound, -1", -1, clock.MaxTimestamp.Millis() - t0, true},
		{"no bound, most negative duration", math.MinInt64, clock.MaxTimestamp.Millis() - t0, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDevice(t, clock.Options{MaxAhead: test.maxAhead})
			// The stamp and the wall clock are compared in whole milliseconds.
			d.wall = time.UnixMilli(t0).Add(999_999)
			for _, counter := range []int{0, full} {
				s := at(t0+test.ahead, counter)
				if test.ok {
					require.NoError(t, d.Check(s))
				} else {
					require.ErrorIs(t, d.Check(s), clock.ErrAhead)
				}
			}
		})
	}

	// With a wall clock at zero, the lead of the greatest timestamp almost
	// overflows a time.Duration.
	d := newDevice(t, clock.Options{})
	d.wall = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	require.ErrorIs(t, d.Check(clock.MaxTimestamp), clock.ErrAhead)
	d.wall = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	require.NoError(t, d.Check(clock.MaxTimestamp))
	require.NoError(t, d.Check(1))
}

func TestWallClockBelowFloorIsUnset(t *testing.T) {
	day := func(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }
	tests := []struct {
		name        string
		floor, wall time.Time
		ok          bool
	}{
		{"below the default floor", time.Time{}, day(2020).Add(-time.Millisecond), false},
		{"at the default floor", time.Time{}, day(2020), true},
		{"below a floor of 2026", day(2026), day(2026).Add(-time.Millisecond), false},
		{"at a floor of 2026", day(2026), day(2026), true},
		{"at a floor of 2000", day(2000), day(2000), true},
		{"switched off by the epoch", time.Unix(0, 0), time.Unix(0, 0), true},
		{"switched off by a date before the epoch", day(1900), day(1800), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := clock.New(clock.Options{
				Floor: test.floor,
				Now:   func() time.Time { return test.wall },
			})
			require.NoError(t, err)
			s := max(clock.TimestampOf(test.wall), 1)
			if test.ok {
				require.NoError(t, c.Check(s))
				require.NoError(t, c.Observe(s))
				return
			}
			var e *clock.WallError
			require.ErrorAs(t, c.Check(s), &e)
			require.True(t, test.wall.Equal(e.Wall))
			require.ErrorIs(t, c.Observe(s), clock.ErrWall)
			require.NotErrorIs(t, c.Observe(s), clock.ErrAhead)
			require.Zero(t, c.Last())
			require.Equal(t, s, c.Now(), "Now still issues timestamps")
		})
	}

	t.Run("without a bound the floor does not matter", func(t *testing.T) {
		c, err := clock.New(clock.Options{MaxAhead: -1, Now: func() time.Time { return day(1970) }})
		require.NoError(t, err)
		require.NoError(t, c.Observe(at(t0, 0)))
	})
}

func TestAheadIsTheLeadInWholeMilliseconds(t *testing.T) {
	d := newDevice(t, clock.Options{Last: at(t0+7, full)})
	d.wall = time.UnixMilli(t0).Add(999_999)
	require.Equal(t, 7*time.Millisecond, d.Ahead())
	d.set(t0 + 7)
	require.Zero(t, d.Ahead())
	d.set(t0 + 8)
	require.Zero(t, d.Ahead(), "never negative")
}

func TestErrorsContainTheirDetails(t *testing.T) {
	t.Run("AheadError, wrapped twice", func(t *testing.T) {
		d := newDevice(t, clock.Options{MaxAhead: time.Second})
		d.set(t0)
		err := fmt.Errorf("batch: %w", fmt.Errorf("item 3: %w", d.Observe(at(t0+1500, 3))))

		require.ErrorIs(t, err, clock.ErrAhead)
		require.NotErrorIs(t, err, clock.ErrWall)
		var e *clock.AheadError
		require.True(t, errors.As(err, &e))
		require.Equal(t, at(t0+1500, 3), e.Stamp)
		require.Equal(t, int64(t0), e.Wall.UnixMilli())
		require.Equal(t, time.Second, e.Limit)
		require.Equal(t, 1500*time.Millisecond, e.Ahead())
		require.EqualError(t, e, "clock: 2026-11-22T16:57:18.623000003Z is 1.5s ahead of the wall clock, "+
			"which reads 2026-11-22T16:57:17.123000000Z; the limit is 1s")
	})
	t.Run("WallError", func(t *testing.T) {
		d := newDevice(t, clock.Options{Floor: time.UnixMilli(t0)})
		d.set(5)
		require.EqualError(t, d.Observe(at(t0, 0)), "clock: this host's wall clock reads 1970-01-01T00:00:00Z, "+
			"before 2026-11-22T16:57:17Z: it is not set")
	})
	t.Run("ParseError", func(t *testing.T) {
		_, err := clock.ParseTimestamp("2026-11-22 16:57:17Z")
		require.EqualError(t, err, "clock: timestamp: want T at offset 10")
		_, err = clock.ParseClientID("abc")
		require.EqualError(t, err, "clock: client ID: want a UUID of 36 characters")
	})
}
