package replica_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
)

// accept lets the server accept everything that waits.
func (d *device) accept() {
	d.outbox()
	replies := strings.Repeat(`{"verdict":"accepted","changed":true},`, d.Sent())
	require.NoError(d.w.t, d.Answer([]byte("["+strings.TrimSuffix(replies, ",")+"]")))
}

// TestAcceptedEditStaysShownUntilAPullHasBroughtIt: neither a pull that began before the answer, nor
// a pull that is not settled hides the edit. The first settled pull that began after the answer counts,
// even if it shows something else.
func TestAcceptedEditStaysShownUntilAPullHasBroughtIt(t *testing.T) {
	old := lineOf(fence, map[string]string{"title": "old", "due": "x"}, 0)
	for _, opened := range []bool{false, true} {
		d := newWorld(t).device(ana)
		d.gets(old, plainTrailer)
		reopen := func() {
			if d.save(); opened {
				d.open()
			}
		}
		d.edit(fence, "title", str("new"))
		d.BeginPull()
		d.accept()
		require.NoError(t, d.Pulled([]byte(old+plainTrailer)))
		require.Equal(t, `"new"`, d.title(fence), "the pull began before the answer")
		require.Empty(t, d.WaitingFields(fence))
		reopen()
		d.gets(old, unsettled(plainTrailer))
		require.Equal(t, `"new"`, d.title(fence), "the pull is not settled")
		reopen()
		d.gets(lineOf(fence, map[string]string{"title": "theirs", "due": "x"}, 10), unsettled(plainTrailer))
		require.Equal(t, `"theirs"`, d.title(fence))
		d.gets(old, unsettled(plainTrailer))
		d.TakeChanged()
		d.gets(plainTrailer)
		require.Equal(t, `"old"`, d.title(fence), "the server has repaired it, for example")
		require.Equal(t, []record.Key{fence}, d.TakeChanged())
		reopen()
		require.Equal(t, `"old"`, d.title(fence))
		for key := range d.disk {
			require.NotContains(t, key, "accepted/")
		}
	}
}

// TestOneSettledPullEndsOnlyTheOverlaysBeforeIt: of two accepted edits, the first was answered before
// the pull began, and the second while it was under way.
func TestOneSettledPullEndsOnlyTheOverlaysBeforeIt(t *testing.T) {
	d := newWorld(t).device(ana)
	d.edit(fence, "title", str("first"))
	d.accept()
	d.BeginPull()
	d.edit(fence, "due", str("second"))
	d.accept()
	d.save()
	require.NoError(t, d.Pulled([]byte(lineOf(fence, map[string]string{"title": "theirs"}, 0)+plainTrailer)))
	require.Equal(t, `"theirs"`, d.title(fence))
	require.Equal(t, []string{"due", "title"}, fieldsOf(d.Shown(fence)))
	d.save()
	d.open()
	require.Equal(t, []string{"due", "title"}, fieldsOf(d.Shown(fence)))
	d.gets(plainTrailer)
	require.Equal(t, []string{"title"}, fieldsOf(d.Shown(fence)))
}

// TestOverlaysAreJudgedLikeTheOutbox: an accepted edit of a field that the record lacks is gone if it
// is at or below the fence.
func TestOverlaysAreJudgedLikeTheOutbox(t *testing.T) {
	d := newWorld(t).device(ana)
	d.gets(lineOf(fence, map[string]string{"title": "x", "due": "y"}, 0), plainTrailer)
	d.edit(fence, "due", str("edited")) // at 1 s
	d.BeginPull()
	d.accept()
	require.NoError(t, d.Pulled([]byte(lineOf(fence, map[string]string{"title": "x"}, 0)+trailerAt(at(2), 1))))
	require.Equal(t, []string{"title"}, fieldsOf(d.Shown(fence)))
	d.save()
	d.open()
	require.Equal(t, []string{"title"}, fieldsOf(d.Shown(fence)))
	require.Equal(t, []string{"accepted/00000000000000000001"}, d.kept("accepted/"))
}

// kept returns the keys of a kind in the storage.
func (d *device) kept(prefix string) (keys []string) {
	for key := range d.disk {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	return keys
}

// TestOverlaysAreJoinedBeforeTheFenceRises: the server has judged them by the old fence. Only overlays
// of records that the chunk brings are judged by the new one.
func TestOverlaysAreJoinedBeforeTheFenceRises(t *testing.T) {
	lines := lineOf(fence, map[string]string{"title": "x"}, 0)
	for level := 1; level <= 2; level++ {
		for _, more := range []bool{false, true} {
			for _, brought := range []bool{false, true} {
				d := newWorld(t).device(ana)
				d.gets(lines, plainTrailer)
				d.edit(fence, "due", str("x"))
				d.edit(gate, "title", str("new"))
				d.BeginPull()
				d.accept()
				d.TakeChanged()
				chunk := trailerAt(at(5), level)
				if more {
					chunk = unsettled(chunk)
				}
				if brought {
					chunk = lines + leftLine(gate) + chunk
				}
				require.NoError(t, d.Pulled([]byte(chunk)))
				require.Equal(t, brought, d.Shown(fence).Len() == 1)
				require.Equal(t, brought, d.Shown(gate).Len() == 0)
				if !brought {
					require.Empty(t, d.TakeChanged())
				}
				d.save()
				require.Len(t, d.kept("accepted/"), 2)
				before := seen(d)
				d.open()
				require.Equal(t, before, seen(d))
			}
		}
	}
}

// TestAcceptedEditDuringALoadIsNotJoined: after a reset, the records by which the overlays would be
// judged have not been pulled yet.
func TestAcceptedEditDuringALoadIsNotJoined(t *testing.T) {
	d := newWorld(t).device(ana)
	lines := lineOf(fence, map[string]string{"title": "x"}, 0)
	d.gets(lines, trailerAt(at(0), 2))
	d.edit(fence, "title", str("mine"))
	d.BeginPull()
	d.accept()
	require.NoError(t, d.Pulled([]byte(resetLine("fence")+unsettled(trailerAt(at(5), 2)))))
	d.save()
	d.open() // the load goes on
	d.gets(unsettled(trailerAt(at(6), 2)))
	require.Len(t, d.kept("accepted/"), 1)
	require.Zero(t, d.Shown(fence).Len())
	d.gets(lineOf(fence, map[string]string{"title": "theirs"}, 0), unsettled(trailerAt(at(6), 2)))
	require.Equal(t, `"mine"`, d.title(fence))
}

// TestDecisionsAreExplainedOverOverlays: a pulled write wins over an accepted one that no pull has
// brought.
func TestDecisionsAreExplainedOverOverlays(t *testing.T) {
	d := newWorld(t).device(ana)
	d.edit(fence, "title", str("Paint"))
	d.accept()
	d.gets(lineOf(fence, map[string]string{"title": "Paint it red"}, 3), plainTrailer)
	require.Equal(t, `Ben's laptop wrote this at 14:02:03, 2s after Ana's phone wrote "Paint".`, d.sentence(fence, "title"))
	require.Empty(t, d.TakeNotices())
}

// TestCorrectedClockStaysAboveOverlays: an accepted stamp is never issued again.
func TestCorrectedClockStaysAboveOverlays(t *testing.T) {
	for _, opened := range []bool{false, true} {
		d := newWorld(t).device(ana)
		d.skew = 4 * time.Minute // the server accepts it
		d.edit(fence, "title", str("x"))
		first := d.times()[0]
		d.accept()
		d.skew = 3 * time.Hour
		d.edit(gate, "title", str("x"))
		d.save()
		d.disk["state"] = `{"cursor":""}`
		if opened {
			d.open()
		}
		d.told(0, 0)
		d.edit(record.Key{Table: "tasks", ID: "other"}, "title", str("x"))
		require.Greater(t, d.times()[d.NumWaiting()-1], first)
	}
}

// TestUnchangedPullTouchesNothing: a line that brings the confirmed record again, and a trailer that
// repeats the last one.
func TestUnchangedPullTouchesNothing(t *testing.T) {
	d := newWorld(t).device(ana)
	lines := lineOf(fence, map[string]string{"title": "x"}, 0) + trailerAt(at(0), 1)
	d.gets(lines)
	d.edit(gate, "title", str("x"))
	d.save()
	d.TakeChanged()
	d.gets(lines)
	require.Empty(t, d.TakeChanged())
	require.Len(t, d.TakeSaves(), 1, "the state")
	d.gets(trailerAt(at(0), 1))
	require.Empty(t, d.TakeSaves())
	require.Zero(t, testing.AllocsPerRun(100, func() { d.Shown(fence) }))
}
