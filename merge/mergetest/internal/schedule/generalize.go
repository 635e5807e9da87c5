package schedule

import (
	"cmp"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
)

// The first law that a schedule breaks may have nothing to do with the mistake: a backend that
// keeps the first write breaks every part of the rule. So the shrinker tries plainer schedules at
// the end.

// Generalize returns a schedule that breaks a more general law, if it finds one: a schedule that
// still fails although no two stamps share a millisecond, or although nothing is deleted and
// nothing is null. A schedule that breaks the same law without storms or without counters is plainer, too.
func (s *Shrinker) Generalize(steps []Step) []Step {
	for _, other := range append(s.calm(steps), s.uncounted(steps)...) {
		if s.Fails(other) {
			steps = s.Shrink(other)
			break
		}
	}
	steps = s.unflood(steps)
	for range 3 { // repeated, since a deletion at an equal stamp first becomes a plain deletion
		again := false
		for _, other := range s.others(steps) {
			if broken, ok := s.Breaks(other); ok && s.isMoreGeneral(broken) {
				s.Law = broken
				steps, again = s.Shrink(other), true
				break
			}
		}
		if !again {
			break
		}
	}
	return steps
}

// isMoreGeneral reports whether l is a better law to report than the shrinker's law. The law l was
// broken by a schedule that should not break the shrinker's law. Laws about stored fields come
// before laws about answers.
func (s *Shrinker) isMoreGeneral(l law.Law) bool {
	switch s.Law {
	case law.Outcome, law.Lost, law.Note:
		return l.OfField() && l != law.Counted
	}
	return l != s.Law
}

// others returns schedules that should not break the shrinker's law.
func (s *Shrinker) others(steps []Step) [][]Step {
	switch s.Law {
	case law.Kind, law.Value:
		return append(s.spaced(steps), s.ofTwo(steps)...)
	case law.Counter, law.Client:
		return s.spaced(steps)
	case law.Tombstone, law.Revive, law.Four:
		return [][]Step{s.undeleted(steps, true), s.undeleted(steps, false)}
	case law.Blind:
		return append(s.alone(steps), s.ahead(steps))
	case law.Neighbours, law.Outcome, law.Lost, law.Note:
		return s.alone(steps)
	case law.Counted, law.ClientCounts:
		return s.uncounted(steps)
	}
	return nil
}

// spaced returns the steps with a wait after each: once with the clocks as they are, and three times with
// wrong clocks, so that the devices write in either order, within a second or not.
func (s *Shrinker) spaced(steps []Step) [][]Step {
	var apart, rising, falling, within []Step
	g := s.Domain.Grammar
	for _, x := range steps {
		for _, y := range s.single(x) {
			apart = append(apart, y, g.Wait(time.Millisecond))
		}
	}
	for i := range People() {
		by := time.Duration(i) * time.Second
		rising = append(rising, g.Clock(i, by-time.Minute))
		falling = append(falling, g.Clock(i, -by))
		within = append(within, g.Clock(i, time.Second/2-by/50))
	}
	others := slices.DeleteFunc(slices.Clone(apart), func(x Step) bool { return x.Is("clones") })
	return [][]Step{apart, append(rising, others...), append(falling, others...), append(within, others...)}
}

// unflood replaces floods with single edits, if a few of them are enough.
func (s *Shrinker) unflood(steps []Step) []Step {
	var other []Step
	for _, x := range steps {
		other = append(other, s.single(x)...)
	}
	const few = 3
	named := s.Law
	if slices.ContainsFunc(steps, func(x Step) bool { return x.Kind.Apart != nil }) && s.Fails(other) {
		if plain := s.Shrink(other); len(plain) <= len(steps)+few {
			return plain
		}
	}
	s.Law = named
	return steps
}

// single returns the distinct single edits of a flood, and any other step unchanged.
func (s *Shrinker) single(x Step) []Step {
	if x.Kind.Apart == nil {
		return []Step{x}
	}
	return x.Kind.Apart(s.Domain.Grammar, s.Domain, x)
}

// ahead returns the steps with the devices' clocks ahead, instead of leaving the server's clock unset. A
// server that never looks at the time accepts stamps in both cases.
func (s *Shrinker) ahead(steps []Step) (others []Step) {
	for i := range People() {
		others = append(others, s.Domain.Grammar.Clock(i, 1000*time.Hour))
	}
	for _, x := range steps {
		if !x.Is("forgets-time") {
			others = append(others, x)
		}
	}
	return others
}

// calm returns schedules in which the edits within a storm happen before or after the push
// instead: up to three edits of the same field.
func (s *Shrinker) calm(steps []Step) (others [][]Step) {
	for i, x := range steps {
		if !x.Manner.Storms {
			continue
		}
		g := s.Domain.Grammar
		edit := g.Edits(x.Manner.Whom, s.Domain.IDs[0], Assignment{s.Domain.Names[0], "deleted"})
		for _, y := range steps[:i] {
			if y.Who == x.Who && len(y.Sets) > 0 {
				edit.ID, edit.Sets = y.ID, []Assignment{{y.Sets[0].Name, "deleted"}}
			}
		}
		again, push := edit, g.Pushes(x.Manner.Whom)
		again.Sets = []Assignment{{edit.Sets[0].Name, cmp.Or(append(s.Domain.Fields[edit.Sets[0].Name], "1")...)}}
		x.Manner.Storms = false
		for _, within := range [][]Step{{edit, push}, {edit, again, push}, {edit, again, edit, push}} {
			others = append(others, slices.Concat(steps[:i], within, []Step{x}, steps[i+1:]), slices.Concat(steps[:i], []Step{x}, within, steps[i+1:]))
		}
	}
	return others
}

// alone returns schedules with one step left out, or with a valid item in place of an invalid one.
// If a valid item is refused even then, its neighbour is not to blame.
func (s *Shrinker) alone(steps []Step) (others [][]Step) {
	for i, x := range steps {
		others = append(others, slices.Concat(steps[:i], steps[i+1:]))
		if x.Is("spoils") {
			x = s.Domain.Grammar.Edits(x.Who, x.ID, x.Sets...)
			others = append(others, slices.Concat(steps[:i], []Step{x}, steps[i+1:]))
		}
	}
	return others
}

// ofTwo returns schedules in which two devices use the stamps that one device used twice. Where a
// device became a copy or was restored, another device takes over its later steps, or its earlier
// ones.
func (s *Shrinker) ofTwo(steps []Step) (others [][]Step) {
	by := func(steps []Step, who, other int) (all []Step) {
		for _, x := range steps {
			if x.Who == who {
				x.Who = other
			}
			all = append(all, x)
		}
		return all
	}
	for i, x := range steps {
		if !x.Is("clones") && (!x.Is("is-restored") || x.Who == Server) {
			continue
		}
		before, after := steps[:i], steps[i+1:]
		for other := range s.Domain.Devices {
			others = append(others, slices.Concat(before, by(after, x.Who, other)), slices.Concat(by(before, x.Who, other), after))
		}
	}
	return others
}

// undeleted returns the steps with values in place of deletions and nulls. If all is set, it also
// replaces deletions and restores of records.
func (s *Shrinker) undeleted(steps []Step, all bool) (others []Step) {
	first := s.Domain.Names[0]
	for _, x := range steps {
		sets := x.Sets
		if all && (x.Is("deletes") || x.Is("restores")) {
			x.Kind, sets = s.Domain.Grammar.Kind(OfDevice, "edits"), []Assignment{{first, s.Domain.Fields[first][0]}}
		}
		x.Sets = nil
		for _, a := range sets {
			if values := s.Domain.Fields[a.Name]; len(values) > 0 && (a.Value == "deleted" || a.Value == "null") {
				a.Value = values[len(values)-1]
			}
			x.Sets = append(x.Sets, a)
		}
		others = append(others, x)
	}
	return others
}
