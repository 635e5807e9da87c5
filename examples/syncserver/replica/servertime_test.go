package replica_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// told passes a server time to a device; off is the difference from the present.
func (d *device) told(off, took time.Duration) {
	d.ServerTime(clock.TimestampOf(d.w.now.Add(off)), took)
}

// stamped returns the time of a field's shown stamp.
func (d *device) stamped(key record.Key, field string) time.Time {
	v, _ := d.Shown(key).Get(field)
	return v.Stamp.Time.Time()
}

// TestOffsetIsKeptOnlyWhileAnswersAgree: the time of a server whose clock is wrong for a moment
// counts only until the next answer. A notice reports each change.
func TestOffsetIsKeptOnlyWhileAnswersAgree(t *testing.T) {
	const day = 24 * time.Hour
	for _, off := range []time.Duration{-400 * day, -day, -3 * time.Hour, -90 * time.Second, 90 * time.Second, 3 * time.Hour, day, 400 * day} {
		w := newWorld(t)
		d := w.device(ana)
		d.told(off, 0)
		require.Equal(t, off, d.Offset())
		require.Equal(t, []replica.Notice{{Kind: replica.ClockCorrected, By: off}}, d.TakeNotices())
		d.told(off+30*time.Second, 0)
		require.Equal(t, off, d.Offset(), "the answer agrees with the offset")
		require.Empty(t, d.TakeNotices())
		d.told(20*time.Second, 0)
		require.Zero(t, d.Offset(), "the answer agrees with zero")
		require.Equal(t, []replica.Notice{{Kind: replica.ClockCorrected, By: -off}}, d.TakeNotices())
		d.edit(fence, "title", str("Paint"))
		require.Equal(t, w.now, d.stamped(fence, "title"))
	}
}

// TestServerClockThatDippedHasNoLastingEffect: a server whose clock was three hours behind for a
// moment refuses an edit. Of the edits made on the following days, the later one wins.
func TestServerClockThatDippedHasNoLastingEffect(t *testing.T) {
	for name, right := range map[string]func(*device){
		"a pull brings the right time":           func(d *device) { d.told(0, 0) },
		"an accepted item brings the right time": nil,
	} {
		w := newWorld(t)
		d := w.device(ana)
		d.edit(fence, "title", str("at noon"))
		d.Batch(1, 1000)
		behind := clock.TimestampOf(w.now.Add(-3 * time.Hour))
		require.NoError(t, d.Answer(fmt.Appendf(nil, `[{"verdict":"refused","code":"too_far_ahead","serverTime":%q}]`, behind)))
		require.Equal(t, []replica.Notice{{Kind: replica.ClockCorrected, Code: merge.TooFarAhead, By: -3 * time.Hour}}, d.TakeNotices(), name)
		at := w.now
		w.now = w.now.Add(24 * time.Hour)
		if right != nil {
			right(d)
			require.Equal(t, at, d.stamped(fence, "title"), "the waiting edit is restamped with the time at which it was made")
		}
		d.Batch(1, 1000)
		require.NoError(t, d.Answer(fmt.Appendf(nil, `[{"verdict":"accepted","changed":true,"serverTime":%q}]`, clock.TimestampOf(w.now))))
		require.Zero(t, d.Offset())
		d.edit(fence, "title", str("a day later"))
		require.Equal(t, w.now, d.stamped(fence, "title"))
	}
}

// TestOffsetIsDroppedWhenTheDevicesClockIsSet: this needs no call of ForgetOffset.
func TestOffsetIsDroppedWhenTheDevicesClockIsSet(t *testing.T) {
	for _, skew := range []time.Duration{-2 * time.Hour, 2 * time.Hour} {
		w := newWorld(t)
		d := w.device(ana)
		d.skew = skew
		d.told(0, 0)
		require.Equal(t, -skew, d.Offset())
		require.Equal(t, w.now, d.Now())
		d.skew = 0
		d.told(0, 0)
		require.Zero(t, d.Offset())
		d.edit(fence, "title", str("Paint"))
		require.Equal(t, w.now, d.stamped(fence, "title"))
	}
}

// TestNoOffsetIfBothClocksAreRight: this holds even if a device slept between request and answer,
// answers arrive out of order, or the clocks are half a minute apart.
func TestNoOffsetIfBothClocksAreRight(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	for _, answer := range []struct{ ago, took time.Duration }{
		{0, 0}, {3 * time.Hour, 3 * time.Hour}, {0, 5 * time.Hour}, {time.Second, 2 * time.Second}, {10 * time.Minute, 10*time.Minute + 1},
		{-30 * time.Second, 0}, {30 * time.Second, 0}, {0, -time.Hour}, {5 * time.Hour, -1},
	} {
		d.told(-answer.ago, answer.took)
		require.Zero(t, d.Offset(), answer)
	}
	for _, nonsense := range []clock.Timestamp{0, -1, 1, clock.TimestampOf(time.Unix(1e9, 0)), clock.MaxTimestamp} {
		d.ServerTime(nonsense, 0)
		require.Zero(t, d.Offset(), "the time of a server whose clock is not set is ignored")
	}
	require.Empty(t, d.TakeNotices())
	require.Empty(t, d.TakeSaves())
}

// TestSleepDuringARequestDoesNotSpoilTheOffset: the offset of a wrong clock is right even then.
func TestSleepDuringARequestDoesNotSpoilTheOffset(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	d.skew = 2 * time.Hour
	d.told(-5*time.Hour, 5*time.Hour)
	require.Equal(t, -2*time.Hour, d.Offset())
	d.ForgetOffset()
	d.edit(fence, "title", str("Paint"))
	d.outbox()
	w.now = w.now.Add(5 * time.Hour)
	answer := fmt.Appendf(nil, `[{"verdict":"refused","code":"too_far_ahead","serverTime":%q}]`, clock.TimestampOf(w.now.Add(-5*time.Hour)))
	require.NoError(t, d.Answer(answer))
	require.Equal(t, -2*time.Hour, d.Offset())
	d.ForgetOffset()
	d.skew = -2 * time.Hour // a slow clock is partly corrected; the next answer, which is not late, does the rest
	d.told(-time.Hour, time.Hour)
	require.Equal(t, time.Hour, d.Offset())
	d.told(0, 0)
	require.Equal(t, 2*time.Hour, d.Offset())
}

// TestRestampedEditMayLose: the edit was stamped by a clock that was ahead. In fact it was made
// before a write that its author had not seen.
func TestRestampedEditMayLose(t *testing.T) {
	w := newWorld(t)
	a, b := w.device(ana), w.device(ben)
	a.skew = 3 * time.Hour
	a.edit(fence, "title", str("earlier"))
	w.now = w.now.Add(time.Hour)
	b.edit(fence, "title", str("later"))
	b.push()
	a.pull()
	require.Equal(t, `"earlier"`, a.title(fence))
	a.sync()
	a.sync()
	require.Empty(t, a.Waiting())
	require.Equal(t, `"later"`, a.title(fence))
	require.Equal(t, replica.EditLost, a.TakeNotices()[1].Kind)
}

// TestStampIsBoundedAfterAnyHistoryOfClocksAndAnswers: the clocks of device and server were set at
// random, and answers arrived in any order. Then an answer arrives from a server whose clock is
// right. The next edit is stamped no earlier than the true time minus the duration of that answer
// and a minute, and no later than the true time plus the greater of that sum and the server's
// bound. The stamps of waiting edits ascend.
func TestStampIsBoundedAfterAnyHistoryOfClocksAndAnswers(t *testing.T) {
	skews := rapid.SampledFrom([]time.Duration{0, 0, time.Second, -time.Minute, 2 * time.Minute, -time.Hour, time.Hour, -30 * 24 * time.Hour, 30 * 24 * time.Hour})
	pauses := rapid.SampledFrom([]time.Duration{0, time.Millisecond, time.Second, 45 * time.Second, 10 * time.Minute, 5 * time.Hour})
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		d := w.device(ana)
		var off time.Duration // error of the server's clock
		type answer struct {
			at   clock.Timestamp
			from time.Time // the device's clock at the request
		}
		var asked []time.Time
		var answers []answer
		n := 0
		ordered := func() {
			last := map[record.Key]clock.Stamp{}
			for _, m := range d.Waiting() {
				v, _ := m.Data.Get("title")
				require.Positive(t, v.Stamp.Compare(last[m.Data.Key()]), "the later of two edits wins")
				last[m.Data.Key()] = v.Stamp
			}
		}
		edit := func() {
			n++
			key := rapid.SampledFrom(someKeys).Draw(t, "key")
			before, _ := d.Shown(key).Get("title")
			require.NoError(t, d.Edit(key, map[string]record.Value{"title": str(fmt.Sprint(n))}))
			after, _ := d.Shown(key).Get("title")
			require.Positive(t, after.Compare(before))
		}
		t.Repeat(map[string]func(*rapid.T){
			"time":   func(t *rapid.T) { w.now = w.now.Add(pauses.Draw(t, "pause")) },
			"device": func(t *rapid.T) { d.skew = skews.Draw(t, "skew") },
			"server": func(t *rapid.T) { off = skews.Draw(t, "skew") },
			"edit":   func(t *rapid.T) { edit() },
			"ask":    func(t *rapid.T) { asked = append(asked, w.now.Add(d.skew)) },
			"send":   func(t *rapid.T) { d.Batch(2, 1000) },
			"serve": func(t *rapid.T) {
				if len(asked) > 0 {
					i := rapid.IntRange(0, len(asked)-1).Draw(t, "request")
					answers = append(answers, answer{clock.TimestampOf(w.now.Add(off)), asked[i]})
					asked = append(asked[:i], asked[i+1:]...)
				}
			},
			"hear": func(t *rapid.T) {
				if len(answers) > 0 {
					i := rapid.IntRange(0, len(answers)-1).Draw(t, "answer")
					d.ServerTime(answers[i].at, w.now.Add(d.skew).Sub(answers[i].from))
					answers = append(answers[:i], answers[i+1:]...)
				}
			},
			"": func(t *rapid.T) { ordered() },
		})
		took := pauses.Draw(t, "took")
		late := rapid.SampledFrom([]time.Duration{0, took / 2, took}).Draw(t, "late")
		d.told(-late, took)
		if rapid.Bool().Draw(t, "pull") {
			seen := clock.TimestampOf(w.now.Add(4 * time.Minute))
			require.NoError(t, d.pulled(fmt.Appendf(nil, `{"seq":1,"table":"tasks","id":"a","data":{"title":{"value":"theirs","updatedAt":%q,"clientId":%q}}}`, seen, ben), "1"))
		}
		ordered()
		key := record.Key{Table: "tasks", ID: "new"}
		require.NoError(t, d.Edit(key, map[string]record.Value{"title": str("new")}))
		at := d.stamped(key, "title")
		latest := w.now.Add(max(took+time.Minute, clock.DefaultMaxAhead) + time.Millisecond)
		require.False(t, at.Before(w.now.Add(-took-time.Minute-time.Millisecond)), "%v is before %v", at, w.now)
		require.False(t, at.After(latest), "%v is after %v", at, latest)
	})
}

// TestUnsentEditsAreRestampedWithTheTimesAtWhichTheyWereMade: an edit made offline while the offset
// is wrong ends up with the time at which it was made. With the time of the answer it would win
// over edits made since.
func TestUnsentEditsAreRestampedWithTheTimesAtWhichTheyWereMade(t *testing.T) {
	gate := record.Key{Table: "tasks", ID: "gate"}
	for _, off := range []time.Duration{-3 * time.Hour, 3 * time.Hour} {
		w := newWorld(t)
		d := w.device(ana)
		d.edit(gate, "title", str("Oil")) // before the server's clock was wrong
		before := d.stamped(gate, "title")
		d.told(off, 0)
		d.TakeNotices()
		d.edit(fence, "title", str("Paint"))
		at := w.now
		d.edit(fence, "due", str("2026-03-04"))
		w.now = w.now.Add(48 * time.Hour)
		d.told(0, 0)
		require.Equal(t, at, d.stamped(fence, "title"))
		require.Equal(t, at.Add(time.Second), d.stamped(fence, "due"))
		require.Equal(t, before, d.stamped(gate, "title"), "a correct stamp is kept")
		saved := d.TakeSaves()
		write(t, d.disk, saved)
		d.open()
		require.Equal(t, at, d.stamped(fence, "title"), "the new stamp is saved")
	}
}

// TestWaitingEditKeepsItsTimeAfterForgetOffset: the edit keeps the time that it got from the
// corrected clock, even when the server's clock dips afterwards.
func TestWaitingEditKeepsItsTimeAfterForgetOffset(t *testing.T) {
	for _, skew := range []time.Duration{-2 * time.Hour, 2 * time.Hour} {
		w := newWorld(t)
		d := w.device(ana)
		d.skew = skew
		d.told(0, 0)
		d.edit(fence, "title", str("Paint"))
		at := w.now
		d.skew = 0
		d.ForgetOffset()
		w.now = w.now.Add(time.Hour)
		for _, off := range []time.Duration{0, -3 * time.Hour, 0, 3 * time.Hour, 0} {
			d.told(off, 0)
		}
		require.Equal(t, at, d.stamped(fence, "title"))
	}
}

// TestEditThatMayHaveBeenSentIsNotRestamped: a retry with a greater stamp would win over later
// edits.
func TestEditThatMayHaveBeenSentIsNotRestamped(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	d.told(-3*time.Hour, 0)
	d.edit(fence, "title", str("Paint"))
	batch := d.outbox()
	d.edit(fence, "title", str("Paint it"))
	d.told(0, 0)
	require.Equal(t, w.now, d.stamped(fence, "title"))
	require.Equal(t, string(batch), string(d.Batch(1, 1000)))
}
