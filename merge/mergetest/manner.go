package mergetest

import (
	"fmt"
	"strconv"
	"strings"
)

// manner is how a push or a pull goes.
type manner struct {
	lost      bool // the answer does not arrive
	closed    bool // a Client is closed and opened again between two pages
	twice     bool // the network delivers it twice
	reversed  bool // the items come in reverse
	last      bool // the last item overtakes the others
	doubled   bool // all items are in the batch twice
	meanwhile bool // its user edits before the answer arrives, if it is a Client
	spelled   bool // the batch has another spelling than the canonical one
	storms    bool // another device edits the same and pushes, in every pause
	unread    bool // nobody pulls after it
	dies      int  // the crash point at which the server dies, from 1
	at        int  // the pause in which another device syncs, from 1; within a pull also between two pages
	whom      int  // that device
	garbled   int  // the byte that is garbled in a copy that comes first, from 1
	cut       int  // the byte before which a copy ends that comes first, from 1
}

// String returns the flags as they stand behind a step.
func (m manner) String() string {
	var b strings.Builder
	for _, flag := range m.flags() {
		if *flag.on {
			b.WriteString(", " + flag.text)
		}
	}
	for _, place := range m.places() {
		if *place.at > 0 {
			fmt.Fprintf(&b, ", %s at %d", place.text, *place.at)
		}
	}
	if m.at > 0 {
		fmt.Fprintf(&b, ", %s syncs at %d", people()[m.whom], m.at)
	}
	if m.storms {
		fmt.Fprintf(&b, ", %s storms", people()[m.whom])
	}
	return b.String()
}

type flag struct {
	text string
	on   *bool
}

func (m *manner) flags() []flag {
	return []flag{
		{"answer lost", &m.lost}, {"closed between pages", &m.closed}, {"twice", &m.twice}, {"reversed", &m.reversed}, {"last only", &m.last},
		{"doubled", &m.doubled}, {"edits meanwhile", &m.meanwhile}, {"spelled otherwise", &m.spelled}, {"unread", &m.unread},
	}
}

// place is where something happens, counted from 1.
type place struct {
	text string
	at   *int
}

func (m *manner) places() []place {
	return []place{{"server dies", &m.dies}, {"garbled", &m.garbled}, {"cut", &m.cut}}
}

func (m *manner) parse(parts []string) (err error) {
	for _, part := range parts {
		if m.parseFlag(part) {
			continue
		}
		words := strings.Fields(part)
		if len(words) == 2 && words[1] == "storms" {
			m.storms = true
			m.whom, err = person(words[0])
		} else {
			err = m.parsePlace(words)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *manner) parseFlag(part string) bool {
	for _, flag := range m.flags() {
		if flag.text == part {
			*flag.on = true
			return true
		}
	}
	return false
}

// parsePlace reads what happens at some place: ben syncs at 1.
func (m *manner) parsePlace(words []string) error {
	last := len(words) - 1
	if last < 2 || words[last-1] != "at" {
		return errStep
	}
	n, err := strconv.Atoi(words[last])
	if err != nil || n < 1 {
		return errStep
	}
	what := strings.Join(words[:last-1], " ")
	for _, place := range m.places() {
		if place.text == what {
			*place.at = n
			return nil
		}
	}
	if len(words) != 4 || words[1] != "syncs" {
		return errStep
	}
	m.at = n
	m.whom, err = person(words[0])
	return err
}

// plainer returns steps in which the request goes more plainly.
func (g grammar) plainerManner(s step) (all [][]step) {
	for i, f := range s.push.flags() {
		if *f.on {
			all = append(all, s.with(func(p *step) { *p.push.flags()[i].on = false }))
		}
	}
	if s.push.dies > 0 {
		all = append(all, g.killed(s))
	}
	if s.push.at > 0 {
		all = append(all, s.with(func(p *step) { p.push.at = 0 }), g.apart(s))
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

// apart returns the step with the requests of the other device before and after it instead of within it.
func (g grammar) apart(s step) []step {
	other := s.push.whom
	s.push.at = 0
	return []step{g.pushes(other), g.pulls(other), s, g.pushes(other), g.pulls(other)}
}

// killed returns the step with a restart after it, instead of a crash within it.
func (g grammar) killed(s step) []step {
	s.push.dies, s.push.lost = 0, true
	return []step{s, g.step(server, "restarts")}
}
