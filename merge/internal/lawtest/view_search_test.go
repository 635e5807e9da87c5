package lawtest

import (
	"fmt"
	"hash/maphash"
	"strings"
)

// viewScope is a small world.
type viewScope struct {
	depth   int  // the number of steps
	purges  bool // records die, the fence rises, and departures are purged
	erases  bool // records are erased
	writes  bool // the client writes
	tabs    bool // a second tab pulls
	restore bool // the server is restored once
	derives bool // record 1 is a row about record 0
	one     bool // there is no record 1
	oneIn   int  // continue from one in this many states of the fourth step; 0 means all
}

// viewSearch visits all states of a scope, breadth first.
type viewSearch struct {
	viewScope
	engine  *viewEngine
	rules   viewRules
	seed    maphash.Seed
	seen    map[viewHash]struct{}
	steps   []viewStep // the step that led to each state
	current int        // the position in steps for the state that is expanded
	last    bool       // the states of the next depth are not expanded
	next    []viewState
	nextAt  []int // their positions in steps
	broken  *viewBreach
}

// viewStep is an action in the state that an earlier step led to.
type viewStep struct {
	action viewAction
	after  int
}

// viewBreach is the shortest history that breaks a law.
type viewBreach struct {
	law     law
	actions []string
}

func (b *viewBreach) Error() string {
	return fmt.Sprintf("broken: %s; %s", b.law, strings.Join(b.actions, "; "))
}

// search visits the states of a scope. It returns their number, and the first history that breaks
// a law, which is one of the shortest.
func (scope viewScope) search(e *viewEngine, rules viewRules) (states int, broken *viewBreach) {
	x := &viewSearch{viewScope: scope, engine: e, rules: rules, seed: maphash.MakeSeed(), seen: make(map[viewHash]struct{})}
	first := firstView()
	x.steps = append(x.steps, viewStep{})
	x.seen[first.canonical(x.seed)] = struct{}{}
	now, at := []viewState{first}, []int{0}
	for depth := range scope.depth {
		x.next, x.nextAt, x.last = nil, nil, depth == scope.depth-1
		for i := range now {
			if x.oneIn > 1 && depth == 4 && i%x.oneIn > 0 {
				continue
			}
			x.current = at[i]
			if x.expand(&now[i]); x.broken != nil {
				return len(x.seen), x.broken
			}
		}
		now, at = x.next, x.nextAt
	}
	return len(x.seen), nil
}

// visit adds a state that an action led to.
func (x *viewSearch) visit(s viewState, a viewAction, broken law) {
	if x.broken != nil {
		return
	}
	x.entitle(&s)
	h := s.canonical(x.seed)
	if broken == "" {
		if _, ok := x.seen[h]; ok {
			return
		}
		x.seen[h] = struct{}{}
		broken = x.atEnd(s)
	}
	switch {
	case broken != "":
		x.broken = &viewBreach{broken, append(x.history(x.current), a.String())}
	case !x.last:
		x.steps = append(x.steps, viewStep{a, x.current})
		x.next, x.nextAt = append(x.next, s), append(x.nextAt, len(x.steps)-1)
	}
}

// history returns the actions that led to a step.
func (x *viewSearch) history(step int) []string {
	if step == 0 {
		return nil
	}
	return append(x.history(x.steps[step].after), x.steps[step].action.String())
}
