package lawtest

import (
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/merge"
)

// The model of full records takes the items of a record one after another, each on the state
// after the accepted items before it. It computes the size of a record from the text of its state.

// refuseGrowth refuses the orders that would make a full record larger, or any record if the
// storage is full.
func (s situation) refuseGrowth(all []opinion) {
	turns := make([]int, 0, len(s.orders))
	for i := range s.orders {
		if all[i].code == "" {
			turns = append(turns, i)
		}
	}
	slices.SortStableFunc(turns, func(i, j int) int { return orderOfTurns(s.orders[i], s.orders[j]) })
	state := slices.Clone(s.stored)
	for _, i := range turns {
		o := s.orders[i]
		now, then := textSize(state.of(o)), textSize(append(state.of(o), o.writes...))
		switch {
		case then <= now:
		case s.maxRecord > 0 && then > s.maxRecord:
			all[i].code = merge.RecordFull
		case s.full:
			all[i].code = merge.StorageFull
		}
		if all[i].code == "" {
			state = append(state, o.writes...)
		}
	}
}

// orderOfTurns compares two items by their greatest stamps, and then by their writes.
func orderOfTurns(o, p order) int {
	newest := func(o order) (last entry) {
		for _, w := range o.writes {
			w.deleted, w.value = false, ""
			if ruleOrder(w, last) > 0 {
				last = w
			}
		}
		return last
	}
	if c := ruleOrder(newest(o), newest(p)); c != 0 && len(o.writes) > 0 && len(p.writes) > 0 {
		return c
	}
	a, b := history(o.writes).winners(), history(p.writes).winners()
	for i := range min(len(a), len(b)) {
		if c := placeOrder(a[i], b[i]); c != 0 {
			return c
		}
		if a[i] != b[i] {
			return ruleOrder(a[i], b[i])
		}
	}
	return len(a) - len(b)
}

// of returns the writes of the record that o writes.
func (h history) of(o order) (own history) {
	for _, w := range h {
		if w.table == o.table && w.id == o.id {
			own = append(own, w)
		}
	}
	return own
}

// textSize returns the size of the record after the writes of h: the length of its JSON. Each
// value counts at least as much as a deletion, and $deleted does not count.
func textSize(h history) int {
	if len(h) == 0 {
		return 0
	}
	text := "{"
	for _, w := range h.winners() {
		if w.field == "$deleted" {
			continue
		}
		deletion := w
		deletion.deleted = true
		longest := w.json()
		if len(deletion.json()) > len(longest) {
			longest = deletion.json()
		}
		text += `"` + w.field + `":` + longest + ","
	}
	return len(text)
}

// genFull draws a situation in which records, or the storage, are nearly full.
func genFull() *rapid.Generator[situation] {
	return rapid.Custom(func(t *rapid.T) situation {
		s := genSituation().Draw(t, "situation")
		s.full = rapid.IntRange(0, 3).Draw(t, "full") == 0
		lengthen := func(w *entry) {
			if w.field[0] != '$' && !w.deleted && w.value != forbidden && rapid.Bool().Draw(t, "long") {
				w.value = `"` + strings.Repeat("x", rapid.IntRange(1, 9).Draw(t, "length")) + `"`
			}
		}
		for i := range s.stored {
			lengthen(&s.stored[i])
		}
		sizes := []int{0, 1}
		for i, o := range s.orders {
			for j := range o.writes {
				lengthen(&s.orders[i].writes[j])
			}
			own := s.stored.of(o)
			sizes = append(sizes, textSize(own), textSize(append(own, o.writes...)))
			for _, p := range s.orders {
				if p.table == o.table && p.id == o.id {
					sizes = append(sizes, textSize(slices.Concat(own, o.writes, p.writes)))
				}
			}
		}
		s.maxRecord = max(0, rapid.SampledFrom(sizes).Draw(t, "size")+rapid.IntRange(-1, 1).Draw(t, "more or less"))
		return s
	})
}

// engine returns the engine of a situation.
func (s situation) engine() *merge.Engine {
	e := judging
	e.MaxRecord = s.maxRecord
	return &e
}
