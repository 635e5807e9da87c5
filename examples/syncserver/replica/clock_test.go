package replica_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestClockAhead: a clock that is an hour ahead is corrected, what waits is stamped anew, and
// the correction survives a crash, until somebody sets the clock.
func TestClockAhead(t *testing.T) {
	w := newWorld(t)
	d, b := w.device(ana), w.device(ben)
	d.skew = time.Hour
	d.edit(fence, "title", str("Paint"))
	d.edit(fence, "title", str("Paint it"))
	d.push()
	require.Len(t, d.Waiting(), 2)
	require.Equal(t, []replica.Notice{{Kind: replica.ClockCorrected, Code: merge.TooFarAhead, By: -time.Hour}}, d.TakeNotices())
	require.Equal(t, -time.Hour, d.Offset())
	require.Equal(t, w.now, d.Now())
	d.save()
	d.skew = 0 // set right, while the app was closed
	d.open()
	require.Zero(t, d.Offset())
	d.push()
	require.Empty(t, d.Waiting())
	require.Empty(t, d.TakeNotices())
	v, _ := d.Shown(fence).Get("title")
	require.Less(t, v.Stamp.Time, clock.TimestampOf(w.now.Add(time.Second)))

	b.pull()
	b.edit(fence, "title", str("Paint it red"))
	b.push()
	d.pull()
	require.Equal(t, `"Paint it red"`, d.title(fence), "a later edit wins")

	d.skew = 3 * time.Hour // the clock jumps, and nobody says so
	d.edit(fence, "title", str("Paint it blue"))
	d.push()
	require.Equal(t, []replica.Notice{{Kind: replica.ClockCorrected, Code: merge.TooFarAhead, By: -3 * time.Hour}}, d.TakeNotices())
	require.Equal(t, -3*time.Hour, d.Offset())
	d.push()
	require.Empty(t, d.Waiting())
	d.skew = 4 * time.Hour // and once more
	d.edit(fence, "title", str("Paint it white"))
	d.push()
	require.Equal(t, []replica.Notice{{Kind: replica.ClockCorrected, Code: merge.TooFarAhead, By: -time.Hour}}, d.TakeNotices())
	require.Equal(t, -4*time.Hour, d.Offset())
	d.push()
	require.Empty(t, d.Waiting())

	d.skew = 0
	d.ForgetOffset()
	require.Equal(t, w.now, d.Now())
	d.save()
	d.open()
	require.Zero(t, d.Offset())
	d.edit(fence, "title", str("Paint it green"))
	d.push()
	require.Empty(t, d.TakeNotices())
}

// TestClockBackInTime: the wall clock was set right in the meantime, so the offset is nothing,
// and yet what waits has to be stamped anew.
func TestClockBackInTime(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	d.skew = time.Hour
	d.edit(fence, "title", str("Paint"))
	d.skew = 0
	d.push()
	require.Zero(t, d.Offset())
	require.Equal(t, replica.ClockCorrected, d.TakeNotices()[0].Kind)
	d.push()
	require.Empty(t, d.Waiting())
}

// TestNoStampLeft: if no stamp comes after what is confirmed, what waits cannot be stamped
// anew. Then nothing of the answer is taken, and it can be given again.
func TestNoStampLeft(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	gate := record.Key{Table: "tasks", ID: "gate"}
	d.edit(fence, "title", str("Paint"))
	d.edit(gate, "title", str("Oil"))
	d.edit(gate, "title", str("forbidden"))
	last := clock.Stamp{Time: clock.MaxTimestamp, Client: ben}
	m, err := record.New(record.Key{Table: "tasks", ID: "last"}).Edit(last).Set("title", "x").Mutation()
	require.NoError(t, err)
	w.server.put(m.Data)
	d.pull()
	d.save()
	d.TakeChanged()
	outbox, now := d.outbox(), d.Now()
	const answer = `[{"verdict":"accepted"},{"verdict":"refused","code":"too_far_ahead","retryable":true,"serverTime":"2026-03-02T13:00:00.000000000Z"},` +
		`{"verdict":"refused","code":"title_forbidden"}]`
	for range 2 {
		require.ErrorIs(t, d.Answer([]byte(answer)), record.ErrStamp)
		require.Equal(t, now, d.Now())
		require.Empty(t, d.TakeSaves())
		require.Empty(t, d.TakeChanged())
		require.Empty(t, d.TakeNotices())
		require.Len(t, d.Waiting(), 3)
	}
	require.Equal(t, outbox, d.outbox())
	d.ForgetOffset()
	require.Equal(t, []replica.Entry{{Key: "state", Value: d.disk["state"]}}, d.TakeSaves(), "the clock is what it was")
}

// TestClockCorrectedAboveAccepted: what waits is stamped anew above what the same answer
// accepts, which may be ahead of the server as well.
func TestClockCorrectedAboveAccepted(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	d.skew = 4 * time.Minute
	d.edit(fence, "title", str("Paint"))
	d.skew = time.Hour
	d.edit(fence, "title", str("Paint it"))
	d.push()
	require.Len(t, d.Waiting(), 1)
	d.push()
	require.Empty(t, d.Waiting())
	require.Equal(t, `"Paint it"`, d.title(fence))
	d.pull()
	require.Equal(t, `"Paint it"`, d.title(fence))
}
