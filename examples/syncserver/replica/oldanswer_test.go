package replica_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

const month = 30 * 24 * time.Hour

// times returns the stamps of the waiting edits, in the order of the edits.
func (d *device) times() (all []clock.Timestamp) {
	for _, m := range d.Waiting() {
		for _, v := range m.Data.All() {
			all = append(all, v.Stamp.Time)
			break
		}
	}
	return all
}

// refuseAll answers the batch that was returned last: the server refused each item as too far
// ahead. The server's time in the answer differs from the present by off.
func (d *device) refuseAll(off time.Duration) {
	line := fmt.Sprintf(`{"verdict":"refused","code":"too_far_ahead","serverTime":%q}`, clock.TimestampOf(d.w.now.Add(off)))
	answer := "[" + line
	for range d.Sent() - 1 {
		answer += "," + line
	}
	require.NoError(d.w.t, d.Answer([]byte(answer+"]")))
}

// TestNextAnswerCorrectsAClockThatJumpedDuringARequest: the device's clock jumps between request
// and answer, so this answer does not reveal the error. After the next one, edits are restamped
// with the times at which they were made, and later edits with the present time.
func TestNextAnswerCorrectsAClockThatJumpedDuringARequest(t *testing.T) {
	d := newWorld(t).device(ana)
	d.skew = month
	require.NoError(t, d.Edit(fence, map[string]record.Value{"title": str("Paint")}))
	require.NoError(t, d.Edit(gate, map[string]record.Value{"title": str("Oil")}))
	d.told(0, month)
	require.Zero(t, d.Offset())
	d.told(0, 0)
	require.Equal(t, -month, d.Offset())
	require.NoError(t, d.Edit(poisoned, map[string]record.Value{"title": str("new")}))
	now := clock.TimestampOf(d.w.now)
	require.Equal(t, []clock.Timestamp{now, now + 1, now + 2}, d.times())
}

// TestEditBeforeAnOldAnswerKeepsItsTime: a device sleeps between request and answer, and its user
// makes an edit before the answer is processed. A lower stamp could lose to writes made meanwhile.
func TestEditBeforeAnOldAnswerKeepsItsTime(t *testing.T) {
	for _, again := range []bool{false, true} {
		d := newWorld(t).device(ana)
		d.w.now = d.w.now.Add(month)
		require.NoError(t, d.Edit(fence, map[string]record.Value{"title": str("Paint")}))
		at := d.w.now
		d.told(-month, month)
		if again {
			d.pullRepair()
		}
		require.Equal(t, at, d.stamped(fence, "title"))
		d.told(0, 0)
		require.Equal(t, at, d.stamped(fence, "title"))
		require.Empty(t, d.TakeNotices())
	}
}

// pullRepair pulls a write and makes an edit based on it, then pulls a repair of that write.
func (d *device) pullRepair() {
	for seq, at := range []time.Duration{time.Second, -month} {
		line := fmt.Appendf(nil, `{"seq":%d,"table":"tasks","id":"poisoned","data":{"title":{"value":1,"updatedAt":%q,"clientId":%q}}}`, seq+1, clock.TimestampOf(d.w.now.Add(at)), ben)
		require.NoError(d.w.t, d.pulled(line, "1"))
		if seq == 0 {
			require.NoError(d.w.t, d.Edit(poisoned, map[string]record.Value{"title": str("mine")}))
		}
	}
}

// TestRefusedEditIsStampedNoLaterThanTheRefusal: an edit was made before the server refused it,
// whatever the device's clock reads when the answer is processed. So its new stamp has at most the
// time of the refusal. An edit made after a sleep keeps its time.
func TestRefusedEditIsStampedNoLaterThanTheRefusal(t *testing.T) {
	for _, jump := range []time.Duration{0, 10 * time.Minute, time.Hour, month} {
		d := newWorld(t).device(ana)
		d.skew = 20 * time.Minute
		require.NoError(t, d.Edit(fence, map[string]record.Value{"title": str("Paint")}))
		require.NoError(t, d.Edit(gate, map[string]record.Value{"title": str("Oil")}))
		d.skew = 0
		d.outbox()
		d.skew = jump
		d.refuseAll(0)
		now := clock.TimestampOf(d.w.now)
		require.Equal(t, []clock.Timestamp{now, now + 1}, d.times(), "%v", jump)
	}
	d := newWorld(t).device(ana)
	d.skew = time.Hour
	require.NoError(t, d.Edit(fence, map[string]record.Value{"title": str("Paint")}))
	d.outbox()
	asked := clock.TimestampOf(d.w.now)
	d.w.now = d.w.now.Add(month)
	require.NoError(t, d.Edit(gate, map[string]record.Value{"title": str("Oil")}))
	d.refuseAll(-month)
	require.Equal(t, []clock.Timestamp{asked, clock.TimestampOf(d.w.now)}, d.times())
}

// TestAnswerIsIgnoredIfTheClockWasSetBackDuringTheRequest: the answer shows nothing about the
// device's clock, which is an hour ahead. Waiting edits above the server's limit are stamped with
// the server's time.
func TestAnswerIsIgnoredIfTheClockWasSetBackDuringTheRequest(t *testing.T) {
	d := newWorld(t).device(ana)
	d.skew = month
	require.NoError(t, d.Edit(fence, map[string]record.Value{"title": str("Paint")}))
	require.NoError(t, d.Edit(gate, map[string]record.Value{"title": str("Oil")}))
	d.skew = time.Hour
	d.told(0, time.Hour-month)
	require.Zero(t, d.Offset())
	now := clock.TimestampOf(d.w.now)
	require.Equal(t, []clock.Timestamp{now, now + 1}, d.times())
}

// TestEditIsAcceptedByAServerWithABoundBelowAMinute: the clocks agree, but the server refuses the
// first stamp.
func TestEditIsAcceptedByAServerWithABoundBelowAMinute(t *testing.T) {
	w := newWorld(t)
	w.server.Engine.MaxAhead = 10 * time.Second
	d := w.device(ana)
	d.skew = 50 * time.Second
	require.NoError(t, d.Edit(fence, map[string]record.Value{"title": str("Paint")}))
	d.push()
	d.push()
	require.Empty(t, d.Waiting())
}

// TestLimitAfterALongRequest: an answer that took an hour does not show when the server read its
// clock. If the device's clock reads a time within that hour, the limit of stamps follows from that
// reading. If it reads an earlier time, the limit follows from the server's time.
func TestLimitAfterALongRequest(t *testing.T) {
	for _, pulledFirst := range []bool{false, true} {
		w := newWorld(t)
		d := w.device(ana)
		w.poison("theirs", 30*time.Minute)
		if pulledFirst {
			d.pull()
		}
		d.told(0, time.Hour)
		d.pull()
		d.edit(fence, "title", str("Paint"))
		require.Equal(t, w.now, d.stamped(fence, "title"), pulledFirst)
	}
	w := newWorld(t)
	d := w.device(ana)
	d.skew = -3 * time.Hour
	d.told(0, -time.Hour) // the clock was set back before the answer
	theirs := w.poison("theirs", 5*time.Minute)
	d.pull()
	d.edit(poisoned, "title", str("mine"))
	require.Greater(t, d.times()[0], theirs.Time)
	require.Empty(t, d.TakeNotices(), "the stamp does not lie in the future")
}

func TestEditIsNotStampedWithTheTimeOfAnUnsetServerClock(t *testing.T) {
	d := newWorld(t).device(ana)
	d.edit(fence, "title", str("Paint"))
	at := d.w.now
	d.outbox()
	d.refuseAll(-25 * 365 * 24 * time.Hour)
	require.Equal(t, at, d.stamped(fence, "title"))
}

// TestEditKeepsWaitingIfTheRepairIsStillInTheFuture: the clock does not follow the repaired stamp.
func TestEditKeepsWaitingIfTheRepairIsStillInTheFuture(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	w.poison("theirs", 8*time.Hour)
	d.sync()
	d.edit(poisoned, "title", str("mine"))
	w.poison("theirs", 7*time.Hour)
	d.told(0, 0)
	d.pull()
	d.edit(fence, "title", str("Paint"))
	require.Equal(t, w.now, d.stamped(fence, "title"))
}
