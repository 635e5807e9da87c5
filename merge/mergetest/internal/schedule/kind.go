package schedule

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind is a kind of step: how it is written and drawn, what follows it, and how it shrinks.
// Its functions may be nil.
type Kind struct {
	Name    string
	Who     Actor
	Args    []Argument
	Request bool // a push or a pull, whose text may end with a manner

	Draw   func(d *Dice, s *Step)                   // draws its arguments; Who and ID are drawn before
	Begin  func(d *Dice) []Step                     // the steps at the beginning of a schedule
	End    func(d *Dice, steps []Step) []Step       // changes a complete schedule
	Follow func(f Follow) []Step                    // the steps that follow a drawn step
	OneIn  int                                      // Follow is called after one in OneIn steps; 0 means after each
	Bulk   bool                                     // the size of the batch matters
	Apart  func(g Grammar, o Domain, s Step) []Step // the single edits that make up the step

	Plainer func(g Grammar, s Step) [][]Step // smaller variants, besides the variants of its arguments
}

// Actor says who takes a step.
type Actor int

// A step is taken by a device, by the server, or by neither.
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

var errStep = errors.New("not a step of mergetest.Schedule")

// Grammar contains all kinds of steps.
type Grammar []*Kind

// Kind returns the kind with the given name, or nil.
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
			return s, fmt.Errorf("%w: there is no device %q", errStep, words[0])
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
	return s, s.Manner.parse(g, strings.Split(tail, ", "))
}

// parseArgs reads the words after the name of the kind.
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

// Plainer returns replacements for s that are a little plainer, most of them a single step. Each is
// smaller than s by some measure, so repeated replacement ends.
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

// with returns the step after a change.
func (s Step) with(change func(*Step)) []Step {
	change(&s)
	return []Step{s}
}

// Step returns a step without arguments.
func (g Grammar) Step(who int, name string) Step {
	return Step{Who: who, Kind: g.Kind(actorOf(who), name)}
}

// Wait returns a wait.
func (g Grammar) Wait(by time.Duration) Step {
	s := g.Step(none, "wait")
	s.By = by
	return s
}

// Clock returns a step that sets the clock of a device.
func (g Grammar) Clock(who int, by time.Duration) Step {
	s := g.Step(who, "clock")
	s.By = by
	return s
}

// Edits returns an edit of a record.
func (g Grammar) Edits(who int, id string, sets ...Assignment) Step {
	s := g.Step(who, "edits")
	s.ID, s.Sets = id, sets
	return s
}

// Pushes returns a push of a device.
func (g Grammar) Pushes(who int) Step { return g.Step(who, "pushes") }

// Pulls returns a pull of a device.
func (g Grammar) Pulls(who int) Step { return g.Step(who, "pulls") }

// Resends returns a step that repeats the n-th last push of a device, counted from 0.
func (g Grammar) Resends(who, n int) Step {
	s := g.Step(who, "resends")
	s.N = n
	return s
}
