package lawtest

import (
	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// The causal oracle computes which edits were lost. It knows the full set of writes that
// each author had seen, and it never uses a base or a watermark.

// spot is one field of one record.
type spot struct {
	key   record.Key
	field string
}

// edit is one write, with what its author had seen.
type edit struct {
	spot
	entry
	// seen holds every write that had reached the author when the edit was made.
	seen map[*edit]bool
	// upon is the write of this field that the author was shown, or nil.
	upon *edit
	// tells reports whether the item of the edit has a base.
	tells bool
	// came counts how often the server accepted the edit.
	came int
}

// loss is a pair of writes: loser was lost to winner.
type loss struct{ loser, winner *edit }

// causality records all writes, and the winners on the server.
type causality struct {
	byStamp map[spot]map[clock.Stamp]*edit
	stands  map[spot]*edit // the winner of each field on the server
}

func newCausality() causality {
	return causality{map[spot]map[clock.Stamp]*edit{}, map[spot]*edit{}}
}

// made records a new write.
func (c causality) made(e *edit) {
	if c.byStamp[e.spot] == nil {
		c.byStamp[e.spot] = map[clock.Stamp]*edit{}
	}
	c.byStamp[e.spot][e.fieldValue().Stamp] = e
}

// of returns the write with the given stamp.
func (c causality) of(s spot, stamp clock.Stamp) *edit { return c.byStamp[s][stamp] }

// deliver delivers accepted writes of one field to the server and returns the edits that are
// lost as a result. It leaves out the losses that depend on an item without a base, because the
// server cannot know about them.
func (c causality) deliver(at spot, incoming []*edit) map[loss]bool {
	lost := map[loss]bool{}
	done := map[*edit]bool{}
	for range incoming {
		var next *edit // the least remaining write
		for _, e := range incoming {
			if !done[e] && (next == nil || ruleOrder(e.entry, next.entry) < 0) {
				next = e
			}
		}
		if next == nil {
			break // incoming holds a write twice
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

// rivals reports whether two writes have different clients and different values.
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
