package replica_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestPermanentlyRefusedEditIsRolledBack: the notice tells the user what the edit wrote. A later
// edit of the same field stays in the outbox and stays shown.
func TestPermanentlyRefusedEditIsRolledBack(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	d.edit(fence, "title", str("Paint"))
	d.push()
	require.Empty(t, d.outbox())
	require.NoError(t, d.Edit(fence, map[string]record.Value{"title": str("forbidden"), "due": str("2026-03-04")}))
	answer, err := w.server.push(d.id, d.outbox())
	require.NoError(t, err)
	d.edit(fence, "title", str("Paint it red"))
	require.NoError(t, d.Answer(answer))

	require.Equal(t, `"Paint it red"`, d.title(fence))
	_, ok := d.Shown(fence).Get("due")
	require.False(t, ok)
	require.Equal(t, []string{"title"}, d.WaitingFields(fence))
	require.Len(t, d.Waiting(), 1)
	notices := d.TakeNotices()
	require.Len(t, notices, 1)
	n := notices[0]
	require.Equal(t, replica.Notice{
		Kind: replica.Refused, Key: fence, Fields: []string{"due", "title"}, Code: "title_forbidden",
		Detail: n.Detail, RolledBack: n.RolledBack,
	}, n)
	require.Equal(t, map[string]any{"title": "forbidden", "due": "2026-03-04"}, n.RolledBack.Map())
	require.Empty(t, d.TakeNotices())

	d.push()
	require.Empty(t, d.WaitingFields(fence))
	require.Equal(t, `"Paint it red"`, d.title(fence))
	require.Empty(t, d.TakeNotices())
}

// TestRetryAfterALostAnswerDoesNotOverwriteALaterEdit: an answer is lost, another client makes an
// edit, and the same batch is sent again.
func TestRetryAfterALostAnswerDoesNotOverwriteALaterEdit(t *testing.T) {
	w := newWorld(t)
	d, b := w.device(ana), w.device(ben)
	d.edit(fence, "title", str("Paint"))
	first := d.outbox()
	_, err := w.server.push(d.id, first)
	require.NoError(t, err)
	b.pull()
	b.edit(fence, "title", str("Paint it red"))
	b.push()
	require.Equal(t, first, d.outbox())
	d.push()
	d.pull()
	require.Equal(t, `"Paint it red"`, d.title(fence))
	require.Empty(t, d.TakeNotices())
	require.Equal(t, `Ben's laptop wrote this at 14:02:02, 1s after Ana's phone wrote "Paint".`, d.sentence(fence, "title"))
}

func TestLargeOutboxIsSentInPartsInOrder(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	require.Empty(t, d.outbox())
	for i := range 10 {
		d.edit(record.Key{Table: "tasks", ID: fmt.Sprint(i)}, "title", str(strings.Repeat("x", 100)))
	}
	line := len(d.Batch(1, 1<<20))
	require.Equal(t, 1, d.Sent())
	for _, test := range []struct{ items, size, sent int }{
		{3, 1 << 20, 3}, {100, 1 << 20, 10}, {100, 3 * line, 3}, {100, 3*line - 1, 2}, {100, 1, 1}, {0, 0, 1},
	} {
		lines := d.Batch(test.items, test.size)
		require.Equal(t, test.sent, d.Sent(), test)
		require.Len(t, lines, test.sent*line)
	}
	d.Batch(3, 1<<20)
	answer, err := w.server.push(ana, d.Batch(4, 1<<20))
	require.NoError(t, err)
	require.NoError(t, d.Answer(answer))
	require.Len(t, d.Waiting(), 6)
	require.Equal(t, "4", d.Waiting()[0].Data.Key().ID)
	require.ErrorIs(t, d.Answer(answer), replica.ErrAnswer, "the batch is already answered")
	require.NoError(t, d.Answer([]byte("[]")))
}

// TestEditOfADeletedRecordIsReportedAndTheRecordStaysDeleted: only an explicit restore revives it.
func TestEditOfADeletedRecordIsReportedAndTheRecordStaysDeleted(t *testing.T) {
	w := newWorld(t)
	d, b := w.device(ana), w.device(ben)
	d.edit(fence, "title", str("Paint"))
	d.push()
	b.pull()
	d.edit(fence, record.DeletedField, record.Bool(true))
	require.True(t, d.Shown(fence).Deleted())
	d.push()
	b.edit(fence, "title", str("Paint it red"))
	b.push()
	require.Equal(t, []replica.Notice{{Kind: replica.RecordDeleted, Key: fence, Code: merge.UpdateOfDeleted}}, b.TakeNotices())
	b.pull()
	require.True(t, b.Shown(fence).Deleted())
	b.edit(fence, record.DeletedField, record.Bool(false))
	b.push()
	d.pull()
	require.False(t, d.Shown(fence).Deleted())
	require.Equal(t, `Ben's laptop restored it at 14:02:04, 2s after Ana's phone deleted it.`, d.sentence(fence, record.DeletedField))
}

// TestClientIDInUseTwiceIsReportedAndCanBeReplaced: the client is told once, and continues under a
// new ID with all its waiting edits.
func TestClientIDInUseTwiceIsReportedAndCanBeReplaced(t *testing.T) {
	w := newWorld(t)
	d, b := w.device(ana), w.device(ana) // a clone
	d.edit(fence, "title", str("Paint"))
	d.edit(gate, "title", str("Oil"))
	w.now = w.now.Add(-2 * time.Second)
	b.edit(fence, "title", str("Paint it"))
	b.edit(gate, "title", str("Oil it"))
	d.push()
	b.push()
	require.Empty(t, b.sentence(fence, "title"), "the colliding write has not arrived here")
	require.Equal(t, []replica.Notice{{Kind: replica.NewIDNeeded, Code: merge.StampCollision}}, b.TakeNotices(), "reported once")
	b.pull()
	require.Contains(t, b.sentence(fence, "title"), `this one was kept, not "Paint it"`)
	w.now = w.now.Add(-time.Hour)
	d = w.device(ana)
	d.edit(record.Key{Table: "tasks", ID: "door"}, "title", str("Oil"))
	d.push()
	require.Equal(t, []replica.Notice{{Kind: replica.NewIDNeeded, Code: merge.Rewound}}, d.TakeNotices())
	w.now = w.now.Add(time.Hour)

	b.edit(fence, "due", str("2026-03-04"))
	b.save()
	b.id = ben
	b.open()
	require.Equal(t, ben, b.ID())
	v, _ := b.Shown(fence).Get("due")
	require.Equal(t, ben, v.Stamp.Client)
	b.save()
	require.Contains(t, b.disk["state"], v.Stamp.Time.String())
	b.push()
	require.Empty(t, b.Waiting())
	require.Empty(t, b.TakeNotices())
}

// TestReplicaWithoutAnIDIsReadOnly: it shows its records, but can neither edit nor send.
func TestReplicaWithoutAnIDIsReadOnly(t *testing.T) {
	r, err := replica.Open(replica.Options{})
	require.NoError(t, err)
	require.ErrorIs(t, r.Edit(fence, map[string]record.Value{"title": str("x")}), record.ErrStamp)
	d := newWorld(t).device(ana)
	d.edit(fence, "title", str("Paint"))
	d.save()
	r, err = replica.Open(replica.Options{Saved: entries(d.disk)})
	require.ErrorIs(t, err, record.ErrStamp)
	require.ErrorAs(t, err, new(*record.Error))
	require.Nil(t, r)
}

// TestEditSeenReportsAValueThatArrivedWhileTheUserTyped: without stamps, the user counts as having
// seen the value, and no lost edit is reported.
func TestEditSeenReportsAValueThatArrivedWhileTheUserTyped(t *testing.T) {
	for _, seen := range []bool{false, true} {
		w := newWorld(t)
		a, b := w.device(ana), w.device(ben)
		a.edit(fence, "title", str("Paint"))
		a.push()
		b.pull()
		began, _ := b.Shown(fence).Get("title")
		a.edit(fence, "title", str("Paint it red"))
		a.push()
		b.pull()
		stamps := map[string]clock.Stamp{"title": began.Stamp, "other": {}}
		if seen {
			stamps = nil
		}
		require.NoError(t, b.EditSeen(fence, map[string]record.Value{"title": str("Paint it blue")}, stamps))
		require.Equal(t, map[string]clock.Stamp{"title": b.Waiting()[0].Base["title"]}, b.Waiting()[0].Base)
		b.push()
		notices := b.TakeNotices()
		require.Equal(t, seen, len(notices) == 0, notices)
		why, ok := b.Why(fence, "title")
		require.True(t, ok)
		require.Equal(t, seen, why.Seen != merge.SeenNo)
	}
}
