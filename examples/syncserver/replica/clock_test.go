package replica_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/merge"
)

// TestClockAheadIsCorrectedUntilItIsSet: a clock that is an hour ahead is corrected and waiting
// edits are restamped. The correction survives a crash, and ends when the clock is set.
func TestClockAheadIsCorrectedUntilItIsSet(t *testing.T) {
	w := newWorld(t)
	d, b := w.device(ana), w.device(ben)
	d.skew = time.Hour
	d.edit(fence, "title", str("Paint"))
	d.outbox()
	d.edit(fence, "title", str("Paint it"))
	d.push()
	require.Len(t, d.Waiting(), 2)
	require.Equal(t, []replica.Notice{{Kind: replica.ClockCorrected, Code: merge.TooFarAhead, By: -time.Hour}}, d.TakeNotices())
	require.Equal(t, -time.Hour, d.Offset())
	require.Equal(t, w.now, d.Now())
	d.save()
	d.skew = 0 // set right while the app was closed
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

	d.skew = 3 * time.Hour // the clock jumps without a call of ForgetOffset
	d.edit(fence, "title", str("Paint it blue"))
	d.push()
	require.Equal(t, []replica.Notice{{Kind: replica.ClockCorrected, Code: merge.TooFarAhead, By: -3 * time.Hour}}, d.TakeNotices())
	require.Equal(t, -3*time.Hour, d.Offset())
	d.push()
	require.Empty(t, d.Waiting())
	d.skew = 4 * time.Hour // the clock jumps again
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

// TestEditIsRestampedAfterTheClockWasSetBack: the clock was set right before the answer, so the
// offset is zero, but the waiting edit must still be restamped.
func TestEditIsRestampedAfterTheClockWasSetBack(t *testing.T) {
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

// TestRestampedEditIsAboveEditsAcceptedInTheSameAnswer: an accepted edit may itself be ahead of the
// server's clock.
func TestRestampedEditIsAboveEditsAcceptedInTheSameAnswer(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	d.skew = 4 * time.Minute
	d.edit(fence, "title", str("Paint"))
	d.outbox()
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
