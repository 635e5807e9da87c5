package timeline

import (
	"cmp"
	"math"
	"slices"
)

// group replaces marks of one lane that would overlap with one item, and draws no bands that are
// too narrow to be seen. It draws the ways of marks that matter, and of those that waited for long.
func (l *layout) group() {
	at := func(it item) float64 { return math.Floor((it.x - l.left) / l.column) }
	slices.SortStableFunc(l.items, func(a, b item) int {
		return cmp.Or(cmp.Compare(a.lane, b.lane), cmp.Compare(at(a), at(b)))
	})
	var grouped []item
	for _, it := range l.items {
		it.x = l.left + (at(it)+0.5)*l.column
		if n := len(grouped); n > 0 && grouped[n-1].lane == it.lane && grouped[n-1].x == it.x {
			grouped[n-1].add(it)
			continue
		}
		grouped = append(grouped, it)
	}
	for i := range grouped {
		it := &grouped[i]
		it.hidden = it.shape == notice || it.shape <= won && math.Abs(it.arrives-it.x) < 2*l.column
	}
	l.items = grouped
	l.bands = visible(l.bands, l.clear/4)
}

// visible replaces bands that are narrower than least with the last band that begins in their place.
func visible(bands []band, least float64) []band {
	var wide []band
	for _, b := range bands {
		n := len(wide)
		if n > 0 && b.x-wide[n-1].x < least {
			b.x = wide[n-1].x
			wide = wide[:n-1]
		}
		wide = append(wide, b)
	}
	for i := range wide[:max(0, len(wide)-1)] {
		wide[i].end = wide[i+1].x
	}
	return wide
}

// add adds the marks of another item.
func (it *item) add(other item) {
	it.marks = append(it.marks, other.marks...)
	it.shape = max(it.shape, other.shape)
	it.arrives = max(it.arrives, other.arrives)
	it.found, it.moot = it.found && other.found, it.moot && other.moot
}

// shapesOf counts the shapes among marks.
func (t *Timeline) shapesOf(marks []int) (counts [lost + 1]int) {
	for _, i := range marks {
		counts[t.marks[i].shape]++
	}
	return counts
}
