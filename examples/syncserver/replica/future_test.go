package replica_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

var (
	poisoned = record.Key{Table: "tasks", ID: "poisoned"}
	carol    = clock.ClientID{0xca}
)

// poison stores a title that was stamped so far ahead, as a repair stores one.
func (w *world) poison(value string, ahead time.Duration) clock.Stamp {
	s := clock.Stamp{Time: clock.TimestampOf(w.now.Add(ahead)) + 999_999, Client: carol} // with a full counter
	var b record.Builder
	r, err := b.Record(poisoned, func(yield func(string, record.FieldValue) bool) {
		yield("title", record.FieldValue{Value: str(value), Stamp: s})
	})
	require.NoError(w.t, err)
	w.server.Put(r)
	return s
}

// sync is what a program does: it pulls and pushes, and hears the server's time each time.
func (d *device) sync() {
	d.told(0, 0)
	d.pull()
	d.told(0, 0)
	d.push()
}

// TestStampFromTheFutureStopsNoOtherPush: one record that has such a stamp was pulled. Edits of all
// others are stamped with the time, and accepted.
func TestStampFromTheFutureStopsNoOtherPush(t *testing.T) {
	for _, ahead := range []time.Duration{5*time.Minute + time.Millisecond, 8 * time.Hour, 30 * 365 * 24 * time.Hour} {
		w := newWorld(t)
		d := w.device(ana)
		w.poison("x", ahead)
		d.told(0, 0)
		d.pull()
		d.edit(fence, "title", str("Paint"))
		require.Equal(t, w.now, d.stamped(fence, "title"))
		d.sync()
		require.Empty(t, d.Waiting())
		d.save()
		d.open() // where the server's time is not known yet, the clock follows the stamp
		d.edit(fence, "title", str("Paint it"))
		d.sync()
		require.WithinDuration(t, w.now, d.stamped(fence, "title"), 5*time.Minute, "and no longer, when it is")
		require.Empty(t, d.Waiting())
		require.Empty(t, d.TakeNotices())
	}
}

// TestHonestStampsAreFollowed: up to the bound of the server, whatever the clock of the device reads.
func TestHonestStampsAreFollowed(t *testing.T) {
	for _, skew := range []time.Duration{0, -3 * time.Hour, 3 * time.Hour, -50 * 365 * 24 * time.Hour} {
		for _, told := range []bool{false, true} {
			w := newWorld(t)
			d := w.device(ana)
			d.skew = skew
			if told {
				d.told(0, 0)
				d.skew -= time.Hour // set back since
			}
			theirs := w.poison("x", 5*time.Minute)
			d.pull()
			require.NoError(t, d.Edit(fence, map[string]record.Value{"title": str("Paint")}))
			v, _ := d.Shown(fence).Get("title")
			require.True(t, v.Stamp.Time > theirs.Time, "%v %v", skew, told)
		}
	}
}

// TestEditOfAFieldFromTheFutureWaits: it is shown, the user is told once, and all else goes on. When
// the record is repaired, it is sent by itself, upon the repaired write.
func TestEditOfAFieldFromTheFutureWaits(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	at := w.poison("theirs", 8*time.Hour)
	d.sync()
	d.edit(poisoned, "title", str("mine"))
	require.Equal(t, `"mine"`, d.title(poisoned))
	d.edit(poisoned, "due", str("2026-03-04"))
	d.edit(fence, "title", str("Paint"))
	n := replica.Notice{Kind: replica.FutureStamp, Key: poisoned, Code: merge.TooFarAhead, Fields: []string{"title"}, Other: at}
	require.Equal(t, []replica.Notice{n}, d.TakeNotices())
	for range 3 {
		d.sync()
		require.Len(t, d.Waiting(), 1)
		require.Equal(t, []string{"title"}, d.WaitingFields(poisoned))
		require.Equal(t, `"mine"`, d.title(poisoned))
	}
	d.edit(poisoned, "title", str("mine again"))
	require.Empty(t, d.TakeNotices(), "it was told")
	require.Len(t, d.Waiting(), 1)
	edited := w.now

	now := w.poison("theirs", -time.Minute)
	w.now = w.now.Add(time.Hour)
	d.told(0, 0)
	d.pull()
	require.Equal(t, edited, d.stamped(poisoned, "title"), "the time of the edit")
	require.Equal(t, map[string]clock.Stamp{"title": now}, d.Waiting()[0].Base)
	d.sync()
	require.Empty(t, d.Waiting())
	require.Empty(t, d.TakeNotices())
	require.Equal(t, `"mine again"`, d.title(poisoned))
	require.Empty(t, w.server.notes, "its base was the repaired write")
	d.edit(poisoned, "title", str("later"))
	require.Equal(t, w.now, d.stamped(poisoned, "title"))
}

// TestRepairWithAnotherValue: nobody has seen that value, so the edit makes no claim about it.
func TestRepairWithAnotherValue(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	w.poison("theirs", 8*time.Hour)
	d.sync()
	d.edit(poisoned, "title", str("mine"))
	d.TakeNotices()
	w.poison("repaired", -time.Minute)
	d.told(0, 0)
	d.pull()
	waiting := d.Waiting()
	require.Nil(t, waiting[0].Base)
	d.save()
	again := &device{w: w, id: d.id, disk: d.disk}
	again.open()
	require.Equal(t, waiting, again.Waiting())
	d.edit(poisoned, "title", str("mine"))
	require.Len(t, d.Waiting(), 1)
	require.NotContains(t, d.Waiting()[0].Base, "title", "an edit that takes its place claims nothing either")
	d.push()
	require.Empty(t, d.Waiting())
	require.Empty(t, d.TakeNotices())
	require.Equal(t, `"mine"`, d.title(poisoned))
	require.Empty(t, w.server.notes)
}

// TestFutureStampThatWasFollowed: the clock has followed the stamp, before the server's time was
// known. The refusals make it known, and name the field. All else goes on.
func TestFutureStampThatWasFollowed(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	at := w.poison("theirs", 8*time.Hour)
	d.pull()
	d.edit(poisoned, "title", str("mine"))
	d.edit(fence, "title", str("Paint"))
	d.push()
	require.Equal(t, []replica.Notice{
		{Kind: replica.FutureStamp, Key: poisoned, Code: merge.TooFarAhead, Fields: []string{"title"}, Other: at},
		{Kind: replica.ClockCorrected, Code: merge.TooFarAhead},
	}, d.TakeNotices())
	d.push()
	require.Len(t, d.Waiting(), 1)
	require.Equal(t, w.now, d.stamped(fence, "title"))
	d.edit(fence, "title", str("Paint it"))
	require.Equal(t, w.now, d.stamped(fence, "title"), "the clock is healed")
	w.now = w.now.Add(9 * time.Hour) // the time has come
	d.push()
	require.Empty(t, d.Waiting())
	require.Empty(t, d.TakeNotices())
}

// TestOwnStampsFromTheFuture: the clocks of the device and of the server were wrong, and so are stamps
// that were accepted, and the mark of this client. When the clocks are right, pushes go on, and no new
// ID is asked for: nobody else uses it.
func TestOwnStampsFromTheFuture(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	w.now = w.now.Add(8 * time.Hour)
	d.edit(fence, "title", str("Paint"))
	d.sync()
	require.Empty(t, d.Waiting())
	w.now = w.now.Add(-8 * time.Hour)
	for range 2 {
		d.sync()
		d.edit(gate, "title", str("Oil"))
		d.sync()
		require.Empty(t, d.Waiting())
		require.Equal(t, w.now, d.stamped(gate, "title"))
		require.Contains(t, w.server.notes, merge.Rewound, "what the server says, which is true")
		for _, n := range d.TakeNotices() {
			require.NotEqual(t, replica.NewIDNeeded, n.Kind)
		}
		d.save()
		d.open()
	}
}

// TestEndOfRange: the greatest stamp that there is was pulled, or one that only the server's
// own clock can have issued: a record that could not be read would stop all pulls. Edits go on, also
// if the server's time is not known, the ones of that field wait, and what was saved opens.
func TestEndOfRange(t *testing.T) {
	for _, end := range []clock.Timestamp{clock.MaxTimestamp, clock.MaxTimestamp - 1, clock.MaxTimestamp - 1e6, clock.MaxTimestamp + 1} {
		w := newWorld(t)
		d := w.device(ana)
		line := fmt.Appendf(nil, `{"seq":1,"table":"tasks","id":"poisoned","data":{"title":{"value":1,"updatedAt":%q,"clientId":%q}}}`, end, ben)
		require.NoError(t, d.Pulled(line, "1"))
		d.edit(fence, "title", str("Paint"))
		require.Equal(t, w.now, d.stamped(fence, "title"))
		require.NoError(t, d.Edit(poisoned, map[string]record.Value{"title": str("mine"), "due": str("")}))
		require.Equal(t, replica.FutureStamp, d.TakeNotices()[0].Kind)
		d.outbox()
		require.NoError(t, d.Edit(poisoned, map[string]record.Value{"title": str("mine again")}))
		d.push()
		require.Empty(t, d.WaitingFields(fence))
		require.Len(t, d.Waiting(), 2, "they wait for the repair")
		for _, m := range d.Waiting() {
			base, claimed := m.Base["title"]
			require.LessOrEqual(t, base.Time, clock.MaxTimestamp, "else no server reads it")
			require.Equal(t, end <= clock.MaxTimestamp, claimed, "what no server reads is no claim, and not the claim of nothing")
		}
		d.save()
		d.open()
		d.edit(fence, "title", str("Paint it"))
		require.Equal(t, w.now, d.stamped(fence, "title"))
		_, err := replica.Open(replica.Options{ID: carol, Saved: entries(d.disk)})
		require.NoError(t, err, "under another ID as well")
		repaired := `{"seq":2,"table":"tasks","id":"poisoned","data":{"title":{"value":1,"updatedAt":"2026-03-02T12:00:00Z","clientId":"` + ben.String() + `"}}}`
		require.NoError(t, d.Pulled([]byte(repaired), "2"))
		d.edit(poisoned, "title", str("at last"))
		d.push()
		d.push()
		require.Empty(t, d.Waiting())
		require.Equal(t, `"at last"`, d.title(poisoned))
	}
}

// TestSavedClockBeyondTheRange: earlier versions saved a clock that had followed the greatest stamp.
func TestSavedClockBeyondTheRange(t *testing.T) {
	for _, last := range []string{"2262-04-11T00:00:00.000000000Z", "2262-04-11T23:47:16.854775807Z", "2262-04-10T23:59:59.999999999Z"} {
		d := newWorld(t).device(ana)
		d.disk["state"] = `{"last":"` + last + `","cursor":"7"}`
		d.open()
		require.Equal(t, "7", d.Cursor())
		d.edit(fence, "title", str("Paint"))
		d.told(0, 0)
		require.Equal(t, d.w.now, d.stamped(fence, "title"))
		d.save()
		d.open()
	}
}

// TestClockFollowsAStampWhoseTimeHasCome: what is above the limit is no longer, later.
func TestClockFollowsAStampWhoseTimeHasCome(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	at := w.poison("theirs", 8*time.Hour)
	d.sync()
	w.now = w.now.Add(8 * time.Hour)
	d.edit(poisoned, "title", str("mine"))
	v, _ := d.Shown(poisoned).Get("title")
	require.Positive(t, v.Stamp.Compare(at))
	require.Empty(t, d.TakeNotices())
	d.sync()
	require.Empty(t, d.Waiting())
	require.False(t, slices.ContainsFunc(d.TakeNotices(), func(n replica.Notice) bool { return n.Kind != replica.ClockCorrected }))
}

// TestFutureStampThatWasFollowedByOneEdit: only that edit is refused, and the clock is healed all the
// same.
func TestFutureStampThatWasFollowedByOneEdit(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	w.poison("theirs", 8*time.Hour)
	d.pull()
	d.edit(poisoned, "title", str("mine"))
	d.push()
	d.edit(fence, "title", str("Paint"))
	require.Equal(t, w.now, d.stamped(fence, "title"))
	require.Len(t, d.TakeNotices(), 1)
}

// TestRepairOfAnOwnStamp: the greatest stamp that was accepted from this client is repaired, and
// so is what the client knows of it: stamps that run backwards after that are those of somebody
// else. The repair of another stamp changes nothing in that.
func TestRepairOfAnOwnStamp(t *testing.T) {
	for _, c := range []struct {
		repaired record.Key
		want     int // notices
	}{{fence, 1}, {gate, 0}, {poisoned, 0}} {
		w := newWorld(t)
		d := w.device(ana)
		w.now = w.now.Add(8 * time.Hour)
		d.edit(gate, "title", str("Oil"))
		d.edit(fence, "title", str("Paint"))
		d.sync()
		w.poison("theirs", 0)
		d.pull()
		w.now = w.now.Add(-8 * time.Hour)
		d.told(0, 0)
		require.Empty(t, d.Waiting())
		d.TakeNotices()

		r := d.Shown(c.repaired)
		v, _ := r.Get("title")
		var b record.Builder
		r, err := b.Record(r.Key(), func(yield func(string, record.FieldValue) bool) {
			yield("title", record.FieldValue{Value: v.Value, Stamp: clock.Stamp{Time: clock.TimestampOf(w.now.Add(-time.Minute)), Client: carol}})
		})
		require.NoError(t, err)
		w.server.Put(r)
		d.pull()
		d.edit(record.Key{Table: "tasks", ID: "other"}, "title", str("x"))
		d.outbox()
		require.NoError(t, d.Answer([]byte(`[{"verdict":"accepted","changed":true,"notes":["rewound"]}]`)))
		notices := d.TakeNotices()
		require.Len(t, notices, c.want, "%v", c.repaired)
		if c.want > 0 {
			require.Equal(t, replica.Notice{Kind: replica.NewIDNeeded, Code: merge.Rewound}, notices[0])
		}
	}
}

// TestDerivedFieldsAreNotRepaired: the newest write of a violation disappears, so the server derives its row
// again with the stamp of an older write. That repairs no write of this client. The repair of a field that
// users write in such a row is one.
func TestDerivedFieldsAreNotRepaired(t *testing.T) {
	row := record.Key{Table: violation.DefaultTable, ID: "v"}
	for field, want := range map[string]int{"status": 0, violation.FieldDismissed: 1} {
		d := newWorld(t).device(ana)
		d.edit(fence, "title", str("Paint"))
		first := d.times()[0]
		d.outbox()
		require.NoError(t, d.Answer([]byte(`[{"verdict":"refused","code":"storage_full","retryable":true}]`)))
		d.edit(gate, "title", str("Oil"))
		second := clock.Stamp{Time: d.times()[1], Client: ana}
		d.Batch(1, 1<<20)
		require.NoError(t, d.Answer([]byte(`[{"verdict":"accepted","changed":true}]`)))
		d.TakeNotices()
		for _, s := range []clock.Stamp{second, {Time: first - 1, Client: ben}} {
			line := fmt.Appendf(nil, `{"seq":1,"table":%q,"id":%q,"data":{%q:{"value":true,"updatedAt":%q,"clientId":%q}}}`, row.Table, row.ID, field, s.Time, s.Client)
			require.NoError(t, d.Pulled(line, "1"))
		}
		d.outbox()
		require.NoError(t, d.Answer([]byte(`[{"verdict":"accepted","changed":true,"notes":["rewound"]}]`)))
		require.Len(t, d.TakeNotices(), want, field)
	}
}

// TestRepairReachesWhatWasSent: an edit upon a stamp from the future was sent, and the answer was
// lost. After the repair it is restamped as well: the server cannot have accepted it.
func TestRepairReachesWhatWasSent(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	w.poison("theirs", 8*time.Hour)
	d.sync()
	d.edit(poisoned, "title", str("mine"))
	edited := w.now
	_, err := w.server.push(d.id, d.outbox())
	require.NoError(t, err)
	w.poison("theirs", -time.Minute)
	w.now = w.now.Add(time.Hour)
	d.told(0, 0)
	d.pull()
	require.Equal(t, edited, d.stamped(poisoned, "title"))
	d.sync()
	require.Empty(t, d.Waiting())
	require.Equal(t, `"mine"`, d.title(poisoned))
}

// TestOwnClockAheadIsNoStampFromTheFuture: a field that was edited by a clock that is ahead is
// edited again. It waits for no repair: the stamp is this client's own, and not sent yet.
func TestOwnClockAheadIsNoStampFromTheFuture(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	d.skew = 3 * time.Hour
	d.told(0, 0)
	d.ForgetOffset()
	d.TakeNotices()
	d.edit(fence, "title", str("Paint"))
	d.edit(fence, "title", str("Paint it"))
	require.Empty(t, d.TakeNotices())
}
