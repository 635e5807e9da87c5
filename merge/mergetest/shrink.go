package mergetest

import (
	"slices"
	"time"
)

// shrinker makes a schedule smaller that breaks a law, by leaving steps out and making
// the others plainer, as long as the same law is broken.
type shrinker struct {
	create newBackend
	o      domain
	law    law
	left   int // how many runs it may still make
}

// fails reports whether the steps break the law. That a restart or a meeting is to blame
// is a guess as long as something else happens as well; then any law will do.
func (s *shrinker) fails(steps []step) bool {
	if s.left == 0 {
		return false
	}
	s.left--
	w, err := run(s.create, s.o, scenario{steps: steps})
	if err != nil || w.breach == nil {
		return false
	}
	guessed := s.law == lawDurable || s.law == lawMeet
	if l := w.breach.law; guessed && l >= lawLater && l <= lawInvented {
		s.law = w.breach.law
	}
	return s.law == w.breach.law
}

// shrink returns steps of which none can be left out or made plainer.
func (s *shrinker) shrink(steps []step) []step {
	for {
		before := len(steps)
		steps = s.drop(steps)
		plainer := false
		steps, plainer = s.plainer(steps)
		if len(steps) == before && !plainer || s.left == 0 {
			return steps
		}
	}
}

// drop leaves out parts of steps, large ones first, and from the end.
func (s *shrinker) drop(steps []step) []step {
	for size := (len(steps) + 1) / 2; size > 0; size /= 2 {
		for end := len(steps); end > 0; end -= size {
			less := slices.Concat(steps[:max(0, end-size)], steps[end:])
			if s.fails(less) {
				steps = less
			}
		}
	}
	return steps
}

// plainer makes single steps plainer.
func (s *shrinker) plainer(steps []step) (_ []step, changed bool) {
	for i := range steps {
		for again := true; again; {
			again = false
			for _, p := range steps[i].plainer() {
				less := slices.Concat(steps[:i], p, steps[i+1:])
				if s.fails(less) {
					steps, again, changed = less, len(p) == 1, true
					break
				}
			}
		}
	}
	return steps, changed
}

// plainer returns what is a little plainer than s, mostly one step. Each is smaller by some
// measure that ends.
func (s step) plainer() (all [][]step) {
	with := func(change func(*step)) {
		p := s
		change(&p)
		all = append(all, []step{p})
	}
	for i := range s.sets {
		if len(s.sets) > 1 {
			with(func(p *step) { p.sets = slices.Delete(slices.Clone(s.sets), i, i+1) })
		}
	}
	for i, a := range s.sets {
		if len(a.value) > 40 {
			with(func(p *step) { p.sets = slices.Clone(s.sets); p.sets[i].value = "1" })
		}
	}
	for i, f := range s.push.flags() {
		if *f.on {
			with(func(p *step) { *p.push.flags()[i].on = false })
		}
	}
	if s.push.dies > 0 {
		all = append(all, s.killed())
	}
	if s.push.at > 0 {
		with(func(p *step) { p.push.at = 0 })
		all = append(all, s.apart())
	}
	if s.push.dies > 1 {
		with(func(p *step) { p.push.dies-- })
	}
	if s.push.at > 1 {
		with(func(p *step) { p.push.at-- })
	}
	if s.n > 0 {
		with(func(p *step) { p.n /= 2 })
		with(func(p *step) { p.n-- })
	}
	for i, place := range s.push.places() {
		if *place.at > 0 {
			with(func(p *step) { *p.push.places()[i].at = 0 })
			with(func(p *step) { *p.push.places()[i].at /= 2 })
		}
	}
	if s.push.storms {
		with(func(p *step) { p.push.storms = false })
		with(func(p *step) { p.push.storms, p.push.at = false, 1 })
	}
	for _, by := range []time.Duration{time.Millisecond, time.Second, time.Minute, time.Hour} {
		if s.verb == "wait" && s.by > by {
			with(func(p *step) { p.by = by })
		}
	}
	return all
}

// apart returns the step with what happened within it before and after it.
func (s step) apart() []step {
	within := []step{{who: s.push.whom, verb: "pushes"}, {who: s.push.whom, verb: "pulls"}}
	s.push.at = 0
	return append(within, s, within[0], within[1])
}

// killed returns the step with a restart after it, instead of a crash within it.
func (s step) killed() []step {
	s.push.dies, s.push.lost = 0, true
	return []step{s, {who: server, verb: "restarts"}}
}
