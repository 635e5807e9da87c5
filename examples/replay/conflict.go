package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// contest is what is remembered of a field beside the write that stands there,
// so that its conflicts can be told at the end. It does not depend on the order in
// which the writes came.
type contest struct {
	// rival is the greatest write by another client than the one whose write
	// stands; zero if there is none.
	rival record.FieldValue
	// twin is the greatest other write with the stamp of the one that stands; zero
	// if there is none.
	twin record.FieldValue
	// base is what the author of the standing write saw there, if known.
	base  clock.Stamp
	known bool
}

// contests holds the contests of all fields of which there is something to say.
type contests map[place]contest

// note takes in one write and what the merge made of it.
func (all contests) note(w write, c merge.Change) {
	before := all[w.place]
	now := before
	standing, beaten := c.Winner(), c.Before
	if standing == c.Before {
		beaten = c.Incoming
	}
	if c.Changed() || c.Outcome == merge.Equal && !now.known {
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

// step is the part of the rule that decides between two writes of one field.
type step int

const (
	byTime    step = iota // the millisecond
	byCounter             // the counter within one millisecond
	byClient
	byDeletion
	byValue
)

// decide returns the first step in which two different writes differ.
func decide(a, b record.FieldValue) step {
	switch {
	case a.Stamp.Time.Millis() != b.Stamp.Time.Millis():
		return byTime
	case a.Stamp.Time != b.Stamp.Time:
		return byCounter
	case a.Stamp.Client != b.Stamp.Client:
		return byClient
	case a.Deleted() != b.Deleted():
		return byDeletion
	}
	return byValue
}

// conflict is a field in which one write stands and another one lost.
type conflict struct {
	place
	winner, loser record.FieldValue
	// unseen tells that the winner's author had not seen the loser's write.
	unseen bool
}

// lost reports whether somebody's value was replaced unseen by another one.
func (c conflict) lost() bool { return c.unseen && c.differ() }

func (c conflict) differ() bool { return c.winner.Value != c.loser.Value }

// conflictOf returns the conflict between the write that stands and what was
// remembered to have lost.
func (t contest) conflictOf(p place, winner, loser record.FieldValue) conflict {
	return conflict{p, winner, loser, t.known && t.base.Compare(loser.Stamp) < 0}
}

// showcase collects a few conflicts for each step, so that a reader sees every
// kind that there is.
type showcase [byValue + 1][]conflict

// add offers a conflict. Per step those are kept in which a value was lost unseen,
// and of these the closest.
func (s *showcase) add(c conflict) {
	step := decide(c.winner, c.loser)
	most := 1
	if step == byTime {
		most = 3
	}
	at, _ := slices.BinarySearchFunc(s[step], c, conflict.compare)
	if at < most {
		s[step] = slices.Insert(s[step], at, c)
		s[step] = s[step][:min(most, len(s[step]))]
	}
}

// compare orders conflicts by how much they have to tell.
func (c conflict) compare(d conflict) int {
	first := func(c, d bool) int {
		switch {
		case c == d:
			return 0
		case c:
			return -1
		}
		return 1
	}
	return cmp.Or(
		first(c.lost(), d.lost()),
		first(c.differ(), d.differ()),
		cmp.Compare(c.winner.Stamp.Time-c.loser.Stamp.Time, d.winner.Stamp.Time-d.loser.Stamp.Time),
		c.Key.Compare(d.Key),
		strings.Compare(c.field, d.field),
	)
}
