package server

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge/buckets"
)

// journalEvents returns the events in the journal of the workspace demo.
func (c *calendar) journalEvents() (events []journalEvent) {
	c.t.Helper()
	for _, line := range c.dump() {
		if isEvent([]byte(line)) {
			var e journalEvent
			require.NoError(c.t, json.Unmarshal([]byte(line), &e))
			events = append(events, e)
		}
	}
	return events
}

// TestFencesEpochsAndResetsAreJournaled plays a retention, a restore, and a client that was away during both.
func TestFencesEpochsAndResetsAreJournaled(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		url := listen(t, s.Server)
		ana, ben := joined(t, url, "demo", ""), newCopy(joined(t, url, "demo", ""))
		ana.push2(s.edit(ana, task("a"), title("covert")))
		ben.pullAll(9)
		push := s.dump()
		require.Len(t, push, 1, "a client that begins is not journaled")

		ben.pullAll(9)
		require.Equal(t, push, s.dump(), "a pull that goes on is not journaled")
		for s.fenced().stamp == 0 {
			ana.push2(s.edit(ana, task("b"), title("x")))
			s.pass(1)
		}
		f, at := s.fenced(), s.wall
		require.Equal(t, []journalEvent{{Event: "fence", Wall: at, Fence: f.stamp, Level: 1}}, s.journalEvents())

		newCopy(joined(t, url, "demo", "")).pullAll(9)
		require.Len(t, s.journalEvents(), 1, "a client that begins is not journaled under a fence either")
		s.wall = s.wall.Add(time.Minute)
		ben.pullAll(9)
		reset := journalEvent{Event: "reset", Wall: s.wall, Client: ben.ID, Why: buckets.WhyFence}
		require.Equal(t, reset, s.journalEvents()[1], "the client was away for longer than the retention")
		ben.pullAll(9)
		require.Len(t, s.journalEvents(), 2)

		s.options.Journal = false // as in the command restored
		_, _, err := s.Restored(context.Background())
		require.NoError(t, err)
		require.Equal(t, journalEvent{Event: "epoch", Wall: s.wall}, s.journalEvents()[2])
		s.options.Journal = true
		old := ben.Cursor
		for range 3 {
			ben.Cursor = old
			ben.pullAll(9)
		}
		require.Equal(t, []journalEvent{{Event: "reset", Wall: s.wall, Client: ben.ID, Why: buckets.WhyEpoch}}, s.journalEvents()[3:],
			"a client that asks again is journaled once")
		s.requireReplay()
		for _, line := range s.dump() {
			if isEvent([]byte(line)) {
				require.NotContains(t, line, "covert")
			}
		}
	})
}

// TestWorkspaceWithoutAJournalHasNoEvents: events alone would explain nothing.
func TestWorkspaceWithoutAJournalHasNoEvents(t *testing.T) {
	s := openCalendar(t, databasetest.SQLite(t))
	s.options.Journal = false
	ana := newCopy(joined(t, listen(t, s.Server), "demo", ""))
	ana.push2(s.edit(ana.client, task("a"), title("x")))
	ana.pullAll(9)
	s.pass(95)
	ana.pullAll(9)
	_, _, err := s.Restored(context.Background())
	require.NoError(t, err)
	require.ErrorIs(t, s.database.Journal(context.Background(), nil, "demo"), ErrEmpty)
}

// TestErasureKeepsEvents erases the record of a device, whose ID is in an event.
func TestErasureKeepsEvents(t *testing.T) {
	s, _ := openEraser(t, databasetest.SQLite(t))
	ana := joined(t, listen(t, s.Server), "demo", "")
	ana.push2(s.edit(ana, task(ana.ID.String()), title("x")))
	event := journalEvent{Event: "reset", Wall: s.wall, Client: ana.ID, Why: buckets.WhyFence}
	require.NoError(t, s.locked(context.Background(), "demo", func(tx *session) error { return tx.writeEvent(context.Background(), event) }))
	_, err := s.Erase(context.Background(), "demo", task(ana.ID.String()).Key())
	require.NoError(t, err)
	require.Equal(t, []journalEvent{event}, s.journalEvents())
	require.NotEqual(t, clock.ClientID{}, s.journalEvents()[0].Client)
	s.requireReplay()
}
