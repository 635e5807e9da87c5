package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// contest is what the program remembers of a field in addition to its winner, so that it can report
// the field at the end. It does not depend on the order in which the writes arrived.
type contest struct {
	// rival is the greatest write by a different client from the winner's, or zero if there is
	// none.
	rival record.FieldValue
	// twin is the greatest of the other writes with the winner's stamp, or zero if there is none.
	twin record.FieldValue
	// base is the stamp that the winner's author saw in the field, if known is set.
	base  clock.Stamp
	known bool
}

// contests maps each field to its contest, unless that is zero.
type contests map[place]contest

// add adds one write and the change that it caused.
func (all contests) add(w write, c merge.Change) {
	before := all[w.place]
	now := before
	standing, beaten := c.Winner(), c.Loser()
	if c.Won() || c.Outcome == merge.Equal && !now.known {
		now.base, now.known = w.base, w.known
	}
	if beaten.Stamp.Client != standing.Stamp.Client && beaten.Compare(now.rival) > 0 {
		now.rival = beaten
	}
	if now.twin.Stamp != standing.Stamp {
		now.twin = record.FieldValue{}
	}
	if c.Outcome == merge.Collision && beaten.Compare(now.twin) > 0 {
		now.twin = beaten
	}
	if now != before {
		all[w.place] = now
	}
}

// decide returns the decision between the winner and a remembered write, as if the winner had
// arrived last.
func (t contest) decide(p place, winner, loser record.FieldValue) merge.Decision {
	d := merge.Decision{Key: p.Key, Field: p.field}
	d.Change = merge.Change{Before: loser, Incoming: winner, Outcome: merge.Applied}
	if t.known && t.base.Compare(loser.Stamp) < 0 {
		d.Seen = merge.SeenNo
	}
	return d
}

// showcase collects a few decisions for each deciding step, so that a reader sees every kind that
// occurs.
type showcase [merge.SameWrite][]merge.Decision

// shelf returns the part of a showcase that a decision belongs in. There is one for each step, and
// a separate one for those that only the counter decided.
func shelf(d merge.Decision) merge.Step {
	if d.Step() == merge.ByTime && d.Margin() > 0 {
		return 0
	}
	return d.Step() - 1
}

// add keeps a decision if it is among the most interesting of its shelf. Conflicts, in which a value
// was lost unseen, come first, then writes close in time.
func (s *showcase) add(d merge.Decision) {
	of := shelf(d)
	most := 1
	if of == 0 {
		most = 3
	}
	at, _ := slices.BinarySearchFunc(s[of], d, compareByInterest)
	if at < most {
		s[of] = slices.Insert(s[of], at, d)
		s[of] = s[of][:min(most, len(s[of]))]
	}
}

// compareByInterest orders decisions, the most interesting first.
func compareByInterest(c, d merge.Decision) int {
	first := func(c, d bool) int {
		switch {
		case c == d:
			return 0
		case c:
			return -1
		}
		return 1
	}
	differ := func(d merge.Decision) bool { return d.Before.Value != d.Incoming.Value }
	apart := func(d merge.Decision) clock.Timestamp { return d.Incoming.Stamp.Time - d.Before.Stamp.Time }
	return cmp.Or(
		first(c.Lost(), d.Lost()),
		first(differ(c), differ(d)),
		cmp.Compare(apart(c), apart(d)),
		c.Key.Compare(d.Key),
		strings.Compare(c.Field, d.Field),
	)
}
