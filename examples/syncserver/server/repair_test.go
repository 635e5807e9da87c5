package server

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// write returns a write of a field with the given time.
func (c *client) write(key record.Key, field string, value any, at time.Time) record.Mutation {
	c.t.Helper()
	m, err := record.New(key).Edit(clock.Stamp{Time: clock.TimestampOf(at), Client: c.ID}).Set(field, value).Mutation()
	require.NoError(c.t, err)
	m.Base = map[string]clock.Stamp{field: {}}
	return m
}

// TestRepairUnblocksClientsAfterAFastClock has a server accept writes while its clock is eight
// hours ahead. These writes block each client that pulls them. The answers must name the writes,
// and after a repair all clients must be able to push again, with correct watermarks.
func TestRepairUnblocksClientsAfterAFastClock(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		ctx := context.Background()
		s := open(t, name(t))
		url := listen(t, s)
		right := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
		wrong := right.Add(8 * time.Hour)
		wall := wrong
		s.options.Now = func() time.Time { return wall }
		invite, err := s.Invitation("other")
		require.NoError(t, err)
		ana, ben, other := joined(t, url, "demo", ""), joined(t, url, "demo", ""), joined(t, url, "other", invite)
		task := record.Key{Table: board.Tasks, ID: "1"}
		ana.push(ana.write(task, board.Title, "private", wrong), ana.write(task, board.Notes, "old", right.Add(5*time.Minute)))
		other.push(other.write(task, board.Title, "x", wrong))
		for i := range 2 {
			ana.push(ana.write(record.Key{Table: board.Meetings, ID: fmt.Sprint(i)}, "slot", taken(14), wrong))
		}

		wall = right
		late := ben.write(task, board.Title, "by ben", wrong.Add(time.Millisecond))
		status, text := ben.request("POST", "/v1/push", string(late.AppendJSON(nil)))
		require.Equal(t, 200, status)
		require.Contains(t, text, `"code":"too_far_ahead"`)
		named := `{"table":"tasks","id":"1","field":"title","updatedAt":"2026-03-02T20:00:00.000000000Z","clientId":"` + ana.ID.String() + `"}`
		require.Contains(t, text, named)
		require.NotContains(t, text, `"field":"notes"`, "a write at the limit was named as too far ahead")
		require.NotContains(t, text, `"table":"violations"`)
		_, text = ben.request("POST", "/v1/push", string(ben.write(task, "points", 1, right).AppendJSON(nil)))
		require.NotContains(t, text, "ahead", "the answer names writes although no item was refused")

		before := ben.pull("0")
		var log bytes.Buffer
		dry, err := s.Repair(ctx, "demo", RepairOptions{Log: &log, Dry: true})
		require.NoError(t, err)
		require.Equal(t, 1, dry.Marks)
		require.Equal(t, 4, dry.Records, "the records must be the task, two meetings and the violation row")
		require.Contains(t, log.String(), "tasks/1 title: 2026-03-02T20:00:00.000000000Z by "+ana.ID.String()+"\n")
		require.NotContains(t, log.String(), "private")
		require.Equal(t, before, ben.pull("0"))

		done, err := s.Repair(ctx, "demo", RepairOptions{})
		require.NoError(t, err)
		require.Equal(t, Repaired{Records: 3, Writes: 3, Marks: 1}, done, "a violation row that was derived again must not count")
		require.Empty(t, aheadOf(t, ben, right))
		requireCounted(t, s.database)
		report, err := s.Audit(ctx, "demo")
		require.NoError(t, err)
		require.Equal(t, 1, report.Open)
		require.Empty(t, report.Updates)
		again, err := s.Repair(ctx, "demo", RepairOptions{})
		require.NoError(t, err)
		require.Zero(t, again)
		_, err = s.Repair(ctx, "nosuch", RepairOptions{})
		require.ErrorIs(t, err, ErrEmpty)
		var mark clock.Timestamp
		require.NoError(t, s.database.db.QueryRow(`SELECT at FROM marks WHERE client = $1`, other.ID).Scan(&mark))
		require.Equal(t, clock.TimestampOf(wrong), mark, "the watermark of another workspace was changed")

		// Both clients can write again, and lost edits are reported.
		wall = right.Add(2 * time.Minute)
		require.True(t, ben.push(ben.write(task, board.Title, "by ben", right.Add(time.Minute))).Results[0].Changed)
		reply := ana.push(ana.write(task, board.Title, "by ana", right.Add(time.Second))).Results[0]
		require.Equal(t, []merge.Code{merge.LostEdit}, reply.Notes)
	})
}

// aheadOf returns the pulled fields that are stamped too far ahead.
func aheadOf(t *testing.T, c *client, wall time.Time) (ahead []string) {
	t.Helper()
	for _, l := range c.pull("0") {
		for name, w := range l.Data.All() {
			if w.Stamp.Time.Time().After(wall.Add(5*time.Minute + time.Millisecond)) {
				ahead = append(ahead, l.Data.Key().String()+" "+name)
			}
		}
	}
	return ahead
}

// TestRepairRestampsEveryWriteOnce repairs more records than one transaction can, and a violation
// row with a note that a user stamped too far ahead.
func TestRepairRestampsEveryWriteOnce(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		url := listen(t, s)
		right := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
		wall := right
		s.options.Now = func() time.Time { return wall }
		ana := joined(t, url, "demo", "")
		for i := range 2 {
			ana.push(ana.write(record.Key{Table: board.Meetings, ID: fmt.Sprint(i)}, "slot", taken(14), right.Add(time.Duration(i))))
		}
		wall = right.Add(time.Hour)
		var many []record.Mutation
		for i := range 2*repairRecords + 1 {
			many = append(many, ana.write(record.Key{Table: board.Tasks, ID: fmt.Sprint(i)}, board.Title, "x", wall.Add(time.Duration(i/2)*time.Second)))
		}
		ana.push(many...)
		row := ana.pull("2")[0].Data.Key()
		require.Equal(t, violation.DefaultTable, row.Table)
		ana.push(ana.write(row, violation.FieldNote, "seen", wall))

		wall = right
		dry, err := s.Repair(context.Background(), "demo", RepairOptions{Dry: true})
		require.NoError(t, err)
		require.Equal(t, Repaired{Records: len(many) + 1, Writes: len(many) + 1, Marks: 1}, dry)
		done, err := s.Repair(context.Background(), "demo", RepairOptions{})
		require.NoError(t, err)
		require.Equal(t, dry, done)
		require.Empty(t, aheadOf(t, ana, right))
		report, err := s.Audit(context.Background(), "demo")
		require.NoError(t, err)
		require.Empty(t, report.Updates)
	})
}

// TestAnswerNamesOnlySomeWritesAhead checks that an answer names a limited number of the stored
// writes that are too far ahead.
func TestAnswerNamesOnlySomeWritesAhead(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	wall := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s.options.Now = func() time.Time { return wall }
	ana := joined(t, listen(t, s), "demo", "")
	for i := range maxAheadRecords + 1 {
		for j := range 5 {
			ana.push(ana.write(record.Key{Table: board.Tasks, ID: fmt.Sprint(i)}, fmt.Sprint("field", j), "x", wall))
		}
	}
	wall = wall.Add(-time.Hour)
	err := s.locked(context.Background(), "demo", func(tx *session) error {
		found, _, err := tx.beyond(context.Background(), beyond{greatest(wall), math.MaxInt64, false}, math.MaxInt32)
		require.Len(t, found, maxAheadRecords+1)
		return err
	})
	require.NoError(t, err)
	late := ana.write(record.Key{Table: board.Tasks, ID: "0"}, "field0", "x", wall.Add(2*time.Hour))
	out, err := s.push(context.Background(), bound(s, ana.ID), Pushed{Body: late.AppendJSON(nil)})
	require.NoError(t, err)
	require.Len(t, out.Ahead, maxAheadWrites)
}

// TestRepairStampsAboveTheFence repairs a deletion from the future, while the fence is above the wall
// clock, which was ahead when the fence rose. With a stamp at or below the fence, the deletion could
// be purged before any client has pulled it.
func TestRepairStampsAboveTheFence(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		for _, ahead := range []time.Duration{-time.Hour, time.Minute, time.Hour} {
			s := openCalendar(t, name(t))
			s.options.PurgeLevel = 2
			ana := joined(t, listen(t, s.Server), "demo", "")
			right := s.wall
			s.wall = right.Add(8 * time.Hour)
			for i := range repairRecords + 1 {
				ana.push2(s.edit(ana, task(fmt.Sprint(i)), func(e *record.Edit) { e.Set(board.Title, "x").DeleteRecord() }))
			}
			s.wall = right
			h := clock.TimestampOf(right.Add(ahead))
			_, err := s.database.db.Exec(`UPDATE workspaces SET fence_seq = 1, fence_stamp = $1, level = 2`, h)
			require.NoError(t, err)

			done, err := s.Repair(context.Background(), "demo", RepairOptions{})
			require.NoError(t, err)
			require.Equal(t, 2*(repairRecords+1), done.Writes)
			var least, greatest clock.Timestamp
			require.NoError(t, s.database.db.QueryRow(`SELECT min(latest), max(latest) FROM records`).Scan(&least, &greatest))
			require.Equal(t, max(h+1, clock.TimestampOf(right)), least)
			require.Equal(t, least, greatest)
			require.Len(t, ana.pull("1"), repairRecords+1)
			again, err := s.Repair(context.Background(), "demo", RepairOptions{})
			require.NoError(t, err)
			require.Zero(t, again.Writes)
		}
	})
}
