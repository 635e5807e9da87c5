package replica_test

import (
	"encoding/json"
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

// resetWith pulls everything that the server has, with a reset.
func (d *device) resetWith(why string) {
	d.BeginPull()
	lines, next := d.w.server.pull("", 1000)
	reset := fmt.Sprintf(`{"reset":[""],"why":%q}`+"\n", why)
	require.NoError(d.w.t, d.Pulled(chunkOf(append([]byte(reset), lines...), next)))
}

// TestResetReplacesEverythingFromTheServer: the state is replaced in memory and in the storage, and
// the user is told why. Waiting edits stay unchanged, and are sent.
func TestResetReplacesEverythingFromTheServer(t *testing.T) {
	for _, why := range []string{replica.WhyEpoch, replica.WhyFence, "another"} {
		w := newWorld(t)
		a, b := w.device(ana), w.device(ben)
		later(a, b)
		a.push()
		b.pull()
		a.edit(fence, "title", str("Paint it blue"))
		a.push()
		b.pull()
		require.NotEmpty(t, b.sentence(fence, "title"))
		b.discard()
		b.edit(fence, "due", str("2026-03-04"))
		b.edit(gate, "title", str("Oil"))
		b.save()
		b.TakeNotices()
		b.TakeChanged()
		waiting, at := b.Waiting(), b.stamped(gate, "title")

		w.server = newServer(w.wall) // an empty server
		b.resetWith(why)
		require.Equal(t, []replica.Notice{{Kind: replica.Resync, Why: why, Items: 2}}, b.TakeNotices())
		require.Equal(t, "0", b.Cursor(), "of the empty server")
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
		b.sync()
		require.Empty(t, b.Waiting())
		require.Equal(t, at, b.stamped(gate, "title"), "the edit keeps its stamp")
		require.Empty(t, b.TakeNotices())
		a.resetWith(replica.WhyFence)
		b.pull()
		require.True(t, a.Shown(fence).Equal(b.Shown(fence)))
		require.True(t, a.Shown(gate).Equal(b.Shown(gate)))
	}
}

// TestNewClientIsNotToldOfAReset: the server resets a client that has pulled nothing, because it may
// have forgotten what it accepted before. The user has lost nothing.
func TestNewClientIsNotToldOfAReset(t *testing.T) {
	w := newWorld(t)
	a := w.device(ana)
	a.edit(fence, "title", str("Paint it blue"))
	a.resetWith(replica.WhyFence)
	require.Empty(t, a.TakeNotices())
	require.Len(t, a.Waiting(), 1)
}

// TestForgottenRecordIsNotRepaired: Ana's accepted edit lost against Ben's, and her next edit is based on Ben's. A
// reset by the fence forgets Ben's edit but not hers, which no pull has brought. So what is known of the field falls
// to a lower stamp, but that is not a repair: she has seen Ben's edit.
func TestForgottenRecordIsNotRepaired(t *testing.T) {
	for line, shown := range map[string]string{"": "null", lineOf(fence, map[string]string{"title": "theirs"}, 2): `"again"`} {
		d := newWorld(t).device(ana)
		d.edit(fence, "title", str("mine")) // at 1 s
		d.gets(lineOf(fence, map[string]string{"title": "theirs"}, 2), plainTrailer)
		d.accept()
		d.w.now = d.w.now.Add(2 * time.Second)
		d.edit(fence, "title", str("again")) // at 4 s
		waiting := d.Waiting()
		require.Equal(t, map[string]clock.Stamp{"title": {Time: at(2), Client: ben}}, waiting[0].Base)
		d.gets(resetLine("fence"), unsettled(trailerAt(at(2), 2)))
		require.Equal(t, waiting, d.Waiting())
		d.save()
		d.open()
		d.gets(line, trailerAt(at(2), 2))
		require.Equal(t, waiting, d.Waiting())
		require.Equal(t, shown, d.title(fence), "an edit of a purged record is gone")
	}
}

// discard lets the server refuse the edits that wait.
func (d *device) discard() {
	d.outbox()
	replies := make([]merge.Reply, d.Sent())
	for i := range replies {
		replies[i] = merge.Reply{Verdict: "refused", Code: merge.Forbidden}
	}
	answer, err := json.Marshal(replies)
	require.NoError(d.w.t, err)
	require.NoError(d.w.t, d.Answer(answer))
}

func fieldsOf(r record.Record) (names []string) {
	for name := range r.All() {
		names = append(names, name)
	}
	return names
}

func TestAnswerThatArrivesAfterAResetIsApplied(t *testing.T) {
	for _, why := range []string{replica.WhyEpoch, replica.WhyFence} {
		w := newWorld(t)
		d := w.device(ana)
		d.edit(fence, "title", str("Paint"))
		body := d.outbox()
		d.resetWith(why)
		answer, err := w.server.push(ana, body)
		require.NoError(t, err)
		require.NoError(t, d.Answer(answer))
		require.Empty(t, d.Waiting())
		require.Equal(t, `"Paint"`, d.title(fence))
	}
}

// TestEntriesOfAnEarlierVersionGoOn: an earlier version saved the sequence of its last line as the
// cursor. Its records are shown until the first pull, which starts without a cursor and replaces
// them. The edits that wait are kept, also if the pull breaks off.
func TestEntriesOfAnEarlierVersionGoOn(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	d.edit(fence, "title", str("Paint"))
	d.push()
	d.pull()
	d.edit(gate, "title", str("Oil"))
	d.save()
	d.disk["state"] = `{"last":"2026-03-02T14:02:01.000000000Z","cursor":"7","client":"` + ana.String() + `"}`
	d.disk["record/tasks\x00dropped"] = d.disk["record/tasks\x00fence"]
	dropped := record.Key{Table: "tasks", ID: "dropped"}
	for range 2 {
		d.open()
		require.Equal(t, `"Paint"`, d.title(dropped), "it is shown until the first pull")
		require.Empty(t, d.Cursor())
		require.NoError(t, d.Edit(gate, map[string]record.Value{"due": str("x")}))
		d.save() // the second time, this version has saved the state
	}
	require.Empty(t, d.BeginPull())
	waiting := d.Waiting()
	require.NoError(t, d.Pulled([]byte(`{"cursor":"e.0.1","more":true,"level":1}`+"\n")))
	d.save()
	d.open()
	require.Equal(t, waiting, d.Waiting())
	require.Equal(t, "e.0.1", d.BeginPull())
	lines, _ := w.server.pull("", 1000)
	require.NoError(t, d.Pulled(chunkOf(lines, "e.1")))
	require.Zero(t, d.Shown(dropped).Len())
	require.Equal(t, `"Paint"`, d.title(fence))
	require.Equal(t, `"Oil"`, d.title(gate))
	require.Empty(t, d.TakeNotices())
	d.push()
	require.Empty(t, d.Waiting())
}

// TestCreationsOfAnEarlierVersionAreMarked: an earlier version saved edits without the member new. The
// first edit of a record that the entries do not contain creates it.
func TestCreationsOfAnEarlierVersionAreMarked(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	d.edit(fence, "title", str("Paint"))
	d.push()
	d.pull()
	d.edit(gate, "title", str("Oil"))
	d.push() // accepted, and not pulled
	d.save()
	created := record.Key{Table: "tasks", ID: "created"}
	for _, key := range []record.Key{fence, gate, created, created} {
		d.edit(key, "due", str("x"))
		d.outbox() // so that the next edit becomes a separate item
	}
	d.save()
	d.disk["state"] = `{"last":"2026-03-02T14:02:01.000000000Z","cursor":"7","client":"` + ana.String() + `"}`
	for key, value := range d.disk {
		d.disk[key] = strings.Replace(value, `,"new":true`, "", 1)
	}
	for range 2 {
		d.open()
		var marked []bool
		for _, m := range d.Waiting() {
			marked = append(marked, m.New)
		}
		require.Equal(t, []bool{false, false, true, false}, marked)
		d.save()
		d.disk["state"] = strings.Replace(d.disk["state"], `{`, `{"chunks":true,`, 1) // the mark is saved
	}
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
	x := d.disk["record/tasks\x00poisoned"]
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

	d.disk = map[string]string{"state": `{"cursor":"7"}`, "record/tasks\x00poisoned": x}
	d.open()
	require.Equal(t, `"x"`, d.title(poisoned), "state of an earlier version, which names no client, is kept")
}
