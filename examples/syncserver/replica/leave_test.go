package replica_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/record"
)

// TestLeaveForgetsTheServersStateAndKeepsWaitingEdits: the state is forgotten in memory and in the
// storage. Waiting edits stay unchanged, and are sent to the server that replaces the old one.
func TestLeaveForgetsTheServersStateAndKeepsWaitingEdits(t *testing.T) {
	w := newWorld(t)
	a, b := w.device(ana), w.device(ben)
	later(a, b)
	a.push()
	b.pull()
	b.push()
	b.edit(fence, "due", str("2026-03-04"))
	b.edit(gate, "title", str("Oil"))
	b.save()
	b.TakeNotices()
	b.TakeChanged()
	waiting, at := b.Waiting(), b.stamped(gate, "title")

	w.server = newServer(w.wall) // an empty server
	b.Leave()
	require.Equal(t, []replica.Notice{{Kind: replica.Resync}}, b.TakeNotices())
	require.Empty(t, b.Cursor())
	require.Equal(t, []string{"due"}, fieldsOf(b.Shown(fence)))
	require.Empty(t, b.sentence(fence, "title"))
	require.Equal(t, waiting, b.Waiting())
	require.Equal(t, []record.Key{fence}, b.TakeChanged())
	b.save()
	for key := range b.disk {
		require.NotContains(t, key, "record/")
		require.NotContains(t, key, "why/")
	}
	b.open()
	require.Equal(t, waiting, b.Waiting())
	require.Empty(t, b.Cursor())
	b.sync()
	require.Empty(t, b.Waiting())
	require.Equal(t, at, b.stamped(gate, "title"), "the edit keeps its stamp")
	require.Empty(t, b.TakeNotices())
	a.Leave()
	a.pull()
	b.pull()
	require.True(t, a.Shown(fence).Equal(b.Shown(fence)))
	require.True(t, a.Shown(gate).Equal(b.Shown(gate)))

	again := w.device(carol)
	again.Leave() // there is nothing to forget
	require.Empty(t, again.TakeChanged())
}

func fieldsOf(r record.Record) (names []string) {
	for name := range r.All() {
		names = append(names, name)
	}
	return names
}

func TestAnswerThatArrivesAfterLeaveIsApplied(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	d.edit(fence, "title", str("Paint"))
	answer, err := w.server.push(ana, d.outbox())
	require.NoError(t, err)
	d.Leave()
	require.NoError(t, d.Answer(answer))
	require.Empty(t, d.Waiting())
	require.Equal(t, `"Paint"`, d.title(fence))
}

// TestOpenUnderAnotherIDStartsOverAndKeepsWaitingEdits: one client opens what another one saved,
// with its own clock. It pulls everything and shows nothing that the server may have lost. It sends
// the waiting edits under its own ID, with their old times and with bases that the server knows.
func TestOpenUnderAnotherIDStartsOverAndKeepsWaitingEdits(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	w.poison("before", -time.Hour)
	d.pull()
	d.edit(fence, "title", str("lost"))
	d.push()
	d.pull()
	d.edit(poisoned, "title", str("one"))
	d.outbox() // so that the next edit becomes a separate item
	d.edit(poisoned, "title", str("two"))
	first, at := d.Waiting()[0].Base["title"], d.stamped(poisoned, "title")
	d.save()
	w.now = w.now.Add(48 * time.Hour)
	d.id = ben
	d.open()
	require.Empty(t, d.Cursor())
	require.Zero(t, d.Shown(fence).Len())
	require.Equal(t, `"two"`, d.title(poisoned))
	require.Equal(t, at, d.stamped(poisoned, "title"), "with a later stamp, the edit could win over one made after it")
	all := d.Waiting()
	require.Len(t, all, 2)
	require.Equal(t, first, all[0].Base["title"])
	one, _ := all[0].Data.Get("title")
	require.Equal(t, ben, one.Stamp.Client)
	require.Equal(t, one.Stamp, all[1].Base["title"])
	d.save()
	for range 2 { // the saved entries now belong to this client
		d.open()
		require.Equal(t, all, d.Waiting())
		require.Empty(t, d.TakeSaves())
	}
	d.sync()
	d.pull()
	require.Empty(t, d.Waiting())
	require.Empty(t, d.TakeNotices())
	require.Empty(t, w.server.notes)
	require.Equal(t, `"lost"`, d.title(fence), "this server still has the edit")
	d.save()
	d.open()
	require.Equal(t, `"lost"`, d.title(fence))
}

// TestOpenUnderAnotherIDStartsOverEvenIfNothingWaits: without waiting edits, only the saved state
// names the client that saved it.
func TestOpenUnderAnotherIDStartsOverEvenIfNothingWaits(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	w.poison("x", -time.Hour)
	d.pull()
	d.save()
	viewer := &device{w: w, disk: d.disk} // without an ID, as while the device joins
	viewer.open()
	require.Equal(t, `"x"`, viewer.title(poisoned))
	require.Equal(t, "1", viewer.Cursor())
	viewer.pull()
	viewer.save()
	d.id = ben
	d.open()
	require.Zero(t, d.Shown(poisoned).Len())
	require.Empty(t, d.Cursor())
	d.save()
	require.Len(t, d.disk, 1)
	d.pull()
	require.Equal(t, `"x"`, d.title(poisoned))

	d.disk = map[string]string{"state": `{"cursor":"7"}`, "record/tasks\x00poisoned": `{}`}
	d.open()
	require.Equal(t, "7", d.Cursor(), "state of an earlier version, which names no client, is kept")
}
