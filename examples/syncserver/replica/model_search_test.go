package replica_test

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/fieldlww/fieldlww/record"
)

// modelScope says what can happen in a search, and how often.
type modelScope struct {
	level  int
	edits  int   // of both clients together
	kinds  []int // of edits; nil means all
	outbox int   // the items that may wait in an outbox; 0 means 1
	batch  int   // the items of one push; 0 means 1

	others   bool     // another record may be written once, with a stamp above all others
	samples  bool     // a sample may be older than the fence that it becomes
	portions bool     // the answer to a pull may break off after a chunk
	copies   bool     // a push may be delivered once more
	levelUp  bool     // the level may rise to 2
	restore  bool     // the server may be restored once
	newcomer bool     // client B has never pulled
	live     bool     // a first load brings no dead record
	begins   []string // the steps with which all histories begin
	oneIn    int      // continue from one in this many states of the fourth step; 0 means all
}

// wire changes messages between the clients and the server, so that a client acts by a wrong rule.
type wire struct {
	noReset       bool // the client ignores resets
	noFence       bool // the client ignores the fence
	alwaysSettled bool // the client takes each trailer for the end of a pull
	keepsEpoch    bool // a restored server keeps its epoch
	anyEpoch      bool // the server judges pushes of clients that have not pulled since it was restored
	noNew         bool // the client does not say that it creates a record
	namesBucket   bool // the server names the bucket "", as if it divided its records
	sparesAll     bool // a first load leaves out the records that die while it runs, too
}

// modelAction is a step of a client or, if who is negative, of the server.
type modelAction struct {
	who  int
	what string
}

func (a modelAction) String() string {
	if a.who < 0 {
		return a.what
	}
	return fmt.Sprintf("%c %s", 'A'+a.who, a.what)
}

// by returns the action of the other client if the clients have changed places.
func (a modelAction) by(swapped bool) modelAction {
	if swapped && a.who >= 0 {
		a.who = 1 - a.who
	}
	return a
}

// modelSearch visits all states of a scope, breadth first.
type modelSearch struct {
	modelScope
	wire    wire
	seen    map[[sha256.Size]byte]struct{}
	steps   []modelStep // the step that led to each state
	current int         // the position in steps for the state that is expanded
	last    bool        // whether this is the last step: what follows it is not visited
	next    []modelState
	nextAt  []int
	broken  *modelBreach
	choice  string      // of the steps with which all histories begin, the next one
	chosen  *modelState // the state that it leads to
	parsed  map[string]record.Record
}

// modelStep is an action in the state that an earlier step led to.
type modelStep struct {
	action  modelAction
	after   int
	swapped bool // the clients changed places in the canonical form
}

// modelBreach is a shortest history that breaks a law.
type modelBreach struct {
	law     law
	begins  []string
	actions []modelAction
}

func (b *modelBreach) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "broken: %s", b.law)
	for _, step := range b.begins {
		fmt.Fprintf(&text, "; %s", step)
	}
	for _, a := range b.actions {
		fmt.Fprintf(&text, "; %v", a)
	}
	return text.String()
}

// search visits the states of a scope. It returns their number, and one of the shortest histories
// that break a law, if there is one.
func (scope modelScope) search(depth int, w wire) (states int, broken *modelBreach) {
	x := &modelSearch{modelScope: scope, wire: w, seen: make(map[[sha256.Size]byte]struct{}), parsed: make(map[string]record.Record)}
	x.steps = append(x.steps, modelStep{})
	x.outbox, x.batch = max(x.outbox, 1), max(x.batch, 1)
	if x.kinds == nil {
		x.kinds = allKinds
	}
	now, at := []modelState{x.first()}, []int{0}
	h, _ := now[0].canonical(false)
	x.seen[h] = struct{}{}
	for step := range depth {
		x.next, x.nextAt, x.last = nil, nil, step == depth-1
		for i := range now {
			if x.oneIn > 1 && step == 4 && i%x.oneIn > 0 {
				continue
			}
			if x.current = at[i]; !x.expand(&now[i]) {
				return len(x.seen), x.broken
			}
		}
		now, at = x.next, x.nextAt
	}
	return len(x.seen), nil
}

// first returns the state in which a scope begins.
func (x *modelSearch) first() (s modelState) {
	s.level = x.level
	for i := range s.clients {
		if i == 0 || !x.newcomer {
			r := x.open(&s, i, "")
			x.pulled(&s, i, r, x.chunk(&s, r.Cursor(), whole), whole)
		}
	}
	then := x.modelScope
	x.edits, x.kinds, x.portions, x.samples, x.others = len(s.clients[0].edits), allKinds, false, true, true
	for _, x.choice = range x.begins {
		x.chosen = nil
		if x.expand(&s); x.chosen == nil {
			panic("no such step: " + x.choice)
		}
		s = *x.chosen
	}
	x.choice, x.modelScope = "", then
	x.edits += s.numEdits()
	return s
}

// expand takes all steps from a state, and reports whether no law is broken.
func (x *modelSearch) expand(s *modelState) bool {
	for i := range s.clients {
		x.edit(s, i)
		x.pull(s, i)
		x.push(s, i)
	}
	x.serve(s)
	return x.broken == nil
}

// visit adds a state that an action led to.
func (x *modelSearch) visit(s modelState, a modelAction, broken law) {
	if x.choice != "" {
		if a.String() == x.choice && x.chosen == nil {
			s.canonical(false)
			x.chosen = &s
		}
		return
	}
	if x.broken != nil {
		return
	}
	if broken == "" {
		h, swapped := s.canonical(!x.newcomer)
		if _, ok := x.seen[h]; ok {
			return
		}
		x.seen[h] = struct{}{}
		x.steps = append(x.steps, modelStep{a, x.current, swapped})
		if !x.last {
			x.next, x.nextAt = append(x.next, s), append(x.nextAt, len(x.steps)-1)
		}
		if s.epoch == 0 && !x.live {
			return
		}
		if broken = x.checkRest(s); broken == "" {
			return
		}
		if swapped {
			a.what += " (and the clients change places)"
		}
	}
	actions, swapped := x.history(x.current)
	x.broken = &modelBreach{broken, x.begins, append(actions, a.by(swapped))}
}

// history returns the actions that led to a step, and whether the clients have changed places.
func (x *modelSearch) history(step int) (actions []modelAction, swapped bool) {
	if step == 0 {
		return nil, false
	}
	actions, swapped = x.history(x.steps[step].after)
	return append(actions, x.steps[step].action.by(swapped)), swapped != x.steps[step].swapped
}
