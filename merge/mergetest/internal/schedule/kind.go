package schedule

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind is a kind of step: how it reads, how it is drawn, what follows it, and how it shrinks.
// Whatever is nil is not needed.
type Kind struct {
	Name    string
	Who     Actor
	Args    []Argument
	Request bool // a push or a pull: a manner may follow its text

	Draw   func(d *Dice, s *Step)                   // draws its arguments; who and id are drawn before
	Begin  func(d *Dice) []Step                     // what a schedule begins with
	End    func(d *Dice, steps []Step) []Step       // changes a schedule in the end
	Follow func(f Follow) []Step                    // what follows a step that was drawn
	OneIn  int                                      // follow is asked after one of so many steps; 0 means after each
	Bulk   bool                                     // the size of a batch matters
	Apart  func(g Grammar, o Domain, s Step) []Step // single edits in its place

	Plainer func(g Grammar, s Step) [][]Step // besides what its arguments do
}

// Actor says whose a step is.
type Actor int

// A step is that of a device, of the server, or of neither.
const (
	OfDevice Actor = iota
	OfServer
	OfNone
)

func actorOf(who int) Actor {
	switch who {
	case Server:
		return OfServer
	case none:
		return OfNone
	}
	return OfDevice
}

// hasID reports whether steps of this kind name a record.
func (k *Kind) hasID() bool {
	return slices.ContainsFunc(k.Args, func(a Argument) bool { return a.isID })
}

var errStep = errors.New("no such step")

// Grammar is all kinds of steps.
type Grammar []*Kind

// Kind returns the kind with that name, or nil.
func (g Grammar) Kind(a Actor, name string) *Kind {
	i := slices.IndexFunc(g, func(k *Kind) bool { return k.Who == a && k.Name == name })
	if i < 0 {
		return nil
	}
	return g[i]
}

// ParseSteps reads the steps of a schedule.
func (g Grammar) ParseSteps(lines []string) ([]Step, error) {
	steps := make([]Step, len(lines))
	for i, line := range lines {
		var err error
		if steps[i], err = g.ParseStep(line); err != nil {
			return nil, fmt.Errorf("mergetest: step %d, %q: %w", i+1, line, err)
		}
	}
	return steps, nil
}

// ParseStep reads a step from its text.
func (g Grammar) ParseStep(line string) (s Step, err error) {
	head, tail, _ := strings.Cut(line, ", ")
	words := strings.Fields(head)
	if len(words) == 0 {
		return s, errStep
	}
	s = Step{Who: none, Kind: g.Kind(OfNone, words[0])}
	if s.Kind == nil {
		s.Who = slices.Index(People(), words[0])
		if s.Who < 0 && words[0] != "server" {
			return s, fmt.Errorf("%w: who is %q?", errStep, words[0])
		}
		if words = words[1:]; len(words) > 0 {
			s.Kind = g.Kind(actorOf(s.Who), words[0])
		}
	}
	if s.Kind == nil || tail != "" && !s.Request {
		return s, errStep
	}
	if err := s.parseArgs(words[1:]); err != nil || tail == "" {
		return s, err
	}
	return s, s.Manner.parse(strings.Split(tail, ", "))
}

// parseArgs reads what follows the name of the kind.
func (s *Step) parseArgs(words []string) error {
	more := len(words)
	for _, a := range s.Args {
		more -= a.least
	}
	for _, a := range s.Args {
		n := a.least
		if a.many {
			n, more = n+max(more, 0), 0
		}
		if n > len(words) {
			return errStep
		}
		if err := a.read(s, words[:n]); err != nil {
			return err
		}
		words = words[n:]
	}
	if len(words) > 0 {
		return errStep
	}
	return nil
}

// Plainer returns what is a little plainer than s, mostly one step. Each is smaller by some
// measure that ends.
func (g Grammar) Plainer(s Step) (all [][]Step) {
	for _, a := range s.Args {
		if a.Plainer != nil {
			all = append(all, a.Plainer(s)...)
		}
	}
	if s.Kind.Plainer != nil {
		all = append(all, s.Kind.Plainer(g, s)...)
	}
	return append(all, g.plainerManner(s)...)
}

// with returns the step with a change.
func (s Step) with(change func(*Step)) []Step {
	change(&s)
	return []Step{s}
}

// Step returns a step without arguments.
func (g Grammar) Step(who int, name string) Step {
	return Step{Who: who, Kind: g.Kind(actorOf(who), name)}
}

// Wait is a time in which nothing happens.
func (g Grammar) Wait(by time.Duration) Step {
	s := g.Step(none, "wait")
	s.By = by
	return s
}

// Clock sets the clock of a device.
func (g Grammar) Clock(who int, by time.Duration) Step {
	s := g.Step(who, "clock")
	s.By = by
	return s
}

// Edits is an edit of a record.
func (g Grammar) Edits(who int, id string, sets ...Assignment) Step {
	s := g.Step(who, "edits")
	s.ID, s.Sets = id, sets
	return s
}

// Pushes is a push of a device.
func (g Grammar) Pushes(who int) Step { return g.Step(who, "pushes") }

// Pulls is a pull of a device.
func (g Grammar) Pulls(who int) Step { return g.Step(who, "pulls") }

// Resends is the n-th last push of a device once more, from 0.
func (g Grammar) Resends(who, n int) Step {
	s := g.Step(who, "resends")
	s.N = n
	return s
}
