package server

import (
	"context"
	"fmt"
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

// calendar is a server with a wall clock that a test sets.
type calendar struct {
	*Server
	t    *testing.T
	wall time.Time
}

// openCalendar opens a server whose wall clock shows noon on some day.
func openCalendar(t *testing.T, database string) *calendar {
	c := &calendar{Server: open(t, database), t: t, wall: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	c.options.Now = func() time.Time { return c.wall }
	return c
}

// pass lets days pass, and applies the retention on each of them.
func (c *calendar) pass(days int) {
	c.t.Helper()
	for range days {
		c.wall = c.wall.Add(sampleEvery)
		require.NoError(c.t, c.Retain(context.Background()))
	}
}

// fenced returns the fence of the workspace demo.
func (c *calendar) fenced() fence {
	c.t.Helper()
	_, f, err := c.database.state(context.Background(), "demo")
	require.NoError(c.t, err)
	return f
}

// edit returns a mutation that a client makes from the record that its author saw. Its stamp has the
// time of the server's wall clock.
func (c *calendar) edit(by *client, shown record.Record, change func(*record.Edit)) record.Mutation {
	c.t.Helper()
	e := shown.Edit(clock.Stamp{Time: clock.TimestampOf(c.wall), Client: by.ID})
	change(e)
	m, err := e.Mutation()
	require.NoError(c.t, err)
	return m
}

func title(text string) func(*record.Edit) {
	return func(e *record.Edit) { e.Set(board.Title, text) }
}

func deleteRecord(e *record.Edit) { e.DeleteRecord() }

// push2 sends mutations as a client of this version.
func (c *client) push2(items ...record.Mutation) []merge.Reply {
	c.t.Helper()
	return c.pushTo("/v1/push?v=2", items...).Results
}

// data returns the stored JSON of the records of the table tasks, by ID.
func (c *calendar) data() map[string]string {
	c.t.Helper()
	rows, err := c.database.db.Query(`SELECT id, data FROM records WHERE workspace = 'demo' AND tbl = 'tasks'`)
	require.NoError(c.t, err)
	defer rows.Close()
	all := make(map[string]string)
	for rows.Next() {
		var id, data string
		require.NoError(c.t, rows.Scan(&id, &data))
		all[id] = data
	}
	require.NoError(c.t, rows.Err())
	return all
}

func task(id string) record.Record { return record.New(record.Key{Table: board.Tasks, ID: id}) }

// TestDeletedDataIsPurgedAfterTheRetention deletes a record and a field, and waits. Before the
// retention ends, the fields of the deleted record and the tombstone of the field must be stored.
// Afterwards they must be gone, and no retry and no late edit may bring them back.
func TestDeletedDataIsPurgedAfterTheRetention(t *testing.T) {
	for level, left := range map[int]bool{1: true, 2: false} {
		databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
			s := openCalendar(t, name(t))
			s.options.PurgeLevel = level
			ana := joined(t, listen(t, s.Server), "demo", "")
			dead := s.edit(ana, task("dead"), title("secret"))
			trimmed := s.edit(ana, task("trimmed"), func(e *record.Edit) { e.Set(board.Title, "x").Set(board.Notes, "secret") })
			late := s.edit(ana, dead.Data, func(e *record.Edit) { e.Set(board.Notes, "from a device in a drawer") })
			for _, r := range ana.push2(dead, trimmed) {
				require.Equal(t, "accepted", r.Verdict)
			}
			s.pass(1)
			s.wall = s.wall.Add(time.Second)
			ana.push2(s.edit(ana, dead.Data, deleteRecord), s.edit(ana, trimmed.Data, func(e *record.Edit) { e.Delete(board.Notes) }))
			s.pass(90)
			require.Contains(t, s.data()["dead"], "secret", "the retention has not ended")
			require.Contains(t, s.data()["trimmed"], "deleted")
			before := ana.pull("0")
			s.pass(1)
			requireCounted(t, s.database)
			require.NotContains(t, s.data()["trimmed"], board.Notes)
			require.Equal(t, left, s.data()["dead"] != "", "only level 1 keeps the fact that the record was deleted")
			require.NotContains(t, fmt.Sprint(s.data()), "secret")
			require.NotContains(t, fmt.Sprint(ana.pull("0")), "secret")
			if left {
				require.Len(t, ana.pull("0"), len(before))
				require.Equal(t, before[0].Seq, ana.pull("0")[0].Seq, "a swept record keeps its sequence")
			}

			stored := s.data()
			for what, item := range map[string]record.Mutation{"a retry": dead, "a late edit": late} {
				reply := ana.push2(item)[0]
				require.Equal(t, merge.Gone, reply.Code, what)
			}
			reply := ana.push2(trimmed)[0]
			require.Equal(t, "accepted", reply.Verdict)
			require.Equal(t, []merge.Code{merge.Gone}, reply.Notes)
			require.Equal(t, merge.Gone, ana.push(trimmed).Results[0].Code, "a client of an earlier version joins whole items")
			require.Equal(t, stored, s.data())

			ana.push2(s.edit(ana, task("dead"), title("a new life")))
			require.Contains(t, s.data()["dead"], "a new life")
			require.NotContains(t, s.data()["dead"], "$deleted")
			requireCounted(t, s.database)
		})
	}
}

// TestUnsweptRecordsCountAsPurged raises the fence without a sweep. Nothing that a client can see
// may differ from a swept database, and the size of the records must stay right.
func TestUnsweptRecordsCountAsPurged(t *testing.T) {
	for _, level := range []int{1, 2} {
		databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
			s := openCalendar(t, name(t))
			ana := joined(t, listen(t, s.Server), "demo", "")
			dead := s.edit(ana, task("dead"), title("secret"))
			trimmed := s.edit(ana, task("trimmed"), func(e *record.Edit) { e.Set(board.Title, "x").Set(board.Notes, "secret") })
			ana.push2(dead, trimmed)
			s.wall = s.wall.Add(time.Second)
			ana.push2(s.edit(ana, dead.Data, deleteRecord), s.edit(ana, trimmed.Data, func(e *record.Edit) { e.Delete(board.Notes) }))
			s.wall = s.wall.Add(time.Second)
			_, err := s.database.db.Exec(`UPDATE workspaces SET fence_seq = seq, fence_stamp = $1, level = $2`, clock.TimestampOf(s.wall), level)
			require.NoError(t, err)

			require.NotContains(t, fmt.Sprint(ana.pull("0")), "secret")
			_, text := ana.request("GET", "/v1/pull?cursor=", "")
			require.NotContains(t, text, "secret")
			require.Equal(t, merge.Gone, ana.push2(dead)[0].Code)
			require.Equal(t, []merge.Code{merge.Gone}, ana.push2(trimmed)[0].Notes)
			s.wall = s.wall.Add(time.Second)
			ana.push2(s.edit(ana, task("dead"), title("a new life")), s.edit(ana, trimmed.Data, title("y")))
			requireCounted(t, s.database)
			require.NotContains(t, fmt.Sprint(s.data()), "secret")
			_, err = s.Audit(context.Background(), "demo")
			require.NoError(t, err)
		})
	}
}

// TestDeletionTravelsUntilItsSequenceIsBelowTheFence has a deletion arrive late: its stamp is below
// the fence, but its sequence is not. At level 2 it must stay until synced clients have pulled it.
func TestDeletionTravelsUntilItsSequenceIsBelowTheFence(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		s.options.PurgeLevel = 2
		address := listen(t, s.Server)
		ana := joined(t, address, "demo", "")
		created := s.edit(ana, task("a"), title("x"))
		ana.push2(created)
		synced, fresh := newCopy(joined(t, address, "demo", "")), newCopy(joined(t, address, "demo", ""))
		s.wall = s.wall.Add(time.Second)
		late := s.edit(ana, created.Data, deleteRecord)
		s.wall = s.wall.Add(time.Second)
		ana.push2(s.edit(ana, task("b"), title("y")))
		s.pass(92)
		require.Positive(t, s.fenced().stamp)
		cursor := s.fenced().seq
		synced.pullAll(9)
		require.Len(t, synced.holds, 2)
		require.Equal(t, "accepted", ana.push2(late)[0].Verdict)
		s.pass(1)
		lines := ana.pull(fmt.Sprint(cursor))
		require.Len(t, lines, 1)
		require.True(t, lines[0].Data.Deleted())
		for _, c := range []*copyOf{synced, fresh} {
			c.pullAll(9)
			require.Len(t, c.holds, 1)
		}
		require.Equal(t, []string{whyFence, "left"}, synced.whys)
		require.Equal(t, []string{whyFence}, fresh.whys, "a client is not told to forget a record that it never had")
		s.pass(91)
		require.NotContains(t, s.data(), "a")
	})
}

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

// countSamples returns the number of samples of the workspace demo.
func (c *calendar) countSamples() (n int) {
	c.t.Helper()
	require.NoError(c.t, c.database.db.QueryRow(`SELECT count(*) FROM samples WHERE workspace = 'demo'`).Scan(&n))
	return n
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
		require.Equal(t, s.greatest(begun.Add(10*sampleEvery)), s.fenced().stamp)
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

// TestMarksGoAfterTheRetention checks that watermarks are removed when they are as old as the fence,
// and that newer ones are kept.
func TestMarksGoAfterTheRetention(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		url := listen(t, s.Server)
		ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
		ana.push2(s.edit(ana, task("a"), title("x")))
		s.pass(30)
		ben.push2(s.edit(ben, task("b"), title("x")))
		s.pass(90)
		require.Equal(t, 1, s.count("marks"))

		// An edit that arrives late, but above the fence, is known to be new even without the
		// watermark.
		ben.push2(s.edit(ben, task("a"), title("y")))
		s.wall = s.wall.Add(-time.Hour)
		item := s.edit(ana, task("a"), title("z"))
		item.Base = map[string]clock.Stamp{board.Title: {}}
		require.Equal(t, []merge.Code{merge.LostEdit}, ana.push2(item)[0].Notes)
	})
}

// TestRetriesWithoutAWatermarkAreNotLost: a client retries its edits in order after its watermark was
// removed. The first retry must not make the second one look as if it arrived for the first time.
func TestRetriesWithoutAWatermarkAreNotLost(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		url := listen(t, s.Server)
		ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
		first := s.edit(ana, task("a"), title("x"))
		s.wall = s.wall.Add(time.Second)
		second := s.edit(ana, task("b"), title("x"))
		second.Base = map[string]clock.Stamp{board.Title: {}}
		ana.push2(first, second)
		s.wall = s.wall.Add(time.Second)
		ben.push2(s.edit(ben, second.Data, title("y"))) // ben saw the edit, so it is not lost
		s.pass(92)
		require.Zero(t, s.count("marks"))
		require.Empty(t, ana.push2(first)[0].Notes)
		require.Empty(t, ana.push2(second)[0].Notes)
	})
}

// count returns the number of rows of a table.
func (c *calendar) count(table string) (n int) {
	c.t.Helper()
	require.NoError(c.t, c.database.db.QueryRow(`SELECT count(*) FROM `+table).Scan(&n))
	return n
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
