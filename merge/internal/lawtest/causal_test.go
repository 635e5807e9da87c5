package lawtest

import (
	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// The causal oracle says which edits were lost. It is told what each author had
// seen, as full sets of writes, and it never looks at a base or a mark.

// spot is one field of one record.
type spot struct {
	key   record.Key
	field string
}

// edit is one write that somebody made.
type edit struct {
	spot
	entry
	// seen is every write that had reached its author by then.
	seen map[*edit]bool
	// upon is the write of this field that its author was shown, if any.
	upon *edit
	// tells is false if the item that carries it says nothing of a base.
	tells bool
	// came is how often it was accepted. A refused one never is.
	came int
}

// loss is a pair of writes of which the first was lost to the second.
type loss struct{ loser, winner *edit }

// causality is everything that happened.
type causality struct {
	byStamp map[spot]map[clock.Stamp]*edit
	stands  map[spot]*edit // on the server
}

func newCausality() causality {
	return causality{map[spot]map[clock.Stamp]*edit{}, map[spot]*edit{}}
}

// made takes in a new write.
func (c causality) made(e *edit) {
	if c.byStamp[e.spot] == nil {
		c.byStamp[e.spot] = map[clock.Stamp]*edit{}
	}
	c.byStamp[e.spot][e.fieldValue().Stamp] = e
}

// of returns the write with the given stamp.
func (c causality) of(s spot, stamp clock.Stamp) *edit { return c.byStamp[s][stamp] }

// deliver lets accepted writes of one field reach the server, and returns the
// edits that are lost by that, without those of which nobody can know: claims that
// rest on an item that does not tell a base.
func (c causality) deliver(at spot, incoming []*edit) map[loss]bool {
	lost := map[loss]bool{}
	done := map[*edit]bool{}
	for range incoming {
		var next *edit // the least one that is left
		for _, e := range incoming {
			if !done[e] && (next == nil || ruleOrder(e.entry, next.entry) < 0) {
				next = e
			}
		}
		if next == nil {
			break // some came twice
		}
		done[next] = true
		before := c.stands[at]
		next.came++
		switch {
		case before == nil:
			c.stands[at] = next
		case before == next:
		case ruleOrder(next.entry, before.entry) > 0:
			if rivals(before, next) && !next.seen[before] && next.tells {
				lost[loss{before, next}] = true
			}
			c.stands[at] = next
		case rivals(before, next) && !before.seen[next] && next.came == 1 && next.tells:
			lost[loss{next, before}] = true
		}
	}
	return lost
}

// rivals reports whether two writes are by different clients and of different
// values.
func rivals(a, b *edit) bool {
	return a.client != b.client && (a.deleted != b.deleted || a.value != b.value)
}

// reported returns the lost edits of an answer.
func (c causality) reported(a merge.Answer) map[loss]bool {
	lost := map[loss]bool{}
	for _, d := range a.LostEdits() {
		s := spot{d.Key, d.Field}
		lost[loss{c.of(s, d.Loser().Stamp), c.of(s, d.Winner().Stamp)}] = true
	}
	return lost
}
