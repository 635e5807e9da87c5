package timeline

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
)

// mostLanes is the number of lanes that a drawing has at most.
const mostLanes = 10

// laneOf returns the lane of a client, and adds it if it is new.
func (t *Timeline) laneOf(c clock.ClientID) int {
	lane, known := t.index[c]
	if !known {
		lane = len(t.lanes)
		t.index[c] = lane
		t.lanes = append(t.lanes, t.name(c))
	}
	return lane
}

// mergeLanes puts the clients that matter least in one lane if there are too many.
func (t *Timeline) mergeLanes() {
	if len(t.lanes) <= mostLanes {
		return
	}
	ranks := make([]rank, len(t.lanes))
	for i := range ranks {
		ranks[i].lane = i
	}
	for _, m := range t.marks {
		if m.lane != server {
			ranks[m.lane].count[m.shape]++
		}
	}
	slices.SortFunc(ranks, rank.compare)
	kept := ranks[:mostLanes-1]
	slices.SortFunc(kept, func(a, b rank) int { return cmp.Compare(a.lane, b.lane) })
	moved := slices.Repeat([]int{mostLanes - 1}, len(t.lanes))
	names := make([]string, 0, mostLanes)
	for i, r := range kept {
		moved[r.lane] = i
		names = append(names, t.lanes[r.lane])
	}
	others := len(t.lanes) - len(kept)
	t.lanes = append(names, fmt.Sprintf("%d others", others))
	for i := range t.marks {
		if m := &t.marks[i]; m.lane != server {
			m.lane = moved[m.lane]
		}
	}
	for c, lane := range t.index {
		t.index[c] = moved[lane]
	}
}

// rank says how much a lane matters.
type rank struct {
	lane  int
	count [lost + 1]int
}

// compare puts lanes first that have more marks of the shape that matters most.
func (a rank) compare(b rank) int {
	for s := lost; ; s-- {
		if c := cmp.Compare(b.count[s], a.count[s]); c != 0 {
			return c
		}
		if s == 0 {
			return cmp.Compare(a.lane, b.lane)
		}
	}
}
