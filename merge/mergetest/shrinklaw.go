package mergetest

import (
	"cmp"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
)

// The first law that a schedule breaks may have nothing to do with the mistake: whoever keeps
// the first write breaks each part of the rule. So something plainer is tried in the end.

// generalize returns a schedule that breaks a more general law, if there is one: if the same is
// broken where no two stamps share a millisecond, or where nothing is deleted and nothing null.
func (s *shrinker) generalize(steps []step) []step {
	for _, other := range s.calm(steps) {
		if s.fails(other) {
			steps = s.shrink(other)
			break
		}
	}
	steps = s.unflood(steps)
	for range 3 { // a deletion at an equal stamp is a deletion first
		again := false
		for _, other := range s.others(steps) {
			if broken, ok := s.breaks(other); ok && s.isMoreGeneral(broken) {
				s.law = broken
				steps, again = s.shrink(other), true
				break
			}
		}
		if !again {
			break
		}
	}
	return steps
}

// isMoreGeneral reports whether a law that is broken where that of the shrinker should not be is
// the one to name. What is stored comes before what is answered.
func (s *shrinker) isMoreGeneral(l law.Law) bool {
	switch s.law {
	case law.Outcome, law.Lost, law.Note:
		return l.OfField()
	}
	return l != s.law
}

// others returns schedules in which the law that is broken should not be.
func (s *shrinker) others(steps []step) [][]step {
	switch s.law {
	case law.Kind, law.Value:
		return append(s.spaced(steps), s.ofTwo(steps)...)
	case law.Counter, law.Client:
		return s.spaced(steps)
	case law.Tombstone, law.Revive, law.Four:
		return [][]step{s.undeleted(steps, true), s.undeleted(steps, false)}
	case law.Blind:
		return append(s.alone(steps), s.ahead(steps))
	case law.Neighbours, law.Outcome, law.Lost, law.Note:
		return s.alone(steps)
	}
	return nil
}

// spaced returns the steps with a pause after each: as they are, and with clocks that are wrong
// so that the devices write in either order.
func (s *shrinker) spaced(steps []step) [][]step {
	var apart, rising, falling []step
	g := s.o.grammar
	for _, x := range steps {
		for _, y := range s.single(x) {
			apart = append(apart, y, g.wait(time.Millisecond))
		}
	}
	for i := range people() {
		by := time.Duration(i) * time.Second
		rising = append(rising, g.clock(i, by-time.Minute))
		falling = append(falling, g.clock(i, -by))
	}
	others := slices.DeleteFunc(slices.Clone(apart), func(x step) bool { return x.is("clones") })
	return [][]step{apart, append(rising, others...), append(falling, others...)}
}

// unflood returns the steps with single edits in the place of floods, if a few are enough.
func (s *shrinker) unflood(steps []step) []step {
	var other []step
	for _, x := range steps {
		other = append(other, s.single(x)...)
	}
	const few = 3
	named := s.law
	if len(other) > len(steps) && s.fails(other) {
		if plain := s.shrink(other); len(plain) <= len(steps)+few {
			return plain
		}
	}
	s.law = named
	return steps
}

// single returns single edits in the place of many, as far as they differ, or a step as it is.
func (s *shrinker) single(x step) []step {
	if x.kind.apart == nil {
		return []step{x}
	}
	return x.kind.apart(s.o.grammar, s.o, x)
}

// ahead returns the steps with clocks of devices that are ahead, where that of the server is not
// set: a server that looks at no time at all accepts what is stamped by either.
func (s *shrinker) ahead(steps []step) (others []step) {
	for i := range people() {
		others = append(others, s.o.grammar.clock(i, 1000*time.Hour))
	}
	for _, x := range steps {
		if !x.is("forgets-time") {
			others = append(others, x)
		}
	}
	return others
}

// calm returns schedules in which what happens within a storm happens before the push, or after
// it: one or two edits of the same field.
func (s *shrinker) calm(steps []step) (others [][]step) {
	for i, x := range steps {
		if !x.push.storms {
			continue
		}
		g := s.o.grammar
		edit := g.edits(x.push.whom, s.o.ids[0], assignment{s.o.names[0], "deleted"})
		for _, y := range steps[:i] {
			if y.who == x.who && len(y.sets) > 0 {
				edit.id, edit.sets = y.id, []assignment{{y.sets[0].name, "deleted"}}
			}
		}
		again, push := edit, g.pushes(x.push.whom)
		again.sets = []assignment{{edit.sets[0].name, cmp.Or(append(s.o.fields[edit.sets[0].name], "1")...)}}
		x.push.storms = false
		for _, within := range [][]step{{edit, push}, {edit, again, push}, {edit, again, edit, push}} {
			others = append(others, slices.Concat(steps[:i], within, []step{x}, steps[i+1:]), slices.Concat(steps[:i], []step{x}, within, steps[i+1:]))
		}
	}
	return others
}

// alone returns schedules without one of the steps, or with one that spoils nothing: if what is
// sound is refused then as well, its neighbour is not to blame.
func (s *shrinker) alone(steps []step) (others [][]step) {
	for i, x := range steps {
		others = append(others, slices.Concat(steps[:i], steps[i+1:]))
		if x.is("spoils") {
			x = s.o.grammar.edits(x.who, x.id, x.sets...)
			others = append(others, slices.Concat(steps[:i], []step{x}, steps[i+1:]))
		}
	}
	return others
}

// ofTwo returns schedules in which two devices use the stamps that one used twice: another one
// goes on where one became a copy, or had written what came before that.
func (s *shrinker) ofTwo(steps []step) (others [][]step) {
	by := func(steps []step, who, other int) (all []step) {
		for _, x := range steps {
			if x.who == who {
				x.who = other
			}
			all = append(all, x)
		}
		return all
	}
	for i, x := range steps {
		if !x.is("clones") && (!x.is("is-restored") || x.who == server) {
			continue
		}
		before, after := steps[:i], steps[i+1:]
		for other := range s.o.devices {
			others = append(others, slices.Concat(before, by(after, x.who, other)), slices.Concat(by(before, x.who, other), after))
		}
	}
	return others
}

// undeleted returns the steps with values in the place of deletions and null, and if all is set of
// deletions of records as well.
func (s *shrinker) undeleted(steps []step, all bool) (others []step) {
	first := s.o.names[0]
	for _, x := range steps {
		sets := x.sets
		if all && (x.is("deletes") || x.is("restores")) {
			x.kind, sets = s.o.grammar.kind(ofDevice, "edits"), []assignment{{first, s.o.fields[first][0]}}
		}
		x.sets = nil
		for _, a := range sets {
			if values := s.o.fields[a.name]; len(values) > 0 && (a.value == "deleted" || a.value == "null") {
				a.value = values[len(values)-1]
			}
			x.sets = append(x.sets, a)
		}
		others = append(others, x)
	}
	return others
}
