package replica_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
)

var gate = record.Key{Table: "tasks", ID: "gate"}

// TestRefusalByAServerWithALowBoundLowersTheClock: after a refusal, edits are stamped below the
// server's bound.
func TestRefusalByAServerWithALowBoundLowersTheClock(t *testing.T) {
	w := newWorld(t)
	w.server.Engine.MaxAhead = 2 * time.Minute
	d := w.device(ana)
	d.skew = 3 * time.Minute
	d.edit(fence, "title", str("Paint"))
	d.push()
	d.edit(gate, "title", str("Oil"))
	require.Equal(t, w.now, d.stamped(gate, "title"), "the clock is no longer ahead")
	d.push()
	require.Empty(t, d.Waiting())
}

func TestEditAfterACorrectionIsStampedAboveRestampedEdits(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	d.skew = time.Hour
	d.edit(fence, "title", str("Paint"))
	d.push()
	first, _ := d.Shown(fence).Get("title")
	require.NoError(t, d.Edit(gate, map[string]record.Value{"title": str("Oil")}))
	second, _ := d.Shown(gate).Get("title")
	require.Greater(t, second.Stamp.Time, first.Stamp.Time)
}

// TestLoweredClockIsSaved: otherwise it would be ahead again after a crash.
func TestLoweredClockIsSaved(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	w.poison("x", 8*time.Hour)
	d.pull()
	d.save()
	d.told(0, 0)
	saves := d.TakeSaves()
	require.Len(t, saves, 1)
	require.Equal(t, "state", saves[0].Key)
	require.NotContains(t, saves[0].Value, "T22:")
}

// TestCorrectionKeepsTheOrderOfEdits: the device's clock was set while the first of two edits
// waited. The correction moves the first edit, and therefore the second as well.
func TestCorrectionKeepsTheOrderOfEdits(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	d.skew = 3 * time.Hour
	d.told(0, 0)
	for _, key := range []record.Key{fence, gate} {
		require.NoError(t, d.Edit(key, map[string]record.Value{"title": str("first"), "notes": str("stays")}))
	}
	d.skew = 0
	w.now = w.now.Add(30 * time.Second)
	require.NoError(t, d.Edit(fence, map[string]record.Value{"due": str("x"), "title": str("second")}))
	require.NoError(t, d.Edit(gate, map[string]record.Value{"title": str("Oil it"), "due": str("x")}))
	d.edit(fence, "due", str("y"))
	w.now = w.now.Add(10 * time.Minute)
	d.told(0, 0)
	require.Equal(t, `"second"`, d.title(fence))
	require.Equal(t, `"Oil it"`, d.title(gate))
	last := time.Time{}
	for _, m := range d.Waiting() {
		for _, v := range m.Data.All() {
			require.True(t, v.Stamp.Time.Time().After(last))
			last = v.Stamp.Time.Time()
			break
		}
	}
}

// TestEditIsNotMovedPastALaterOneThatMayHaveBeenSent: otherwise the earlier edit would win.
func TestEditIsNotMovedPastALaterOneThatMayHaveBeenSent(t *testing.T) {
	w := newWorld(t)
	d := w.device(ana)
	d.told(-3*time.Hour, 0)
	d.edit(fence, "title", str("first"))
	d.outbox()
	d.edit(fence, "title", str("second"))
	d.outbox() // its answer is lost
	d.Batch(1, 1<<20)
	require.NoError(t, d.Answer([]byte(`[{"verdict":"refused","code":"storage_full","retryable":true}]`)))
	d.told(0, 0)
	require.Equal(t, `"second"`, d.title(fence))
	one, _ := d.Waiting()[0].Data.Get("title")
	two, _ := d.Waiting()[1].Data.Get("title")
	require.Less(t, one.Stamp.Time, two.Stamp.Time)
}

// TestRestampedEditsKeepTheirOrder: this includes edits of different records at one moment. A
// server relies on ascending stamps to detect lost edits.
func TestRestampedEditsKeepTheirOrder(t *testing.T) {
	d := newWorld(t).device(ana)
	d.skew = time.Hour
	d.edit(fence, "title", str("Paint"))
	require.NoError(t, d.Edit(gate, map[string]record.Value{"title": str("Oil")}))
	d.push()
	one, _ := d.Waiting()[0].Data.Get("title")
	two, _ := d.Waiting()[1].Data.Get("title")
	require.Less(t, one.Stamp.Time, two.Stamp.Time)
	require.WithinDuration(t, d.w.now, two.Stamp.Time.Time(), time.Millisecond)
}
