package replica_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// viewScope says what can happen in a search.
type viewScope struct {
	begins            []string // the steps with which all histories begin
	dies, edits, tabs bool
	common            bool // the first bucket is the bucket ""
	restored          bool // the server may be restored once, from a backup that lacks nothing
	rule              viewRule
	seen              map[[sha256.Size]byte]struct{}
	next              []viewState
	nextPaths         [][]string
	path              []string
	broken            []string // the steps that break a law, and the law
	choice            string
	chosen            *viewState
}

// The laws.
const (
	viewLacks  = "a client that has pulled everything holds what its user may read"
	viewKeeps  = "a client that has pulled everything holds and shows nothing else"
	viewEarly  = "an overlay remains until its write was pulled"
	viewStuck  = "a pull ends"
	viewWaits  = "each edit is answered"
	viewWrites = "a pull writes nothing"
)

// settled returns the law that a client breaks which has pulled everything.
func (s *viewState) settled() string {
	shown, may := s.shown(), s.in()&s.rights != 0
	want, _ := s.rec().Get("m")
	has, _ := shown.Get("m")
	isOld := want.Compare(has) > 0
	switch {
	case may && (shown.Len() == 0 || isOld || shown.Deleted() != s.rec().Deleted() && !s.item.made):
		return viewLacks
	case !may && s.item.seen && shown.Len() > 0, !may && strings.Contains(s.disk, "record/"):
		return viewKeeps
	case !may && !s.item.made && shown.Len() > 0:
		return viewKeeps
	}
	return ""
}

// early returns the law of overlays if the client breaks it.
func (s *viewState) early() string {
	_, rest, _ := strings.Cut(s.disk, cursorMember)
	text, _, _ := strings.Cut(rest, `"`)
	at, _ := buckets.ParseCursor(text)
	if !s.item.accepted || strings.Contains(s.disk, "accepted/") {
		return ""
	}
	if at.Reached() < int64(s.item.applied) {
		return viewEarly
	}
	s.item = viewItem{}
	return ""
}

// pullAll pulls until nothing is left.
func (s *viewState) pullAll(w viewRule) string {
	seq := s.seq
	for range 12 {
		settled := s.pull(w)
		if law := s.early(); law != "" {
			return law
		}
		if s.seq != seq {
			return viewWrites
		}
		if settled {
			return s.settled()
		}
	}
	return viewStuck
}

// rest lets everything that is under way arrive, and returns the law that is then broken.
func (s viewState) rest(w viewRule) string {
	if law := s.pullAll(w); law != "" {
		return law
	}
	if s.tab.chunk != "" {
		s.pulled(&s.tab.pull, s.tab.chunk, w)
		s.tab = viewTab{}
		if law := s.early(); law != "" {
			return law
		}
		if at, _, _ := strings.Cut(s.open().Cursor(), "~"); at == fmt.Sprintf("%s.%d", s.epoch, s.seq) {
			if law := s.settled(); law != "" {
				return law // nothing wakes the client
			}
		}
		if law := s.pullAll(w); law != "" {
			return law
		}
	}
	if s.send(true, w) {
		if law := s.pullAll(w); law != "" {
			return law
		}
	}
	if s.open().NumWaiting() > 0 || strings.Contains(s.disk, "accepted/") {
		return viewWaits
	}
	return ""
}

// expand takes all steps from a state.
func (x *viewScope) expand(s *viewState) {
	alive := s.rec().Len() > 0 && !s.rec().Deleted()
	for set, name := range viewSets {
		x.step(s, "the record is written in "+name, func(t *viewState) bool {
			t.set(map[string]record.Value{"m": record.Int(int64(set)), record.DeletedField: record.Bool(false)})
			return true
		})
	}
	x.step(s, "the record is deleted", func(t *viewState) bool {
		t.set(map[string]record.Value{record.DeletedField: record.Bool(true)})
		return alive
	})
	for b, name := range [...]string{"a", "b"} {
		x.step(s, "the bucket "+name+" is "+[...]string{"granted", "revoked"}[s.rights>>b&1], func(t *viewState) bool {
			t.give(b)
			return true
		})
	}
	x.step(s, "the client pulls", func(t *viewState) bool {
		if settled := t.pull(x.rule); settled {
			x.check(t.settled())
		}
		return true
	})
	x.step(s, "the fence rises", func(t *viewState) bool {
		t.raise()
		return x.dies
	})
	x.step(s, "the server is restored", func(t *viewState) bool {
		t.epoch = "f"
		return x.restored && s.epoch == "e" && !s.wrote // what the client wrote would be sent again, and shown
	})
	x.step(s, "the second tab asks", func(t *viewState) bool {
		if x.tabs && t.tab.chunk == "" {
			t.ask()
			return true
		}
		return false
	})
	x.step(s, "the second tab applies its chunk", func(t *viewState) bool {
		if t.tab.chunk == "" {
			return false
		}
		t.pulled(&t.tab.pull, t.tab.chunk, x.rule)
		t.tab = viewTab{}
		return true
	})
	x.step(s, "the user edits the record", func(t *viewState) bool { return x.edits && t.edit("e", 1, x.rule) })
	x.step(s, "the user moves the record to b", func(t *viewState) bool { return x.edits && t.edit("m", 2, x.rule) })
	x.step(s, "the user creates the record in a", func(t *viewState) bool { return x.edits && t.edit("new", 1, x.rule) })
	x.step(s, "the client pushes", func(t *viewState) bool { return t.send(true, x.rule) })
	x.step(s, "the client pushes (answer lost)", func(t *viewState) bool { return t.send(false, x.rule) })
}

func (x *viewScope) check(law string) {
	if law != "" && x.broken == nil && x.choice == "" {
		x.broken = append(slices.Clone(x.path), law)
	}
}

// step takes a step, if it is possible.
func (x *viewScope) step(s *viewState, name string, f func(*viewState) bool) {
	if x.broken != nil || x.choice != "" && (name != x.choice || x.chosen != nil) {
		return
	}
	t := *s
	x.path = append(x.path, name)
	defer func() { x.path = x.path[:len(x.path)-1] }()
	if !f(&t) {
		return
	}
	if x.choice != "" {
		x.chosen = &t
		return
	}
	x.check(t.early())
	h := t.hash()
	if _, ok := x.seen[h]; ok {
		return
	}
	x.seen[h] = struct{}{}
	x.check(t.rest(x.rule))
	x.next, x.nextPaths = append(x.next, t), append(x.nextPaths, slices.Clone(x.path))
}

// search visits the states of a scope, and returns their number and a shortest history that breaks a law.
func (x viewScope) search(depth int) (states int, broken []string) {
	s := viewState{names: viewNames{"a", "b"}, epoch: "e", rights: 1, seq: 1, granted: [2]int{1}}
	if x.common {
		s.names[0] = ""
	}
	for _, x.choice = range x.begins {
		x.chosen = nil
		if x.expand(&s); x.chosen == nil {
			panic("no such step: " + x.choice)
		}
		s = *x.chosen
	}
	x.choice, x.seen = "", map[[sha256.Size]byte]struct{}{s.hash(): {}}
	now, paths := []viewState{s}, [][]string{nil}
	for range depth {
		x.next, x.nextPaths = nil, nil
		for i := range now {
			x.path = paths[i]
			if x.expand(&now[i]); x.broken != nil {
				return len(x.seen), x.broken
			}
		}
		now, paths = x.next, x.nextPaths
	}
	return len(x.seen), nil
}

// The beginnings of some scopes.
var (
	inBoth    = []string{"the bucket b is granted", "the client pulls", "the record is written in a and b", "the client pulls", "the client pulls"}
	inA       = []string{"the record is written in a", "the client pulls", "the client pulls"}
	forgotten = []string{"the client pulls", "the user creates the record in a", "the client pushes (answer lost)", "the client pulls", "the record is written in b"}
)

// TestModelOfBucketsIsSound visits every history of a Replica that two tabs share.
func TestModelOfBucketsIsSound(t *testing.T) {
	for _, c := range []struct {
		name          string
		scope         viewScope
		depth, states int
	}{
		{"deaths", viewScope{dies: true}, 4, 2008},
		{"deaths of a record in two buckets", viewScope{dies: true, begins: inBoth}, 3, 333},
		{"edits", viewScope{edits: true}, 4, 1935},
		{"edits of a record in two buckets", viewScope{edits: true, begins: inBoth}, 3, 499},
		{"a creation that is forgotten", viewScope{edits: true, dies: true, begins: forgotten}, 3, 611},
		{"deaths in the bucket \"\"", viewScope{common: true, dies: true}, 4, 2008},
		{"edits of a record in the bucket \"\"", viewScope{common: true, edits: true, restored: true, begins: inA}, 3, 682},
		{"a restored server", viewScope{edits: true, restored: true, begins: inA}, 3, 682},
		{"tabs", viewScope{tabs: true, dies: true}, 4, 3622},
		{"tabs of a record", viewScope{tabs: true, edits: true, begins: inA}, 4, 5898},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			depth := c.depth
			switch {
			case *scopes == "large":
				depth++
			case testing.Short():
				depth--
			}
			states, broken := c.scope.search(depth)
			require.Nil(t, broken, "%s", strings.Join(broken, "; "))
			if depth == c.depth {
				require.Equal(t, c.states, states)
			}
			t.Logf("%d states", states)
		})
	}
}

// TestModelFindsWrongRulesOfBuckets searches for a history that breaks a law under each wrong rule.
func TestModelFindsWrongRulesOfBuckets(t *testing.T) {
	for name, scope := range map[string]viewScope{
		"a departure from one bucket forgets the record": {rule: viewRule{forgetsAny: true}, begins: inBoth},
		"the buckets of a record are joined":             {rule: viewRule{joinsIn: true}, begins: inBoth},
		"lost buckets are not told":                      {rule: viewRule{ignoresLoss: true}},
		"the client knows no fence":                      {rule: viewRule{neverPurges: true}, dies: true},
		"tabs do not compare cursors":                    {rule: viewRule{comparesNone: true}, tabs: true},
		"tabs take greater cursors":                      {rule: viewRule{comparesLess: true}, tabs: true},
		"tabs have cursors of their own":                 {rule: viewRule{ownCursors: true}, tabs: true},
		"any settled pull ends an overlay":               {rule: viewRule{anySettled: true}, tabs: true, edits: true, begins: inA},
		"a creation is shown after its record left":      {rule: viewRule{showsNew: true}, edits: true},
		"an accepted edit is confirmed":                  {rule: viewRule{joinsOwn: true}, edits: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			states, broken := scope.search(6)
			require.NotNil(t, broken, "%d states", states)
			t.Logf("%d states: %s", states, strings.Join(broken, "; "))
		})
	}
}
