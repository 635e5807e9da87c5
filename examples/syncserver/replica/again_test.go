package replica_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/record"
)

// sent returns the waiting mutations as text, in the order in which they are sent: the ID of the
// record, the fields, the seconds of the stamp, and whether the mutation is new or has a base.
func (d *device) sent() (all []string) {
	for i, m := range d.Waiting() {
		text := fmt.Sprintf("%s %s @%d", m.Data.Key().ID, strings.Join(fieldsOf(m.Data), ","), d.times()[i].Time().Second())
		if m.New {
			text += " new"
		}
		if m.Base != nil {
			text += " base"
		}
		all = append(all, text)
	}
	return all
}

// ownWrites returns a device with confirmed writes, an overlay and an edit that waits. Ben has created the
// record "theirs", and the device has edited it.
func ownWrites(t *testing.T) *device {
	d := newWorld(t).device(ana)
	d.gets(lineOf(theirs, map[string]string{"title": "x"}, 0), plainTrailer)
	require.NoError(t, d.Edit(fence, map[string]record.Value{"title": str("a"), "due": str("b")})) // at 0 s
	d.edit(theirs, "title", str("mine"))
	d.edit(fence, "notes", record.Deletion())
	d.outbox() // so that the next edit replaces none
	d.edit(fence, "title", str("c"))
	lines := d.line(fence) + d.line(theirs)
	d.accept()
	d.gets(lines, plainTrailer)
	d.edit(gate, "title", str("new")) // at 4 s
	d.accept()
	d.edit(fence, "due", str("waits")) // at 5 s
	d.save()
	d.TakeNotices()
	return d
}

var theirs = record.Key{Table: "tasks", ID: "theirs"}

const epochTrailer = `{"cursor":"f.9","level":1}` + "\n"

// TestRestoredServerGetsItsLostWritesAgain: the writes are sent in ascending order of stamps, before
// the outbox, without a base, and as new only if this client is known to have created the record.
// Writes that the server still has are not sent.
func TestRestoredServerGetsItsLostWritesAgain(t *testing.T) {
	for _, opened := range []bool{false, true} {
		d := ownWrites(t)
		reopen := func() {
			if d.save(); opened {
				d.open()
			}
		}
		reopen()
		d.gets(resetLine("epoch"), unsettled(epochTrailer))
		if !opened {
			require.Equal(t, []replica.Notice{{Kind: replica.Resync, Why: "epoch", Items: 1}}, d.TakeNotices())
		}
		require.Zero(t, d.Shown(gate).Len(), "everything from the server is replaced")
		reopen()
		d.TakeNotices()
		require.Equal(t, 1, d.NumWaiting())
		require.Empty(t, d.outbox(), "the earlier writes are sent first")
		require.Zero(t, d.Sent())
		d.gets(lineOf(theirs, map[string]string{"title": "x"}, 0), unsettled(epochTrailer))
		require.Empty(t, d.outbox())
		reopen()
		d.gets(epochTrailer)
		expected := []string{"fence due @0 new", "theirs title @1", "fence notes @2 new", "fence title @3 new", "gate title @4 new", "fence due @5 base"}
		require.Equal(t, expected, d.sent())
		require.Equal(t, []replica.Notice{{Kind: replica.SentAgain, Items: 5}}, d.TakeNotices())
		require.Equal(t, `"c"`, d.title(fence))
		require.Equal(t, `"mine"`, d.title(theirs))
		due, _ := d.Shown(fence).Get("due")
		require.Equal(t, str("waits"), due.Value)
		d.save()
		require.Empty(t, d.kept("again/"))
		before := d.outbox()
		d.open()
		require.Equal(t, string(before), string(d.outbox()))
		require.Equal(t, expected, d.sent())
	}
}

// TestNewClientSendsTheLostWritesOfItsEarlierID: the ID changes while the pull after a restore is not
// settled. The writes that the server lacks are restamped with the new ID and their old times, like
// waiting edits.
func TestNewClientSendsTheLostWritesOfItsEarlierID(t *testing.T) {
	d := ownWrites(t)
	line := d.line(theirs)
	d.resetAndRenamed()
	require.Empty(t, d.outbox(), "the earlier writes are sent first")
	d.save()
	d.open()
	require.Empty(t, d.outbox())
	d.gets(line, epochTrailer)
	require.Equal(t, []string{"fence due @0 new", "fence notes @2 new", "fence title @3 new", "gate title @4 new", "fence due @5 base"}, d.sent())
	for _, m := range d.Waiting() {
		for _, w := range m.Data.All() {
			require.Equal(t, newID, w.Stamp.Client)
		}
	}
	restamped, _ := d.Waiting()[0].Data.Get("due")
	require.Equal(t, map[string]clock.Stamp{"due": restamped.Stamp}, d.Waiting()[4].Base)
	require.Equal(t, []replica.Notice{{Kind: replica.SentAgain, Items: 4}}, d.TakeNotices())
	d.save()
	require.Empty(t, d.kept("again/"))
	before := d.outbox()
	d.open()
	require.Equal(t, string(before), string(d.outbox()))
}

// TestReplicaWithoutAnIDKeepsTheLostWrites: it may pull while the device joins again.
func TestReplicaWithoutAnIDKeepsTheLostWrites(t *testing.T) {
	d := ownWrites(t)
	d.accept()
	d.gets(resetLine("epoch"), unsettled(epochTrailer))
	for _, id := range []clock.ClientID{{}, newID} {
		d.save()
		d.id = id
		d.open()
		require.Empty(t, d.outbox())
		d.gets(epochTrailer)
	}
	require.Len(t, d.sent(), 5)
}

var newID = clock.MustParseClientID("c3a1f0de-1111-4222-8333-444455556666")

// resetAndRenamed resets the device by the epoch, and then gives it another ID.
func (d *device) resetAndRenamed() {
	d.gets(resetLine("epoch"), unsettled(epochTrailer))
	d.save()
	d.id = newID
	d.open()
}

// TestNewClientSendsNoWriteTwice: the answer to the push was lost, and the pull brought the write. A
// client does not count as the creator of a record that the server still has from its earlier ID.
func TestNewClientSendsNoWriteTwice(t *testing.T) {
	d := newWorld(t).device(ana)
	d.edit(fence, "title", str("x"))
	d.outbox()
	d.edit(gate, "title", str("y"))
	d.gets(d.line(fence), plainTrailer)
	d.resetAndRenamed()
	d.gets(epochTrailer)
	require.Equal(t, []string{"fence title @1 new base", "gate title @2 new base"}, d.sent())
	require.Empty(t, d.TakeNotices())

	d = ownWrites(t)
	line := d.line(gate)
	d.resetAndRenamed()
	d.gets(line, epochTrailer)
	d.push()
	d.edit(gate, "due", str("z"))
	d.push()
	d.gets(resetLine("epoch"), epochTrailer)
	require.Contains(t, d.sent(), "gate due @6")
}

// TestOnlyLackingWritesAreSentAgain: writes that the restored server has, or has replaced by later
// writes, are not sent.
func TestOnlyLackingWritesAreSentAgain(t *testing.T) {
	d := ownWrites(t)
	data := map[string]string{"title": "later", "due": "later", "notes": "later"}
	d.gets(resetLine("epoch"), lineOf(fence, data, 30), lineOf(gate, map[string]string{"title": "z"}, 3), lineOf(theirs, map[string]string{"title": "z"}, 2), epochTrailer)
	require.Equal(t, []string{"gate title @4 new", "fence due @5 base"}, d.sent())
	require.Equal(t, 1, d.TakeNotices()[1].Items)

	d = ownWrites(t)
	d.gets(resetLine("epoch"), lineOf(fence, data, 30), lineOf(gate, data, 30), lineOf(theirs, data, 30), epochTrailer)
	require.Equal(t, []string{"fence due @5 base"}, d.sent())
	require.Len(t, d.TakeNotices(), 1, "nothing is sent again")
}

// TestNothingIsSentAgainAfterAResetByTheFence: the server has lost no accepted write.
func TestNothingIsSentAgainAfterAResetByTheFence(t *testing.T) {
	d := ownWrites(t)
	d.gets(resetLine("fence"), trailerAt(at(2), 2))
	require.Equal(t, []string{"fence due @5 base"}, d.sent())
	require.Equal(t, []replica.Notice{{Kind: replica.Resync, Why: "fence", Items: 1}}, d.TakeNotices())
	d.save()
	require.Empty(t, d.kept("again/"))
}

// TestPurgedDeletionIsNotSentAgain: a deletion that the restored server lacks may have been purged
// there.
func TestPurgedDeletionIsNotSentAgain(t *testing.T) {
	for fenceAt, want := range map[int][]string{1: {"theirs title @1", "fence notes @2 new"}, 2: {"theirs title @1"}} {
		d := ownWrites(t)
		data := map[string]string{"title": "later", "due": "later"}
		d.gets(resetLine("epoch"), lineOf(fence, data, 30), lineOf(gate, data, 30), strings.Replace(trailerAt(at(fenceAt), 2), "e.9", "f.9", 1))
		require.Equal(t, append(want, "fence due @5 base"), d.sent())
	}
}

// TestWritesThatWaitAreNotSentTwice: the answer to the push was lost, and the pull brought the write.
func TestWritesThatWaitAreNotSentTwice(t *testing.T) {
	d := newWorld(t).device(ana)
	d.edit(fence, "title", str("x"))
	d.outbox()
	d.gets(d.line(fence), plainTrailer)
	d.gets(resetLine("epoch"), epochTrailer)
	require.Equal(t, []string{"fence title @1 new base"}, d.sent())
}

// TestWriteThatIsSentAgainIsNotReplaced: a later edit of its field keeps its base, which is the write
// that is sent again, also after the server has refused both for a while.
func TestWriteThatIsSentAgainIsNotReplaced(t *testing.T) {
	d := newWorld(t).device(ana)
	d.gets(plainTrailer)
	d.edit(fence, "title", str("a")) // at 1 s
	d.accept()
	d.edit(fence, "title", str("b")) // at 2 s
	d.gets(`{"reset":[""],"why":"epoch"}`+"\n", epochTrailer)
	require.Equal(t, []string{"fence title @1 new", "fence title @2 base"}, d.sent())
	d.outbox()
	const later = `{"verdict":"refused","code":"server_clock","retryable":true}`
	require.NoError(t, d.Answer([]byte("["+later+","+later+"]")))
	require.Equal(t, []string{"fence title @1 new", "fence title @2 base"}, d.sent())
}

// TestSecondRestoreBeforeThePullIsSettled: the writes that were set aside first are kept, and each
// write is sent once.
func TestSecondRestoreBeforeThePullIsSettled(t *testing.T) {
	d := ownWrites(t)
	early := lineOf(record.Key{Table: "tasks", ID: "early"}, map[string]string{"title": "x"}, -1)
	early = strings.Replace(early, ben.String(), ana.String(), 1) // only the restored server had it
	d.gets(resetLine("epoch"), d.line(theirs), early, unsettled(epochTrailer))
	d.gets(resetLine("epoch"), unsettled(epochTrailer))
	d.save()
	require.Len(t, d.kept("again/"), 6)
	d.open()
	d.gets(epochTrailer)
	require.Equal(t, []string{"early title @59", "fence due @0 new", "theirs title @1", "fence notes @2 new", "fence title @3 new", "gate title @4 new", "fence due @5 base"}, d.sent())
}

// TestUserIsNotToldTwiceAboutAWriteThatIsSentAgain: the user is told neither that the record is
// deleted, nor that a stamp is below an earlier one.
func TestUserIsNotToldTwiceAboutAWriteThatIsSentAgain(t *testing.T) {
	d := ownWrites(t)
	d.gets(resetLine("epoch"), epochTrailer)
	d.TakeNotices()
	d.Batch(5, 1<<20)
	reply := `{"verdict":"accepted","notes":["update_of_deleted","rewound","lost_edit"],"fields":{"title":{"outcome":"superseded","lost":true,"winner":{"updatedAt":"2026-03-02T14:02:30.000000000Z","clientId":"` + ben.String() + `"}}}}`
	require.NoError(t, d.Answer([]byte("["+strings.Repeat(reply+",", 4)+reply+"]")))
	require.Empty(t, d.TakeNotices())
	d.outbox()
	require.NoError(t, d.Answer([]byte("["+reply+"]")))
	require.NotEmpty(t, d.TakeNotices())
}

// TestErasedWritesAreNotSentAgain: the restored server has erased the record. A later write is sent, so
// that the user is told that it is gone.
func TestErasedWritesAreNotSentAgain(t *testing.T) {
	d := ownWrites(t)
	erased := lineOf(fence, map[string]string{record.DeletedField: "true", record.ErasedField: "true"}, 30)
	erased = strings.Replace(erased, `"value":"true"`, `"value":true`, 1)
	d.gets(resetLine("epoch"), erased, epochTrailer)
	require.Equal(t, []string{"theirs title @1", "gate title @4 new", "fence due @5 base"}, d.sent())
	d.save()
	require.Empty(t, d.kept("again/"))

	d = ownWrites(t)
	d.gets(resetLine("epoch"), strings.ReplaceAll(erased, at(30).String(), at(2).String()), epochTrailer)
	require.Equal(t, []string{"theirs title @1", "fence title @3 new", "gate title @4 new", "fence due @5 base"}, d.sent())
}
