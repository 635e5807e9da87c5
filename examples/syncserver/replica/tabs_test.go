package replica_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/record"
)

// cursorIs returns a trailer with another cursor.
func cursorIs(cursor, trailer string) string {
	return strings.Replace(trailer, `"e.9~1"`, `"`+cursor+`"`, 1)
}

// TestChunkIsAppliedOnlyToTheCursorThatItContinues: several tabs share a store, which has one cursor.
// The chunk of a pull is discarded if another pull has moved the cursor. A pull that changes
// nothing moves no cursor.
func TestChunkIsAppliedOnlyToTheCursorThatItContinues(t *testing.T) {
	for _, opened := range []bool{false, true} {
		d := newWorld(t).device(ana)
		reopen := func() {
			if d.save(); opened {
				d.open()
			}
		}
		d.gets(inLine(fence, `["a"]`, 1), cursorIs("e.1~1", told(`["a"]`)))
		reopen()
		first, second := d.Replica.BeginPull(), d.Replica.BeginPull()
		late := inLine(gate, `["a"]`, 1)
		require.NoError(t, d.Replica.Pulled(&first, []byte(leftLine(fence)+unsettled(cursorIs("e.2~1", untold)))))
		reopen()
		require.NoError(t, d.Replica.Pulled(&second, []byte(late+cursorIs("e.1~2", told(`["a","b"]`))+late+cursorIs("e.2~1", untold))))
		require.False(t, second.Settled)
		require.Empty(t, d.TakeSaves())
		require.Equal(t, "e.2~1", d.Cursor())
		require.Equal(t, "", d.holds())
		require.NoError(t, d.Replica.Pulled(&first, []byte(late+cursorIs("e.3~1", untold))), "its own chunk moved the cursor")
		require.True(t, first.Settled)
		require.Equal(t, "g", d.holds())
		idle, slow := d.Replica.BeginPull(), d.Replica.BeginPull()
		require.NoError(t, d.Replica.Pulled(&idle, []byte(cursorIs("e.3~1", untold))))
		require.NoError(t, d.Replica.Pulled(&slow, []byte(leftLine(gate)+cursorIs("e.4~1", untold))))
		require.Equal(t, "", d.holds())
	}
}

// TestOverlayEndsWithAPullThatBeganAfterItsAnswer: whichever tab made the pull, whichever tab got the
// answer, and even if the store was opened again between.
func TestOverlayEndsWithAPullThatBeganAfterItsAnswer(t *testing.T) {
	for _, opened := range []bool{false, true} {
		d := newWorld(t).device(ana)
		reopen := func() {
			if d.save(); opened {
				d.open()
			}
		}
		d.gets(inLine(fence, `["a"]`, 0), told(`["a"]`))
		for round := range 3 {
			d.edit(fence, "title", str("mine"))
			early := d.Replica.BeginPull()
			reopen()
			d.accept()
			reopen()
			late := d.Replica.BeginPull()
			require.NoError(t, d.Replica.Pulled(&early, []byte(untold)))
			require.Equal(t, `"mine"`, d.title(fence), round)
			reopen()
			require.NoError(t, d.Replica.Pulled(&late, []byte(unsettled(untold))))
			require.Equal(t, `"mine"`, d.title(fence), round)
			require.NoError(t, d.Replica.Pulled(&late, []byte(untold)))
			require.Equal(t, `"of 0"`, d.title(fence), round)
			reopen()
		}
	}
}

// TestChunkThatWasReadEarlierLowersNoFence: its trailer may be older than the last one.
func TestChunkThatWasReadEarlierLowersNoFence(t *testing.T) {
	d := newWorld(t).device(ana)
	d.gets(lineOf(fence, map[string]string{"title": "x"}, 0), trailerAt(at(5), 2))
	early, late := d.Replica.BeginPull(), d.Replica.BeginPull()
	require.NoError(t, d.Replica.Pulled(&late, []byte(trailerAt(at(9), 2))))
	d.edit(record.Key{Table: "tasks", ID: "other"}, "title", str("x"))
	before := seen(d)
	require.NoError(t, d.Replica.Pulled(&early, []byte(trailerAt(at(5), 1))))
	require.Equal(t, before, seen(d))
	d.save()
	require.Contains(t, d.disk["state"], at(9).String())
	require.NoError(t, d.Replica.Pulled(&early, []byte(resetLine(replica.WhyEpoch)+trailerAt(at(3), 1))))
	d.save()
	require.Contains(t, d.disk["state"], `"fence":"`+at(3).String())
}
