package schedule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Manner tells how a push or a pull happens.
type Manner struct {
	Lost      bool // the answer does not arrive
	Closed    bool // a Client is closed and opened again between two pages
	Twice     bool // the network delivers the batch twice
	Reversed  bool // the items are in reverse order
	Last      bool // the last item overtakes the others
	Doubled   bool // all items are in the batch twice
	Meanwhile bool // the user of a Client edits before the answer arrives
	Spelled   bool // the batch is not in the canonical spelling
	Storms    bool // another device edits the same field and pushes, in every pause
	Unread    bool // no device pulls after the push
	Dies      int  // the crash point at which the server dies, counted from 1
	Fails     int  // the crash point at which the commit fails and the process goes on, counted from 1
	At        int  // the pause in which another device syncs, counted from 1; in a pull, the gap between two pages is a pause too
	Whom      int  // the device of At or Storms
	Garbled   int  // the byte that is garbled in a copy that arrives first, counted from 1
	Cut       int  // the byte before which a copy that arrives first is cut off, counted from 1
	Within    []Event
}

// String returns the manner as it is written after a step.
func (m Manner) String() string {
	var b strings.Builder
	for _, flag := range m.Flags() {
		if *flag.On {
			b.WriteString(", " + flag.Text)
		}
	}
	for _, place := range m.places() {
		if *place.at > 0 {
			fmt.Fprintf(&b, ", %s at %d", place.text, *place.at)
		}
	}
	if m.At > 0 {
		fmt.Fprintf(&b, ", %s syncs at %d", People()[m.Whom], m.At)
	}
	if m.Storms {
		fmt.Fprintf(&b, ", %s storms", People()[m.Whom])
	}
	for _, e := range m.Within {
		fmt.Fprintf(&b, ", %v at %d", e.Step, e.At)
	}
	return b.String()
}

// Flag is a property that a request has or lacks.
type Flag struct {
	Text string
	On   *bool
}

// Flags returns the flags of a request. Setting one changes m.
func (m *Manner) Flags() []Flag {
	return []Flag{
		{"answer lost", &m.Lost}, {"closed between pages", &m.Closed}, {"twice", &m.Twice}, {"reversed", &m.Reversed}, {"last only", &m.Last},
		{"doubled", &m.Doubled}, {"edits meanwhile", &m.Meanwhile}, {"spelled otherwise", &m.Spelled}, {"unread", &m.Unread},
	}
}

// place is a place at which something happens, counted from 1.
type place struct {
	text string
	at   *int
}

func (m *Manner) places() []place {
	return []place{{"server dies", &m.Dies}, {"commit fails", &m.Fails}, {"garbled", &m.Garbled}, {"cut", &m.Cut}}
}

func (m *Manner) parse(g Grammar, parts []string) (err error) {
	for _, part := range parts {
		if m.parseFlag(part) {
			continue
		}
		words := strings.Fields(part)
		if len(words) == 2 && words[1] == "storms" {
			m.Storms = true
			m.Whom, err = person(words[0])
		} else {
			err = m.parsePlace(g, words)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *Manner) parseFlag(part string) bool {
	for _, flag := range m.Flags() {
		if flag.Text == part {
			*flag.On = true
			return true
		}
	}
	return false
}

// parsePlace reads an event at a place, such as "ben syncs at 1" or "ben leaves a at 2".
func (m *Manner) parsePlace(g Grammar, words []string) error {
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
		s, err := g.ParseStep(what)
		m.Within = append(m.Within, Event{n, s})
		return err
	}
	m.At = n
	m.Whom, err = person(words[0])
	return err
}

// plainerManner returns steps with a plainer manner.
func (g Grammar) plainerManner(s Step) (all [][]Step) {
	for i, f := range s.Manner.Flags() {
		if *f.On {
			all = append(all, s.with(func(p *Step) { *p.Manner.Flags()[i].On = false }))
		}
	}
	if s.Manner.Dies > 0 {
		all = append(all, g.killed(s))
	}
	if s.Manner.At > 0 {
		all = append(all, s.with(func(p *Step) { p.Manner.At = 0 }), g.apart(s))
	}
	if s.Manner.Dies > 1 {
		all = append(all, s.with(func(p *Step) { p.Manner.Dies-- }))
	}
	if s.Manner.Fails > 1 {
		all = append(all, s.with(func(p *Step) { p.Manner.Fails-- }))
	}
	if s.Manner.At > 1 {
		all = append(all, s.with(func(p *Step) { p.Manner.At-- }))
	}
	for i, place := range s.Manner.places() {
		if *place.at > 0 {
			all = append(all, s.with(func(p *Step) { *p.Manner.places()[i].at = 0 }), s.with(func(p *Step) { *p.Manner.places()[i].at /= 2 }))
		}
	}
	for i, e := range s.Manner.Within {
		less := s.with(func(p *Step) { p.Manner.Within = slices.Delete(slices.Clone(p.Manner.Within), i, i+1) })
		all = append(all, less, slices.Concat(less, []Step{e.Step}), append([]Step{e.Step}, less...))
		if e.At > 1 {
			all = append(all, s.with(func(p *Step) { p.Manner.Within = slices.Clone(p.Manner.Within); p.Manner.Within[i].At-- }))
		}
	}
	if s.Manner.Storms {
		all = append(all, s.with(func(p *Step) { p.Manner.Storms = false }), s.with(func(p *Step) { p.Manner.Storms, p.Manner.At = false, 1 }))
	}
	return all
}

// apart returns the step with the requests of the other device before and after it, instead of
// within it.
func (g Grammar) apart(s Step) []Step {
	other := s.Manner.Whom
	s.Manner.At = 0
	return []Step{g.Pushes(other), g.Pulls(other), s, g.Pushes(other), g.Pulls(other)}
}

// killed returns the step with a restart after it, instead of a crash within it.
func (g Grammar) killed(s Step) []Step {
	s.Manner.Dies, s.Manner.Lost = 0, true
	return []Step{s, g.Step(Server, "restarts")}
}
