package lawtest

import (
	"fmt"
	"strings"
)

// server is the actor of an action that no client takes.
const server = -1

// purgeAction is one step.
type purgeAction struct {
	what   string
	who    int // a client, or server
	items  int // of a push
	lost   bool
	copied bool
}

func (a purgeAction) String() string {
	var text strings.Builder
	if a.who != server {
		fmt.Fprintf(&text, "%c ", 'A'+a.who)
	}
	text.WriteString(a.what)
	if a.items > 1 {
		fmt.Fprintf(&text, " %d items", a.items)
	}
	if a.lost {
		text.WriteString(" (answer lost)")
	}
	if a.copied {
		text.WriteString(" (copied)")
	}
	return text.String()
}

// purgeSearch visits all states of a scope, breadth first.
type purgeSearch struct {
	purgeScope
	rules   *purgeRules
	seen    map[purgeHash]struct{}
	steps   []purgeStep  // the step that led to each state
	current int          // the position in steps for the state that is expanded
	next    []purgeState // the states of the next depth
	nextAt  []int        // their positions in steps
	broken  *purgeBreach
}

// purgeStep is an action in the state that an earlier step led to.
type purgeStep struct {
	action  purgeAction
	after   int
	swapped bool // the clients changed places in the canonical form
}

// purgeBreach is the shortest history that breaks a law.
type purgeBreach struct {
	law     law
	actions []purgeAction
}

func (b *purgeBreach) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "broken: %s", b.law)
	for _, a := range b.actions {
		fmt.Fprintf(&text, "; %v", a)
	}
	return text.String()
}

// purgeScope is a small world.
type purgeScope struct {
	level  int8
	depth  int // the number of steps
	edits  int // the number of edits of both clients together
	outbox int // the items that may wait in an outbox
	batch  int // the items of one push
	kinds  []int

	deleted   bool // the scope begins with a record that client A has set and deleted
	copied    bool // pushes may be delivered once more
	levelUp   bool // the level may rise to 2
	restore   bool // the server may be restored once
	slow      bool // pulls take time, and may end after a chunk
	old       bool // client B knows no fence
	liar      bool // client B may say the opposite of whether an item is new
	erasure   bool // the server may erase the record once
	snapshots bool // client B may begin again with a snapshot without tombstones
	oneIn     int  // continue from one in this many states of the fourth step; 0 means all
}

// search visits the states of a scope. It returns their number, and the first history that breaks
// a law, which is one of the shortest.
func (scope purgeScope) search(rules *purgeRules) (states int, broken *purgeBreach) {
	x := &purgeSearch{purgeScope: scope, rules: rules, seen: make(map[purgeHash]struct{})}
	first := scope.first()
	x.steps = append(x.steps, purgeStep{})
	h, _ := first.canonical(false)
	x.seen[h] = struct{}{}
	now, at := []purgeState{first}, []int{0}
	for depth := range scope.depth {
		x.next, x.nextAt = nil, nil
		for i := range now {
			if x.oneIn > 1 && depth == 4 && i%x.oneIn > 0 {
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
func (scope purgeScope) first() (s purgeState) {
	s.level = scope.level
	if scope.deleted {
		s.stored = triple{0: {set, 2}, life: {removed, 4}}
		s.ideal, s.sequence, s.changed, s.greatest = s.stored, 1, 1, 4
		a := &s.clients[0]
		a.confirmed, a.ideal, a.cursor, a.clock = s.stored, s.ideal, 1, 4
	}
	for i := range s.clients {
		s.clients[i].level = scope.level
	}
	return s
}

// expand takes all steps from a state, and reports whether no law is broken.
func (x *purgeSearch) expand(s *purgeState) bool {
	for i := range s.clients {
		x.edit(s, i)
		x.pull(s, i)
		x.push(s, i)
	}
	if x.snapshots {
		x.begin(s, 1)
	}
	x.serve(s)
	return x.broken == nil
}

// visit adds a state that an action led to.
func (x *purgeSearch) visit(s purgeState, a purgeAction, broken law) {
	if x.broken != nil {
		return
	}
	if broken != "" {
		actions, swapped := x.history(x.current)
		x.broken = &purgeBreach{broken, append(actions, a.by(swapped))}
		return
	}
	h, swapped := s.canonical(!x.old && !x.liar && !x.snapshots)
	if _, ok := x.seen[h]; ok {
		return
	}
	x.seen[h] = struct{}{}
	x.steps = append(x.steps, purgeStep{a, x.current, swapped})
	x.next, x.nextAt = append(x.next, s), append(x.nextAt, len(x.steps)-1)
}

// history returns the actions that led to a step, and whether the clients have changed places.
func (x *purgeSearch) history(step int) (actions []purgeAction, swapped bool) {
	if step == 0 {
		return nil, false
	}
	actions, swapped = x.history(x.steps[step].after)
	return append(actions, x.steps[step].action.by(swapped)), swapped != x.steps[step].swapped
}

// by returns the action of the other client if the clients have changed places.
func (a purgeAction) by(swapped bool) purgeAction {
	if swapped && a.who != server {
		a.who = 1 - a.who
	}
	return a
}
