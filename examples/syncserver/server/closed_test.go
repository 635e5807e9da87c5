package server

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// TestClosedViolationsAreDroppedAfterTheRetention double-books a room at two times, and resolves one
// of the conflicts. Its row must be dropped after the retention, and each client must be told to
// forget it. The row of the other conflict, which a user has dismissed, must stay. Only the server
// may make a dropped row again.
func TestClosedViolationsAreDroppedAfterTheRetention(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		address := listen(t, s.Server)
		ana := joined(t, address, "demo", "")
		book := func(id string, hour int) record.Mutation {
			return s.edit(ana, record.New(record.Key{Table: board.Meetings, ID: id}), func(e *record.Edit) { e.Set(rooms.FieldSlot, taken(hour)) })
		}
		ana.push2(book("a", 9), book("b", 9), book("c", 14), book("d", 14))
		synced := newCopy(joined(t, address, "demo", ""))
		violations := func() (open, all int) {
			synced.pullAll(2)
			for _, r := range synced.holds {
				if v, err := violation.Parse(r); err == nil && r.Key().Table == violation.DefaultTable {
					if all++; v.Status == violation.Open {
						open++
					}
				}
			}
			return open, all
		}
		var closes, stays record.Record
		var evidence string
		violations()
		for _, r := range synced.holds {
			if v, err := violation.Parse(r); err == nil && v.RecordID == "b" {
				closes = r
			} else if err == nil && v.RecordID == "d" {
				stays, evidence = r, v.Evidence
			}
		}
		s.wall = s.wall.Add(time.Second)
		ana.push2(book("b", 11), s.edit(ana, stays, func(e *record.Edit) { e.Set(violation.FieldDismissed, evidence) }))
		open, all := violations()
		require.Equal(t, [2]int{1, 2}, [2]int{open, all})
		for day := range 92 {
			s.pass(1)
			if open, all = violations(); day < 90 {
				require.Equal(t, 2, all, "the retention has not ended")
			}
		}
		require.Equal(t, [2]int{1, 1}, [2]int{open, all}, "the closed row is dropped")
		require.Contains(t, synced.whys, "left")
		require.NotContains(t, synced.whys, buckets.WhyFence)
		fresh := newCopy(joined(t, address, "demo", ""))
		fresh.pullAll(2)
		require.Equal(t, synced.holds, fresh.holds)
		require.Equal(t, []string{buckets.WhyFence}, fresh.whys)
		require.Len(t, ana.pull("0"), 5, "dropped rows are not reported to a client of an earlier version")
		requireCounted(t, s.database)
		report, err := s.Audit(context.Background(), "demo")
		require.NoError(t, err)
		require.Empty(t, report.Updates)

		dismiss := s.edit(ana, record.New(closes.Key()), func(e *record.Edit) { e.Set(violation.FieldDismissed, true) })
		require.True(t, dismiss.New)
		require.Equal(t, merge.Gone, ana.push2(dismiss)[0].Code)
		require.Equal(t, merge.Gone, ana.push(dismiss).Results[0].Code)

		s.pass(92)
		require.Equal(t, 5, s.count("records"), "a row that was dropped below the fence is removed")
		require.Equal(t, merge.Gone, ana.push2(dismiss)[0].Code)
		violations()
		s.wall = s.wall.Add(time.Second)
		ana.push2(book("b", 9))
		open, all = violations()
		require.Equal(t, [2]int{2, 2}, [2]int{open, all}, "the conflict and its row are back")
		s.wall = s.wall.Add(time.Second)
		ana.push2(book("b", 11))
		s.pass(80)
		open, all = violations()
		require.Equal(t, [2]int{1, 2}, [2]int{open, all}, "a row that was closed above the fence stays")
		requireCounted(t, s.database)
	})
}

// TestRowThatReturnsBeforeItsDepartureIsPulled drops a row and derives it again at once.
func TestRowThatReturnsBeforeItsDepartureIsPulled(t *testing.T) {
	s := openCalendar(t, databasetest.SQLite(t))
	address := listen(t, s.Server)
	ana := joined(t, address, "demo", "")
	book := func(id string, hour int) record.Mutation {
		return s.edit(ana, record.New(record.Key{Table: board.Meetings, ID: id}), func(e *record.Edit) { e.Set(rooms.FieldSlot, taken(hour)) })
	}
	for _, hour := range []int{9, 11} {
		ana.push2(book("a", 9), book("b", hour))
		s.wall = s.wall.Add(time.Second)
	}
	s.pass(92)
	require.Equal(t, 1, s.count("records WHERE data = '{}'"))
	ana.push2(book("b", 9))
	require.Zero(t, s.count("records WHERE data = '{}'"))
	requireCounted(t, s.database)
	fresh := newCopy(ana)
	fresh.pullAll(9)
	require.Equal(t, s.normals(), fresh.holds)
	require.Len(t, fresh.holds, 3)
}
