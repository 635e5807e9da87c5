package lawtest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/imports"
)

// importScope is a small world of an import.
type importScope struct {
	level  int8
	depth  int  // the number of steps
	stamps int8 // the number of edits that people may make
	runs   int8
}

// importSearch visits all states of a scope, breadth first.
type importSearch struct {
	importScope
	rule   importRule
	came   map[importWorld]importStep
	next   []importWorld
	broken *purgeBreach
}

// importStep is the action that led to a state.
type importStep struct {
	after importWorld
	what  string
}

// search returns the number of states, and a shortest history that breaks a law.
func (scope importScope) search(rule importRule) (states int, broken error) {
	first := importWorld{level: scope.level, source: [2]int8{1, 0}}
	x := &importSearch{importScope: scope, rule: rule, came: map[importWorld]importStep{first: {}}}
	now := []importWorld{first}
	for range scope.depth {
		x.next = nil
		for i := range now {
			if x.expand(now[i]); x.broken != nil {
				return len(x.came), x.broken
			}
		}
		now = x.next
	}
	return len(x.came), nil
}

// visit adds a state that an action led to.
func (x *importSearch) visit(from, to importWorld, what string, broken law) {
	if x.broken != nil {
		return
	}
	if broken != "" {
		x.broken = &purgeBreach{law: broken}
		for ; what != ""; from, what = x.came[from].after, x.came[from].what {
			x.broken.actions = append([]purgeAction{{what: what, who: server}}, x.broken.actions...)
		}
		return
	}
	if _, known := x.came[to]; !known {
		x.came[to] = importStep{from, what}
		x.next = append(x.next, to)
	}
}

// expand takes all steps from a state.
func (x *importSearch) expand(w importWorld) {
	if w.runs < x.runs {
		x.run(w)
	}
	for n, values := range [2][]int8{{1, 2}, {0, 1, 2}} {
		for _, v := range values {
			if to := w; v != w.source[n] {
				to.source[n] = v
				x.visit(w, to, fmt.Sprintf("the source has %s=%d", purgeFields[n], v), "")
			}
		}
	}
	if w.stamps < x.stamps {
		x.edits(w)
	}
	if w.late.writes != (importRecord{}) {
		to := w
		broken := to.arrive(w.late)
		if to.late.sent = true; w.late.sent {
			to.late = lateItem{}
		}
		x.visit(w, to, "the late item arrives", broken)
	}
	x.fence(w)
}

// run lets the import run, and then run again.
func (x *importSearch) run(w importWorld) {
	to := w
	to.run(x.rule)
	broken := w.checkRun(&to)
	if broken == "" {
		again := to
		if again.run(x.rule); again.stored != to.stored {
			broken = lawTwice
		}
	}
	to.note()
	x.visit(w, to, "a run", broken)
}

// fence raises the fence to each greater stamp of the record, with a sweep and without.
func (x *importSearch) fence(w importWorld) {
	for _, c := range w.stored {
		if c.at <= w.fence {
			continue
		}
		to := w
		to.fence = c.at
		x.visit(w, to, fmt.Sprintf("the fence rises to %d", c.at), "")
		to.stored = to.normal()
		x.visit(w, to, fmt.Sprintf("the fence rises to %d, with a sweep", c.at), "")
	}
}

// edits lets a person edit the record that is shown now. The item arrives at once, or late.
func (x *importSearch) edits(w importWorld) {
	at := (w.stamps + 1) * 10
	shown := w.normal()
	if shown.newest() >= at || w.fence >= at {
		return
	}
	dead := shown == importRecord{} || shown.deleted() && shown.newest() <= w.fence
	for _, e := range []struct {
		what   string
		writes importRecord
	}{
		{"sets f", importRecord{0: {value: 2, at: at}}},
		{"sets g", importRecord{1: {value: 2, at: at}}},
		{"deletes f", importRecord{0: {value: lost, at: at}}},
		{"deletes the record", importRecord{life: {value: lost, at: at}}},
		{"restores the record", importRecord{life: {value: 1, at: at}}},
	} {
		if dead && strings.HasPrefix(e.what, "restores") {
			continue
		}
		item := lateItem{writes: e.writes, isNew: dead}
		to := w
		to.stamps++
		now := to
		broken := now.arrive(item)
		x.visit(w, now, fmt.Sprintf("a person %s at %d", e.what, at), broken)
		if to.late.writes == (importRecord{}) {
			to.late = item
			x.visit(w, to, fmt.Sprintf("a person %s at %d, and is late", e.what, at), "")
		}
	}
}

// arrive lets an item arrive, and returns the law that it breaks.
func (w *importWorld) arrive(item lateItem) law {
	before := *w
	data := item.writes.record()
	a := w.push(person, importMutation(data, item.isNew))
	var joined [3]bool
	for _, d := range a.Results[0].Fields {
		for n, name := range purgeFields {
			joined[n] = joined[n] || name == d.Field && d.Outcome != merge.FieldGone
		}
	}
	return before.checkItem(item, w, joined)
}

// importScopes are the scopes of the right rule, with the number of their states.
var importScopes = []struct {
	scope                                  importScope
	depth, states, largeDepth, largeStates int
}{
	{importScope{level: 1, stamps: 3, runs: 3}, 6, 107_673, 7, 353_210},
	{importScope{level: 2, stamps: 3, runs: 3}, 6, 107_457, 7, 351_695},
}

// TestScopeImportsAreSound visits every history of an import and of people who edit, up to a number
// of steps, and finds none that breaks a law.
func TestScopeImportsAreSound(t *testing.T) {
	for _, s := range importScopes {
		scope, want := s.scope, s.states
		scope.depth = s.depth
		switch {
		case *scopes == "large":
			scope.depth, want = s.largeDepth, s.largeStates
		case testing.Short():
			scope.depth -= 2
		}
		states, broken := scope.search(imports.Run.Plan)
		require.NoError(t, broken)
		if !testing.Short() {
			require.Equal(t, want, states)
		}
		t.Logf("level %d: %d states", scope.level, states)
	}
}
