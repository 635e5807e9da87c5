package timeline

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// drawWorld draws the log of a field with edits of a few clients, at times that are close together
// or far apart.
func drawWorld(t *rapid.T) *Timeline {
	w := newWorld(t, "t/1/f")
	now := time.Duration(0)
	w.edits(edit{by: 0, at: now, pushed: now, field: "f", value: "a"})
	for range rapid.SampledFrom([]int{1, 2, 5, 12, 12, 60, 120}).Draw(t, "edits") {
		now += rapid.SampledFrom([]time.Duration{0, 1e6, time.Second, time.Minute, time.Hour, 700 * time.Hour}).Draw(t, "pause")
		wait := rapid.SampledFrom([]time.Duration{-time.Minute, 0, time.Second, time.Hour}).Draw(t, "wait")
		e := edit{by: rapid.IntRange(0, 3).Draw(t, "by"), at: now - wait, pushed: now, field: "f", value: rapid.SampledFrom([]any{"a", "b", nil, true, false}).Draw(t, "value")}
		w.edits(e)
	}
	return w.draw(Options{})
}

// looks returns the metrics of all drawings.
func looks(tl *Timeline) []metrics {
	return []metrics{wideLook().metrics, tl.narrowLook().metrics, tl.textMetrics(80)}
}

func TestMarksOfALaneDoNotOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tl := drawWorld(t)
		for _, m := range looks(tl) {
			l := tl.layout(m)
			last := slices.Repeat([]float64{math.Inf(-1)}, len(l.lanes)+1)
			items := slices.Clone(l.items)
			slices.SortFunc(items, func(a, b item) int { return int(math.Copysign(1, a.x-b.x)) })
			for _, it := range items {
				require.GreaterOrEqual(t, it.x-last[it.lane], m.gap-1e-6)
				require.GreaterOrEqual(t, it.x, m.left)
				require.LessOrEqual(t, it.x, m.right)
				require.GreaterOrEqual(t, it.arrives, m.left)
				require.LessOrEqual(t, it.arrives, m.right)
				last[it.lane] = it.x
			}
		}
	})
}

// TestLinesDoNotTouchOtherMarks: otherwise a line would seem to come from another mark.
func TestLinesDoNotTouchOtherMarks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tl := drawWorld(t)
		for _, m := range looks(tl) {
			l := tl.layout(m)
			if len(l.items) < len(tl.marks) {
				continue
			}
			for _, a := range l.items {
				for _, b := range l.items {
					if b.lane > a.lane {
						require.GreaterOrEqual(t, math.Abs(a.arrives-b.x), m.clear-1e-6)
					}
				}
			}
		}
	})
}

func TestEachMarkIsDrawnOnceInTheOrderOfTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tl := drawWorld(t)
		for _, m := range looks(tl) {
			l := tl.layout(m)
			drawn := make([]int, len(tl.marks))
			for _, it := range l.items {
				require.Equal(t, tl.gravest(it.marks), it.shape)
				for _, i := range it.marks {
					drawn[i]++
					require.Equal(t, it.lane, tl.row(tl.marks[i].lane))
				}
			}
			require.Equal(t, slices.Repeat([]int{1}, len(tl.marks)), drawn)
			requireOrder(t, tl, l)
		}
	})
}

// requireOrder checks that marks and arrivals at later times are not drawn further to the left.
func requireOrder(t *rapid.T, tl *Timeline, l *layout) {
	if len(l.items) < len(tl.marks) {
		return
	}
	for _, a := range l.items {
		for _, b := range l.items {
			m, n := tl.marks[a.marks[0]], tl.marks[b.marks[0]]
			require.False(t, m.made.Before(n.made) && a.x > b.x+1e-6)
			require.False(t, m.arrived.Before(n.arrived) && a.arrives > b.arrives+1e-6)
			require.False(t, m.made.Before(n.arrived) && a.x > b.arrives+1e-6)
		}
	}
}

func TestBandsFollowEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tl := drawWorld(t)
		for _, m := range looks(tl) {
			l := tl.layout(m)
			for i, b := range l.bands {
				require.LessOrEqual(t, b.x, b.end)
				if i > 0 {
					require.Equal(t, l.bands[i-1].end, b.x)
				}
			}
			if n := len(tl.spans); n > 0 {
				require.Equal(t, tl.spans[n-1], l.bands[len(l.bands)-1].span)
				require.Equal(t, m.right, l.bands[len(l.bands)-1].end)
			}
		}
	})
}

func TestLongPausesAreFolded(t *testing.T) {
	at := func(offsets ...time.Duration) (folded []bool) {
		var times []time.Time
		for _, d := range offsets {
			times = append(times, noon.Add(d))
		}
		for _, g := range gapsOf(times, 3) {
			folded = append(folded, g.folded)
		}
		return folded
	}
	require.Empty(t, at(0))
	require.Equal(t, []bool{false}, at(0, 1000*hour), "there is nothing to compare the only gap with")
	require.Equal(t, []bool{false, false, false}, at(0, hour, 2*hour, 5*hour), "the step is too small")
	require.Equal(t, []bool{false, true, false}, at(0, 10*minute, 100*hour, 100*hour+5*minute))
	require.Equal(t, []bool{true, true, false, false}, at(0, 2000*hour, 2050*hour, 2050*hour+minute, 2050*hour+2*minute))
	require.Equal(t, []bool{false, false}, at(0, hour, hour+time.Second), "seconds are too short to matter")
	require.Equal(t, []bool{true, false, true, false, true, false}, at(0, 24*hour, 24*hour+minute, 48*hour, 48*hour+minute, 72*hour, 72*hour+minute))
	require.Equal(t, slices.Repeat([]bool{false}, 8), at(0, 24*hour, 24*hour+minute, 48*hour, 48*hour+minute, 72*hour, 72*hour+minute, 96*hour, 96*hour+minute), "four pauses are too many")
}

// TestPauseIsTheDistanceBetweenTheShownTimes: seconds are not shown, so they must not change it.
func TestPauseIsTheDistanceBetweenTheShownTimes(t *testing.T) {
	w := newWorld(t, "t/1/f")
	at := 7*hour + 30*minute
	w.edits(edit{by: 0, at: 0, pushed: 40 * time.Second, field: "f", value: "a"},
		edit{by: 1, at: at, pushed: at + time.Second, field: "f", value: "b"},
		edit{by: 0, at: at + 10*minute, pushed: at + 10*minute, field: "f", value: "c"})
	for _, m := range looks(w.draw(Options{})) {
		folds := w.draw(Options{}).layout(m).folds
		require.Len(t, folds, 1)
		require.Equal(t, "7 h 30 min", folds[0].text)
	}
}

// TestNamesAreClearOfLines: in a narrow drawing the names stand above the lanes.
func TestNamesAreClearOfLines(t *testing.T) {
	for _, name := range []string{"A", "Cleo", "12345678"} {
		tl := New(manyLog(t, 3, 2), Options{Name: func(clock.ClientID) string { return name }})
		end := nameWide * float64(len(name))
		for _, it := range tl.layout(tl.narrowLook().metrics).items {
			require.Greater(t, min(it.x, it.arrives), end+4, name)
		}
	}
}

// TestManyWritesStayLegible: the drawing has a limited size, and does not hide what matters.
func TestManyWritesStayLegible(t *testing.T) {
	tl := New(manyLog(t, 10_000, 6), Options{})
	for _, m := range looks(tl) {
		l := tl.layout(m)
		require.Less(t, len(l.items), 200)
		require.Less(t, len(l.bands), 300)
		require.Contains(t, l.shapes(), lost)
		require.Contains(t, l.shapes(), stands)
	}
	rows := tl.table()
	require.LessOrEqual(t, len(rows), 2*mostRows+1)
	for _, r := range rows {
		require.True(t, len(r.marks) == 1 || tl.gravest(r.marks) <= won)
	}
	require.Less(t, len(tl.HTML()), 400_000)
}

func TestItemForSeveralMarksHasTheGravestShapeAndTheLastArrival(t *testing.T) {
	it := item{marks: []int{0}, shape: won, arrives: 5, found: true, moot: true}
	it.add(item{marks: []int{1}, shape: lost, arrives: 3, found: true})
	it.add(item{marks: []int{2}, shape: late, arrives: 7, moot: true})
	require.Equal(t, item{marks: []int{0, 1, 2}, shape: lost, arrives: 7}, it)
}

func TestNarrowBandsGiveWayToTheLastOne(t *testing.T) {
	of := func(n int, x, end float64) band { return band{span{number: n}, x, end} }
	got := visible([]band{of(1, 0, 2), of(2, 2, 3.5), of(3, 3.5, 4.5), of(4, 4.5, 5), of(5, 5, 20), of(6, 20, 30)}, 3)
	require.Equal(t, []band{of(2, 0, 3.5), of(5, 3.5, 20), of(6, 20, 30)}, got)
}
