package timeline

import (
	"cmp"
	"slices"
	"time"
)

// metrics holds the sizes of a drawing, in characters or pixels.
type metrics struct {
	left, right float64 // where the lanes begin and end
	gap         float64 // least distance between two marks of one lane
	column      float64 // distance between two items that stand for several marks
	clear       float64 // least distance between a mark and a line of another mark
	fold        float64 // width of a folded pause
	tail        float64 // distance between the last event and the right end
	digit       float64 // width of a digit above the lanes
	end         float64 // the right end of the drawing
}

// gap is the time between two moments that follow each other.
type gap struct {
	time.Duration
	folded bool
}

// Pauses are folded if the shortest of them is widest times as long as the longest gap that is not
// folded, and if that gap is at least shortest.
const (
	widest   = 4.0
	shortest = time.Minute
)

// gapsOf returns the gaps between sorted times. If some of them are much longer than all others,
// they are folded, but not more of them than the given number: folded are the gaps above the widest
// step in their order by length.
func gapsOf(times []time.Time, mostFolds int) []gap {
	gaps := make([]gap, max(0, len(times)-1))
	longest := make([]int, len(gaps))
	for i := range gaps {
		gaps[i].Duration = times[i+1].Sub(times[i])
		longest[i] = i
	}
	slices.SortStableFunc(longest, func(i, j int) int { return cmp.Compare(gaps[j].Duration, gaps[i].Duration) })
	folds, best := 0, widest
	for n := 1; n < len(longest) && n <= mostFolds; n++ {
		long, short := gaps[longest[n-1]].Duration, gaps[longest[n]].Duration
		if step := float64(long) / float64(max(short, 1)); short >= shortest && step >= best {
			folds, best = n, step
		}
	}
	for _, i := range longest[:folds] {
		gaps[i].folded = true
	}
	return gaps
}

// scale says how wide gaps are drawn.
type scale struct {
	metrics
	each float64 // per nanosecond
}

// width returns the width of a gap.
func (s scale) width(g gap) float64 {
	if g.folded {
		return s.fold
	}
	return s.each * float64(g.Duration)
}

// fit returns the largest scale at which a drawing fits between left and right. The function width
// returns the width of the drawing, which grows with the scale. It reports whether there is one.
func (m metrics) fit(gaps []gap, width func(scale) float64) (scale, bool) {
	total := 0.0
	for _, g := range gaps {
		if !g.folded {
			total += float64(g.Duration)
		}
	}
	room := m.right - m.left - m.tail
	low, high := scale{m, 0}, scale{m, room / max(total, 1)}
	if width(low) > room {
		return low, false
	}
	for range 30 {
		middle := scale{m, (low.each + high.each) / 2}
		if width(middle) > room {
			high = middle
		} else {
			low = middle
		}
	}
	return low, true
}
