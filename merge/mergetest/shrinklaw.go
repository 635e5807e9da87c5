package mergetest

import "time"

// The first law that a schedule breaks may have nothing to do with the mistake: whoever keeps
// the first write breaks each part of the rule. So something plainer is tried in the end.

// generalize returns a schedule that breaks a more general law, if there is one: if the same is
// broken where no two stamps share a millisecond, or where nothing is deleted and nothing null.
func (s *shrinker) generalize(steps []step) []step {
	for range 3 { // a deletion at an equal stamp is a deletion first
		again := false
		for _, other := range s.others(steps) {
			w, err := run(s.create, s.o, scenario{steps: other})
			if err == nil && w.breach != nil && w.breach.law != s.law {
				s.law = w.breach.law
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

// others returns schedules in which the law that is broken should not be.
func (s *shrinker) others(steps []step) [][]step {
	switch s.law {
	case lawCounter, lawClient, lawKind, lawValue:
		return s.spaced(steps)
	case lawTombstone, lawRevive, lawFour:
		return [][]step{s.undeleted(steps)}
	}
	return nil
}

// spaced returns the steps with a pause after each: as they are, and with clocks that are wrong
// so that the devices write in either order.
func (s *shrinker) spaced(steps []step) [][]step {
	var apart, rising, falling []step
	for _, x := range steps {
		for _, y := range s.single(x) {
			apart = append(apart, y, step{who: nobody, verb: "wait", by: time.Millisecond})
		}
	}
	for i := range people() {
		by := time.Duration(i) * time.Second
		rising = append(rising, step{who: i, verb: "clock", by: by - time.Minute})
		falling = append(falling, step{who: i, verb: "clock", by: -by})
	}
	return [][]step{apart, append(rising, apart...), append(falling, apart...)}
}

// single returns the edits of a small flood, or a step as it is.
func (s *shrinker) single(x step) (all []step) {
	if x.verb != "floods" || x.n > 20 {
		return []step{x}
	}
	for i := range x.n {
		name := s.o.names[i%len(s.o.names)]
		values := s.o.Fields[name]
		value := values[i/len(s.o.names)%len(values)]
		all = append(all, step{who: x.who, verb: "edits", id: x.id, sets: []assignment{{name, value}}})
	}
	return all
}

// undeleted returns the steps with values in the place of deletions and null.
func (s *shrinker) undeleted(steps []step) (others []step) {
	first := s.o.names[0]
	for _, x := range steps {
		sets := x.sets
		if x.verb == "deletes" || x.verb == "restores" {
			x.verb, sets = "edits", []assignment{{first, s.o.Fields[first][0]}}
		}
		x.sets = nil
		for _, a := range sets {
			if values := s.o.Fields[a.name]; len(values) > 0 && (a.value == "deleted" || a.value == "null") {
				a.value = values[len(values)-1]
			}
			x.sets = append(x.sets, a)
		}
		others = append(others, x)
	}
	return others
}
