package server

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestFenceWaitsWhileTheClockIsWrong lets the wall clock jump. The fence must not rise while the
// clock may be wrong, and must rise again when the clock is right.
func TestFenceWaitsWhileTheClockIsWrong(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		ana := joined(t, listen(t, s.Server), "demo", "")
		ana.push2(s.edit(ana, task("a"), title("x")))
		s.pass(10)
		begun := s.wall

		s.wall = s.wall.Add(365 * sampleEvery) // ahead
		for range 3 {                          // the first sample after the gap, and two more
			s.pass(1)
			require.Zero(t, s.fenced().stamp, "after a gap, the fence waits for further samples")
		}
		s.wall = begun
		s.pass(5)
		require.Equal(t, 10+3, s.countSamples(), "no sample is taken while the clock is behind the newest sample")
		dry, err := s.Repair(context.Background(), "demo", RepairOptions{Dry: true})
		require.NoError(t, err)
		require.Equal(t, 3, dry.Samples)
		require.Equal(t, 10+3, s.countSamples())
		done, err := s.Repair(context.Background(), "demo", RepairOptions{})
		require.NoError(t, err)
		require.Equal(t, 3, done.Samples)
		s.pass(1)
		require.Equal(t, 11, s.countSamples())

		s.wall = s.wall.Add(100 * sampleEvery) // the server was down
		s.pass(1 + 3)
		require.Positive(t, s.fenced().stamp)
		was := s.fenced()
		s.wall = s.wall.Add(-30 * sampleEvery)
		s.pass(2)
		require.Equal(t, was, s.fenced())
		s.options.Retention = sampleEvery
		require.NoError(t, s.retain(context.Background(), "demo"), "another process may have taken the newest sample")
		require.Equal(t, was, s.fenced())
	})
}

// TestWatchRetains runs a Watch on the database of another server, and waits for the first sample.
func TestWatchRetains(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		database := name(t)
		s, watching := openCalendar(t, database), openCalendar(t, database)
		ana := joined(t, listen(t, s.Server), "demo", "")
		ana.push2(s.edit(ana, task("a"), title("x")))
		require.Zero(t, s.countSamples())
		watching.retainAfter = time.Millisecond
		go watching.Watch(t.Context())
		require.Eventually(t, func() bool { return s.countSamples() == 1 }, time.Minute, 10*time.Millisecond)
	})
}

// TestFenceNeverFalls makes the retention longer, so that it selects a sample that is below the
// fence.
func TestFenceNeverFalls(t *testing.T) {
	s := openCalendar(t, databasetest.SQLite(t))
	ana := joined(t, listen(t, s.Server), "demo", "")
	s.options.Retention = sampleEvery
	for range 8 {
		ana.push2(s.edit(ana, task("a"), title(s.wall.String())))
		s.pass(1)
	}
	was := s.fenced()
	require.Positive(t, was.stamp)
	s.options.Retention = 3 * sampleEvery
	s.pass(1)
	require.Equal(t, was, s.fenced())
	s.pass(2)
	require.Greater(t, s.fenced().stamp, was.stamp)
}

// TestStampFromTheFutureDoesNotRaiseTheFence accepts one stamp from the far future, while the clock
// of the server is wrong. The fence must still follow the samples.
func TestStampFromTheFutureDoesNotRaiseTheFence(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		ana := joined(t, listen(t, s.Server), "demo", "")
		begun := s.wall
		s.wall = begun.Add(10 * 365 * sampleEvery)
		ana.push2(s.edit(ana, task("a"), title("x")))
		s.wall = begun
		s.pass(100)
		require.Equal(t, greatest(begun.Add(10*sampleEvery)), s.fenced().stamp)
		require.Less(t, s.countSamples(), 95)
	})
}

// TestRetentionCanBeChanged switches the retention off and on, and changes its length. The fence
// must never fall, and must not rise while the retention is off.
func TestRetentionCanBeChanged(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		s.options.Retention = -1
		ana := joined(t, listen(t, s.Server), "demo", "")
		ana.push2(s.edit(ana, task("a"), title("x")))
		s.pass(200)
		require.Zero(t, s.countSamples())

		s.options.Retention, s.options.PurgeLevel = 30*sampleEvery, 2
		s.pass(31)
		require.Positive(t, s.fenced().stamp, "the fence also rises in a database that had no retention")
		ana.push2(s.edit(ana, task("b"), title("x")))
		s.pass(10)
		s.options.Retention, s.options.PurgeLevel = 60*sampleEvery, 1
		was := s.fenced()
		s.pass(20)
		require.Equal(t, was, s.fenced(), "neither the fence nor the level falls")
		s.options.Retention = -1
		late := s.edit(ana, task("c"), title("x"))
		late.Data = restamped(late.Data, 0, clock.Stamp{Time: was.stamp, Client: ana.ID})
		s.pass(200)
		require.Equal(t, was, s.fenced())
		require.Equal(t, merge.Gone, ana.push2(late)[0].Code, "without a retention, the fence stays")
		s.options.Retention = 60 * sampleEvery
		s.pass(3)
		require.Equal(t, was, s.fenced(), "the time without samples is a gap")
		s.pass(1)
		require.Greater(t, s.fenced().stamp, was.stamp)

		ana.push2(s.edit(ana, task("d"), title("x")))
		written := clock.TimestampOf(s.wall)
		s.pass(20)
		require.Less(t, s.fenced().stamp, written)
		s.options.Retention = 10 * sampleEvery
		s.pass(1)
		require.Equal(t, written, s.fenced().stamp, "with a shorter retention, the fence rises to a newer sample")
	})
}

// TestSampleThatRaisesTheGreatestStampTakesASequence: the clock of a client
// that pulled before the sample may be below the next fence, so the cursor of the client must be
// below the fence too.
func TestSampleThatRaisesTheGreatestStampTakesASequence(t *testing.T) {
	s := openCalendar(t, databasetest.SQLite(t))
	ana := joined(t, listen(t, s.Server), "demo", "")
	ana.push2(s.edit(ana, task("a"), title("x")))
	sequence := func() int64 {
		seq, err := s.database.sequence(context.Background(), "demo")
		require.NoError(t, err)
		return seq
	}
	require.EqualValues(t, 1, sequence())
	s.pass(1)
	require.EqualValues(t, 2, sequence())
	s.pass(1)
	require.EqualValues(t, 2, sequence(), "without new writes, a sample takes no sequence")
	require.Len(t, ana.pull("0"), 1)
	require.Empty(t, ana.pull("1"))
	requireCounted(t, s.database)
}

// TestRestartedServerGoesOnAboveTheFence purges everything that is stored, so that no stored stamp is
// as great as the fence, and starts another server, whose wall clock is behind. Clients must get a
// clock at or above the fence, and what they write and what the rules derive from it must be above the
// fence.
func TestRestartedServerGoesOnAboveTheFence(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		database := name(t)
		s := openCalendar(t, database)
		s.options.PurgeLevel = 2
		ana := joined(t, listen(t, s.Server), "demo", "")
		created := s.edit(ana, task("a"), title("x"))
		ana.push2(created)
		s.wall = s.wall.Add(time.Second)
		ana.push2(s.edit(ana, created.Data, deleteRecord))
		s.pass(182)
		require.Zero(t, s.count("records"))
		was := s.fenced()
		require.Positive(t, was.stamp)

		again := openCalendar(t, database)
		again.wall = was.stamp.Time().Add(-time.Minute)
		done, err := again.Repair(context.Background(), "demo", RepairOptions{})
		require.NoError(t, err)
		require.Positive(t, done.Samples)
		require.Zero(t, s.countSamples(), "no sample is left that is as great as the fence")
		ben := newCopy(joined(t, listen(t, again.Server), "demo", ""))
		ben.pullAll(9)
		require.GreaterOrEqual(t, ben.Clock, was.stamp)
		require.Equal(t, was.stamp, ben.Fence)
		var booked []record.Mutation
		for _, id := range []string{"1", "2"} {
			e := record.New(record.Key{Table: board.Meetings, ID: id}).Edit(clock.Stamp{Time: ben.Clock + 1, Client: ben.ID})
			m, err := e.Set(rooms.FieldSlot, taken(9)).Mutation()
			require.NoError(t, err)
			booked = append(booked, m)
		}
		for _, r := range ben.push2(booked...) {
			require.Equal(t, "accepted", r.Verdict)
		}
		ben.pullAll(9)
		require.Len(t, ben.holds, 3)
		for _, r := range ben.holds {
			for field, w := range r.All() {
				require.Greater(t, w.Stamp.Time, was.stamp, field)
			}
		}
		again.wall = s.wall
		again.pass(1)
		require.GreaterOrEqual(t, again.fenced().stamp, was.stamp)
		again.pass(91)
		require.Greater(t, again.fenced().stamp, was.stamp)
	})
}

// TestEachRiseOfTheFenceIsLogged lets days pass until the fence of a workspace has risen once.
func TestEachRiseOfTheFenceIsLogged(t *testing.T) {
	s, log := openEraser(t, databasetest.SQLite(t))
	ana := joined(t, listen(t, s.Server), "demo", "")
	ana.push2(s.edit(ana, task("a"), title("x")))
	s.pass(90)
	require.NotContains(t, log.String(), "the fence has risen")
	s.pass(3)
	require.Equal(t, 1, strings.Count(log.String(), "the fence has risen"), log.String())
	require.Contains(t, log.String(), "workspace=demo until=2026-03-0")
	require.Contains(t, log.String(), "level=1")
}

func TestUnknownPurgeLevelIsAnError(t *testing.T) {
	d, err := OpenDatabase(t.Context(), databasetest.SQLite(t))
	require.NoError(t, err)
	defer d.Close()
	for level, valid := range map[int]bool{-1: false, 0: true, 1: true, 2: true, 3: false} {
		_, err := New(t.Context(), d, Options{PurgeLevel: level})
		require.Equal(t, valid, err == nil, "%d: %v", level, err)
	}
}
