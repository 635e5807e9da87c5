package timeline

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
)

// layout holds a drawing at its positions, from left to right.
type layout struct {
	metrics
	lanes []string
	items []item
	folds []fold
	bands []band
	ticks []tick
}

// item is a drawn mark, or several marks drawn as one.
type item struct {
	marks   []int // indexes of the marks, ascending
	lane    int   // from 0; the number of lanes stands for the server
	shape   shape
	x       float64 // of the mark
	arrives float64 // of its arrival at the server
	found   bool
	moot    bool
	hidden  bool // whether its way to the server is not drawn
}

// fold is a pause that is not drawn to scale.
type fold struct {
	x    float64 // its middle
	text string
}

// band is a span at its position.
type band struct {
	span
	x, end float64
}

// touch is a moment at which the drawing shows something.
type touch struct {
	time.Time
	mark    int // index of the mark
	arrival bool
}

// compare orders touches by time. At one time, marks come before arrivals.
func (a touch) compare(b touch) int {
	if c := a.Time.Compare(b.Time); c != 0 {
		return c
	}
	if a.arrival != b.arrival {
		return pick(b.arrival, -1, 1)
	}
	return cmp.Compare(a.mark, b.mark)
}

// layout places all marks.
func (t *Timeline) layout(m metrics) *layout {
	l := &layout{metrics: m, lanes: t.lanes}
	if len(t.marks) == 0 {
		return l
	}
	touches := make([]touch, 0, 2*len(t.marks))
	for i, mark := range t.marks {
		touches = append(touches, touch{mark.made, i, false}, touch{mark.arrived, i, true})
	}
	slices.SortFunc(touches, touch.compare)
	times := make([]time.Time, len(touches))
	for i, a := range touches {
		times[i] = a.Time
	}
	gaps := gapsOf(times, int((m.right-m.left)/3/m.fold))
	p := placer{t, touches, gaps}
	s, fits := m.fit(gaps, func(s scale) float64 { return slices.Max(p.spread(s)) })
	var xs []float64
	if fits {
		xs = p.spread(s)
	} else {
		s, _ = m.fit(gaps, func(s scale) float64 { return slices.Max(p.exact(s)) })
		xs = p.exact(s)
	}
	l.addItems(t, touches, xs)
	if !fits {
		l.group()
	}
	l.addFolds(touches, gaps, xs)
	l.addTicks(t, touches, xs)
	return l
}

// placer finds the positions of touches, relative to the left end.
type placer struct {
	t       *Timeline
	touches []touch
	gaps    []gap
}

// exact returns positions that depend on the times alone, so marks may overlap.
func (p placer) exact(s scale) []float64 {
	xs := make([]float64, len(p.touches))
	for i, g := range p.gaps {
		xs[i+1] = xs[i] + s.width(g)
	}
	return xs
}

// spread returns positions at which neither marks overlap, nor the lines of other marks.
func (p placer) spread(s scale) []float64 {
	xs := make([]float64, len(p.touches))
	rows := len(p.t.lanes) + 1
	marks, lines := slices.Repeat([]float64{math.Inf(-1)}, rows), slices.Repeat([]float64{math.Inf(-1)}, rows)
	x := 0.0
	var arrived time.Time
	for i, a := range p.touches {
		if i > 0 {
			x += s.width(p.gaps[i-1])
		}
		row := p.t.row(p.t.marks[a.mark].lane)
		if !a.arrival {
			x = max(x, marks[row]+s.gap, lines[row]+s.clear)
			marks[row] = x
		} else {
			if !arrived.Equal(a.Time) {
				x = max(x, lines[rows-1]+s.clear/2)
			}
			for below := row + 1; below < rows; below++ {
				x = max(x, marks[below]+s.clear)
			}
			for below := row + 1; below < rows; below++ {
				lines[below] = x
			}
			arrived = a.Time
		}
		xs[i] = x
	}
	return xs
}

// row returns the row of a lane. The server has the last row.
func (t *Timeline) row(lane int) int {
	if lane == server {
		return len(t.lanes)
	}
	return lane
}

// addItems adds an item for each mark, and the bands between their arrivals.
func (l *layout) addItems(t *Timeline, touches []touch, xs []float64) {
	l.items = make([]item, len(t.marks))
	for i, a := range touches {
		m, it := t.marks[a.mark], &l.items[a.mark]
		if a.arrival {
			it.arrives = l.left + xs[i]
			continue
		}
		*it = item{marks: []int{a.mark}, lane: t.row(m.lane), shape: m.shape, x: l.left + xs[i], arrives: it.arrives, found: m.found, moot: m.moot, hidden: m.shape == notice}
	}
	for _, s := range t.spans {
		x := l.items[s.from].arrives
		if n := len(l.bands); n > 0 {
			l.bands[n-1].end = x
		}
		l.bands = append(l.bands, band{s, x, l.right})
	}
}

// addFolds adds the folded pauses. The length of a pause is the distance between the minutes at its
// ends, because the times above the lanes have no seconds.
func (l *layout) addFolds(touches []touch, gaps []gap, xs []float64) {
	for i, g := range gaps {
		if g.folded {
			pause := touches[i+1].Truncate(time.Minute).Sub(touches[i].Truncate(time.Minute))
			l.folds = append(l.folds, fold{l.left + (xs[i]+xs[i+1])/2, fieldlog.Margin(pause)})
		}
	}
}
