package server

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

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
		require.Equal(t, []string{buckets.WhyFence, "left"}, synced.whys)
		require.Equal(t, []string{buckets.WhyFence}, fresh.whys, "a client is not told to forget a record that it never had")
		s.pass(91)
		require.NotContains(t, s.data(), "a")
	})
}
