package mergetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// kind is a kind of step: how it reads, how it is drawn, what follows it, and how it shrinks.
// Whatever is nil is not needed.
type kind struct {
	name    string
	who     actor
	args    []argument
	request bool // a push or a pull: a manner may follow its text

	draw   func(d *dice, s *step)                   // draws its arguments; who and id are drawn before
	begin  func(d *dice) []step                     // what a schedule begins with
	end    func(d *dice, steps []step) []step       // changes a schedule in the end
	follow func(f follow) []step                    // what follows a step that was drawn
	oneIn  int                                      // follow is asked after one of so many steps; 0 means after each
	many   bool                                     // the size of a batch matters
	apart  func(g grammar, o domain, s step) []step // single edits in its place

	plainer func(g grammar, s step) [][]step // besides what its arguments do
}

// actor is whose step it is.
type actor int

const (
	ofDevice actor = iota
	ofServer
	ofNobody
)

func actorOf(who int) actor {
	switch who {
	case server:
		return ofServer
	case nobody:
		return ofNobody
	}
	return ofDevice
}

// hasID reports whether steps of this kind name a record.
func (k *kind) hasID() bool {
	return slices.ContainsFunc(k.args, func(a argument) bool { return a.isID })
}

var errStep = errors.New("no such step")

// grammar is all kinds of steps.
type grammar []*kind

// kind returns the kind with that name, or nil.
func (g grammar) kind(a actor, name string) *kind {
	i := slices.IndexFunc(g, func(k *kind) bool { return k.who == a && k.name == name })
	if i < 0 {
		return nil
	}
	return g[i]
}

// parseSteps reads the steps of a schedule.
func (g grammar) parseSteps(lines []string) ([]step, error) {
	steps := make([]step, len(lines))
	for i, line := range lines {
		var err error
		if steps[i], err = g.parseStep(line); err != nil {
			return nil, fmt.Errorf("mergetest: step %d, %q: %w", i+1, line, err)
		}
	}
	return steps, nil
}

func (g grammar) parseStep(line string) (s step, err error) {
	head, tail, _ := strings.Cut(line, ", ")
	words := strings.Fields(head)
	if len(words) == 0 {
		return s, errStep
	}
	s = step{who: nobody, kind: g.kind(ofNobody, words[0])}
	if s.kind == nil {
		s.who = slices.Index(people(), words[0])
		if s.who < 0 && words[0] != "server" {
			return s, fmt.Errorf("%w: who is %q?", errStep, words[0])
		}
		if words = words[1:]; len(words) > 0 {
			s.kind = g.kind(actorOf(s.who), words[0])
		}
	}
	if s.kind == nil || tail != "" && !s.request {
		return s, errStep
	}
	if err := s.parseArgs(words[1:]); err != nil || tail == "" {
		return s, err
	}
	return s, s.push.parse(strings.Split(tail, ", "))
}

// parseArgs reads what follows the name of the kind.
func (s *step) parseArgs(words []string) error {
	more := len(words)
	for _, a := range s.args {
		more -= a.least
	}
	for _, a := range s.args {
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

// plainer returns what is a little plainer than s, mostly one step. Each is smaller by some
// measure that ends.
func (g grammar) plainer(s step) (all [][]step) {
	for _, a := range s.args {
		if a.plainer != nil {
			all = append(all, a.plainer(s)...)
		}
	}
	if s.kind.plainer != nil {
		all = append(all, s.kind.plainer(g, s)...)
	}
	return append(all, g.plainerManner(s)...)
}

// with returns the step with a change.
func (s step) with(change func(*step)) []step {
	change(&s)
	return []step{s}
}

// step returns a step without arguments.
func (g grammar) step(who int, name string) step {
	return step{who: who, kind: g.kind(actorOf(who), name)}
}

func (g grammar) wait(by time.Duration) step {
	s := g.step(nobody, "wait")
	s.by = by
	return s
}

func (g grammar) clock(who int, by time.Duration) step {
	s := g.step(who, "clock")
	s.by = by
	return s
}

func (g grammar) edits(who int, id string, sets ...assignment) step {
	s := g.step(who, "edits")
	s.id, s.sets = id, sets
	return s
}

func (g grammar) pushes(who int) step { return g.step(who, "pushes") }

func (g grammar) pulls(who int) step { return g.step(who, "pulls") }

func (g grammar) resends(who, n int) step {
	s := g.step(who, "resends")
	s.n = n
	return s
}
