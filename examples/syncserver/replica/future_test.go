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

// poison stores a title whose stamp lies ahead of the present by the given duration, as a repair
// would store it.
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

// sync pulls and pushes as a program does, and passes on the server's time each time.
func (d *device) sync() {
	d.told(0, 0)
	d.pull()
	d.told(0, 0)
	d.push()
}

// TestStampFromTheFutureDoesNotStopOtherPushes: a record with a stamp from the future was pulled.
// Edits of all other records are stamped with the present time and accepted.
func TestStampFromTheFutureDoesNotStopOtherPushes(t *testing.T) {
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
		d.open() // until the server's time is known, the clock follows the stamp
		d.edit(fence, "title", str("Paint it"))
		d.sync()
		require.WithinDuration(t, w.now, d.stamped(fence, "title"), 5*time.Minute, "once the server's time is known, the clock no longer follows the stamp")
		require.Empty(t, d.Waiting())
		require.Empty(t, d.TakeNotices())
	}
}

// TestClockFollowsStampsThatTheServerAccepts: the limit is the server's bound, whatever the
// device's clock reads.
func TestClockFollowsStampsThatTheServerAccepts(t *testing.T) {
	for _, skew := range []time.Duration{0, -3 * time.Hour, 3 * time.Hour, -50 * 365 * 24 * time.Hour} {
		for _, told := range []bool{false, true} {
			w := newWorld(t)
			d := w.device(ana)
			d.skew = skew
			if told {
				d.told(0, 0)
				d.skew -= time.Hour // the clock was set back after that
			}
			theirs := w.poison("x", 5*time.Minute)
			d.pull()
			require.NoError(t, d.Edit(fence, map[string]record.Value{"title": str("Paint")}))
			v, _ := d.Shown(fence).Get("title")
			require.True(t, v.Stamp.Time > theirs.Time, "%v %v", skew, told)
		}
	}
}

// TestEditOfAFieldFromTheFutureWaitsForTheRepair: the edit is shown, the user is told once, and
// other edits go through. When the repaired record is pulled, the edit is sent automatically, with
// the repaired write as its base.
func TestEditOfAFieldFromTheFutureWaitsForTheRepair(t *testing.T) {
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
	require.Empty(t, d.TakeNotices(), "the user is not told again")
	require.Len(t, d.Waiting(), 1)
	edited := w.now

	now := w.poison("theirs", -time.Minute)
	w.now = w.now.Add(time.Hour)
	d.told(0, 0)
	d.pull()
	require.Equal(t, edited, d.stamped(poisoned, "title"), "the stamp is the time of the edit")
	require.Equal(t, map[string]clock.Stamp{"title": now}, d.Waiting()[0].Base)
	d.sync()
	require.Empty(t, d.Waiting())
	require.Empty(t, d.TakeNotices())
	require.Equal(t, `"mine again"`, d.title(poisoned))
	require.Empty(t, w.server.notes, "the base of the edit is the repaired write, so there is nothing to note")
	d.edit(poisoned, "title", str("later"))
	require.Equal(t, w.now, d.stamped(poisoned, "title"))
}

// TestEditClaimsNothingAboutARepairWithAnotherValue: the author of the edit has not seen that
// value, so the edit has no base.
func TestEditClaimsNothingAboutARepairWithAnotherValue(t *testing.T) {
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
	require.NotContains(t, d.Waiting()[0].Base, "title", "an edit that replaces it has no base either")
	d.push()
	require.Empty(t, d.Waiting())
	require.Empty(t, d.TakeNotices())
	require.Equal(t, `"mine"`, d.title(poisoned))
	require.Empty(t, w.server.notes)
}

// TestClockRecoversAfterFollowingAFutureStamp: the clock followed a stamp from the future before
// the server's time was known. The refusals bring the server's time, and the notice names the
// field. Other edits go through.
func TestClockRecoversAfterFollowingAFutureStamp(t *testing.T) {
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
	require.Equal(t, w.now, d.stamped(fence, "title"), "the clock no longer follows the stamp")
	w.now = w.now.Add(9 * time.Hour) // the time of the stamp has come
	d.push()
	require.Empty(t, d.Waiting())
	require.Empty(t, d.TakeNotices())
}

// TestOwnStampsFromTheFutureDoNotAskForANewID: the clocks of device and server were wrong, so
// stamps that were accepted and the client's mark lie in the future. Once both clocks are right,
// pushes go on, and no new ID is asked for, because no other device uses the old one.
func TestOwnStampsFromTheFutureDoNotAskForANewID(t *testing.T) {
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
		require.Contains(t, w.server.notes, merge.Rewound, "the server notes that the stamps run backwards, which is true")
		for _, n := range d.TakeNotices() {
			require.NotEqual(t, replica.NewIDNeeded, n.Kind)
		}
		d.save()
		d.open()
	}
}

// TestStampAtTheEndOfTheRangeDoesNotStopPullsOrEdits: a pulled record has the greatest stamp that
// exists, or one that only the server's own clock can issue. If the record could not be read, all
// pulls would stop. Edits go on even if the server's time is not known. Edits of that field wait,
// and what was saved can be opened.
func TestStampAtTheEndOfTheRangeDoesNotStopPullsOrEdits(t *testing.T) {
	for _, end := range []clock.Timestamp{clock.MaxTimestamp, clock.MaxTimestamp - 1, clock.MaxTimestamp - 1e6, clock.MaxTimestamp + 1} {
		w := newWorld(t)
		d := w.device(ana)
		line := fmt.Appendf(nil, `{"seq":1,"table":"tasks","id":"poisoned","data":{"title":{"value":1,"updatedAt":%q,"clientId":%q}}}`, end, ben)
		require.NoError(t, d.pulled(line, "1"))
		d.edit(fence, "title", str("Paint"))
		require.Equal(t, w.now, d.stamped(fence, "title"))
		require.NoError(t, d.Edit(poisoned, map[string]record.Value{"title": str("mine"), "due": str("")}))
		require.Equal(t, replica.FutureStamp, d.TakeNotices()[0].Kind)
		d.outbox()
		require.NoError(t, d.Edit(poisoned, map[string]record.Value{"title": str("mine again")}))
		d.push()
		require.Empty(t, d.WaitingFields(fence))
		require.Len(t, d.Waiting(), 2, "edits of that record wait for the repair")
		for _, m := range d.Waiting() {
			base, claimed := m.Base["title"]
			require.LessOrEqual(t, base.Time, clock.MaxTimestamp, "every server refuses a base above the range")
			require.Equal(t, end <= clock.MaxTimestamp, claimed, "a base that every server would refuse is left out, not replaced by null")
		}
		d.save()
		d.open()
		d.edit(fence, "title", str("Paint it"))
		require.Equal(t, w.now, d.stamped(fence, "title"))
		_, err := replica.Open(replica.Options{ID: carol, Saved: entries(d.disk)})
		require.NoError(t, err, "the saved entries open under another ID as well")
		repaired := `{"seq":2,"table":"tasks","id":"poisoned","data":{"title":{"value":1,"updatedAt":"2026-03-02T12:00:00Z","clientId":"` + ben.String() + `"}}}`
		require.NoError(t, d.pulled([]byte(repaired), "2"))
		d.edit(poisoned, "title", str("at last"))
		d.push()
		d.push()
		require.Empty(t, d.Waiting())
		require.Equal(t, `"at last"`, d.title(poisoned))
	}
}

// TestSavedClockAtTheEndOfTheRangeIsLowered: earlier versions saved a clock that had followed the
// greatest stamp.
func TestSavedClockAtTheEndOfTheRangeIsLowered(t *testing.T) {
	for _, last := range []string{"2262-04-11T00:00:00.000000000Z", "2262-04-11T23:47:16.854775807Z", "2262-04-10T23:59:59.999999999Z"} {
		d := newWorld(t).device(ana)
		d.disk["state"] = `{"last":"` + last + `","cursor":"e.7","chunks":true}`
		d.open()
		require.Equal(t, "e.7", d.Cursor())
		d.edit(fence, "title", str("Paint"))
		d.told(0, 0)
		require.Equal(t, d.w.now, d.stamped(fence, "title"))
		d.save()
		d.open()
	}
}

// TestClockFollowsAStampWhoseTimeHasCome: a stamp above the limit falls below it as time passes.
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

// TestClockRecoversEvenIfOnlyTheFutureFieldWasEdited: the edit of that field is the only one
// refused, but the clock still recovers.
func TestClockRecoversEvenIfOnlyTheFutureFieldWasEdited(t *testing.T) {
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

// TestRepairOfTheGreatestOwnStampLowersTheMark: the server repairs the greatest stamp accepted from
// this client, and the client lowers its own mark accordingly. If its stamps run backwards after
// that, another device uses its ID. The repair of another stamp does not change the mark.
func TestRepairOfTheGreatestOwnStampLowersTheMark(t *testing.T) {
	for _, c := range []struct {
		repaired record.Key
		want     int // number of notices
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

// TestDerivedFieldsAreNotRepaired: the newest write that a violation is derived from disappears, so
// the server derives the row again with the stamp of an older write. This is not a repair of a
// write by this client. If the server repairs a user-written field of such a row, that is a repair
// of a write.
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
			require.NoError(t, d.pulled(line, "1"))
		}
		d.outbox()
		require.NoError(t, d.Answer([]byte(`[{"verdict":"accepted","changed":true,"notes":["rewound"]}]`)))
		require.Len(t, d.TakeNotices(), want, field)
	}
}

// TestRepairRestampsAnEditWhoseAnswerWasLost: an edit based on a stamp from the future was sent,
// and the answer was lost. After the repair it is restamped, because the server cannot have
// accepted it.
func TestRepairRestampsAnEditWhoseAnswerWasLost(t *testing.T) {
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

// TestOwnUnsentStampDoesNotCountAsFromTheFuture: a clock that is ahead stamps two edits of one
// field. The second edit does not wait for a repair, because the first stamp is the client's own
// and was not sent yet.
func TestOwnUnsentStampDoesNotCountAsFromTheFuture(t *testing.T) {
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
