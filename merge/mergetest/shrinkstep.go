package mergetest

import (
	"slices"
	"time"
)

// plainer returns what is a little plainer than s, mostly one step. Each is smaller by some
// measure that ends.
func (s step) plainer() [][]step {
	return slices.Concat(s.fewerSets(), s.plainerPush(), s.smaller())
}

// with returns the step with a change.
func (s step) with(change func(*step)) []step {
	change(&s)
	return []step{s}
}

// fewerSets writes less.
func (s step) fewerSets() (all [][]step) {
	for i := range s.sets {
		if len(s.sets) > 1 {
			all = append(all, s.with(func(p *step) { p.sets = slices.Delete(slices.Clone(s.sets), i, i+1) }))
		}
	}
	for i, a := range s.sets {
		if len(a.value) > 40 {
			all = append(all, s.with(func(p *step) { p.sets = slices.Clone(s.sets); p.sets[i].value = "1" }))
		}
	}
	return all
}

// plainerPush leaves out, or makes plainer, what happens to a push.
func (s step) plainerPush() (all [][]step) {
	for i, f := range s.push.flags() {
		if *f.on {
			all = append(all, s.with(func(p *step) { *p.push.flags()[i].on = false }))
		}
	}
	if s.push.dies > 0 {
		all = append(all, s.killed())
	}
	if s.push.at > 0 {
		all = append(all, s.with(func(p *step) { p.push.at = 0 }), s.apart())
	}
	if s.push.dies > 1 {
		all = append(all, s.with(func(p *step) { p.push.dies-- }))
	}
	if s.push.at > 1 {
		all = append(all, s.with(func(p *step) { p.push.at-- }))
	}
	for i, place := range s.push.places() {
		if *place.at > 0 {
			all = append(all, s.with(func(p *step) { *p.push.places()[i].at = 0 }), s.with(func(p *step) { *p.push.places()[i].at /= 2 }))
		}
	}
	if s.push.storms {
		all = append(all, s.with(func(p *step) { p.push.storms = false }), s.with(func(p *step) { p.push.storms, p.push.at = false, 1 }))
	}
	return all
}

// smaller makes numbers and times smaller.
func (s step) smaller() (all [][]step) {
	for n := 1; s.verb == "floods" && s.n > 20 && n <= 20; n++ {
		all = append(all, s.with(func(p *step) { p.n = n }))
	}
	if s.n > 0 {
		all = append(all, s.with(func(p *step) { p.n /= 2 }), s.with(func(p *step) { p.n-- }))
	}
	if s.verb == "adds" {
		all = append(all, s.with(func(p *step) { p.verb = "edits" }))
	}
	for _, by := range []time.Duration{time.Millisecond, time.Second, time.Minute, time.Hour} {
		if s.verb == "wait" && s.by > by {
			all = append(all, s.with(func(p *step) { p.by = by }))
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
