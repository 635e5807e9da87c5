package server

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// lose creates a task, overwrites its title as an author who has not seen it, and stores the row of
// the lost edit, as an app does that keeps the losing values of a field.
func (c *calendar) lose(by *client, id string) (created, row record.Record) {
	c.t.Helper()
	first := c.edit(by, task(id), title("lost"))
	by.push2(first)
	c.wall = c.wall.Add(time.Second)
	other := bound(c.Server, clock.ClientID{9})
	unseen := c.edit(&client{ID: other.Client}, task(id), title("x"))
	unseen.Base = map[string]clock.Stamp{board.Title: {}}
	out, err := c.push(context.Background(), other, Pushed{Body: unseen.AppendJSON(nil)})
	require.NoError(c.t, err)
	require.Len(c.t, out.Answer.LostEdits(), 1)
	row, ok := c.options.Rules.LostEdit(out.Answer.LostEdits()[0])
	require.True(c.t, ok)
	err = c.locked(context.Background(), "demo", func(tx *session) error {
		return storeEach(context.Background(), tx, c.options.Rules, []record.Record{row})
	})
	require.NoError(c.t, err)
	return first.Data, row
}

// lostEdits returns the IDs of the records whose rows of lost edits a client holds.
func (c *copyOf) lostEdits() (ids []string) {
	c.pullAll(3)
	for _, r := range c.holds {
		if v, err := violation.Parse(r); err == nil && v.Rule == violation.LostEditRule {
			ids = append(ids, v.RecordID)
		}
	}
	return ids
}

// TestRowOfALostEditStaysUntilItIsClosedOrItsRecordIsDead makes the rows of some lost edits. A user
// closes two of them, and the records of two others are deleted. These rows must be dropped after the
// retention, and clients must be told to forget them. An open row must stay forever.
func TestRowOfALostEditStaysUntilItIsClosedOrItsRecordIsDead(t *testing.T) {
	for _, level := range []int{1, 2} {
		databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
			s := openCalendar(t, name(t))
			s.options.PurgeLevel = level
			address := listen(t, s.Server)
			ana := joined(t, address, "demo", "")
			synced := newCopy(joined(t, address, "demo", ""))
			alive, open := s.lose(ana, "open")
			_, acknowledged := s.lose(ana, "acknowledged")
			_, dismissed := s.lose(ana, "dismissed")
			dead, _ := s.lose(ana, "dead")
			reborn, _ := s.lose(ana, "reborn")
			s.wall = s.wall.Add(time.Second)
			v, err := violation.Parse(dismissed)
			require.NoError(t, err)
			ana.push2(
				s.edit(ana, acknowledged, func(e *record.Edit) { e.Set(violation.FieldAcknowledged, true) }),
				s.edit(ana, dismissed, func(e *record.Edit) { e.Set(violation.FieldDismissed, v.Evidence) }),
				s.edit(ana, alive, func(e *record.Edit) { e.Delete(board.Notes) }),
				s.edit(ana, dead, deleteRecord), s.edit(ana, reborn, deleteRecord))
			require.Len(t, synced.lostEdits(), 5)
			_, err = s.Audit(context.Background(), "demo")
			require.NoError(t, err)
			s.pass(90)
			require.Len(t, synced.lostEdits(), 5, "the retention has not ended")

			// Before any sweep, a new life replaces a dead record.
			s.wall = s.wall.Add(time.Second)
			_, err = s.database.db.Exec(`UPDATE workspaces SET fence_stamp = $1, level = $2`, clock.TimestampOf(s.wall.Add(-80*sampleEvery)), level)
			require.NoError(t, err)
			ana.push2(s.edit(ana, task("reborn"), title("a new life")))
			require.Len(t, synced.lostEdits(), 4)
			s.pass(1)
			require.Equal(t, []string{"open"}, synced.lostEdits())
			require.NotContains(t, s.data()["open"], board.Notes, "its record was swept too")
			require.NotContains(t, synced.whys, buckets.WhyFence)
			require.Equal(t, 1, s.count("scopes"), "the index lists only the open row")
			requireCounted(t, s.database)

			report, err := s.Audit(context.Background(), "demo")
			require.NoError(t, err)
			require.Empty(t, report.Updates)
			s.pass(200)
			require.Equal(t, []string{"open"}, synced.lostEdits())
			require.Equal(t, 1, s.count("records WHERE tbl = 'violations'"), "rows that were dropped below the fence are removed")
			s.wall = s.wall.Add(time.Second)
			ana.push2(s.edit(ana, open, func(e *record.Edit) { e.Set(violation.FieldAcknowledged, true) }))
			require.Zero(t, s.count("scopes"))
			s.pass(92)
			require.Empty(t, synced.lostEdits())
		})
	}
}
