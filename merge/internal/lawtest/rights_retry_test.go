package lawtest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// retries is a search through pushes whose answers may be lost, and through writes of another client
// and raises of the fence between them.
type retries struct {
	rightsWorld
	mine    []plea
	engine  *rightsEngine
	visited map[retryState]int // how far the search went on from there
	nodes   int
	seen    map[string]int // the answers to items that were accepted before
}

type retryState struct {
	stored   sheet
	fence    int8
	accepted uint // the items that were accepted once
}

// walk searches from a state on. The error names the steps to a breach, the last one first.
func (r *retries) walk(s retryState, depth int) error {
	r.nodes++
	if done, ok := r.visited[s]; ok && done >= depth || depth == 0 {
		return nil
	}
	r.visited[s] = depth
	for _, batch := range r.batches() {
		next, err := r.push(s, batch)
		if err == nil {
			err = r.walk(next, depth-1)
		}
		if err != nil {
			return fmt.Errorf("%w; after a push of %v to %+v", err, batch, s)
		}
	}
	for _, next := range r.others(s) {
		if err := r.walk(next, depth-1); err != nil {
			return fmt.Errorf("%w; after %+v", err, s)
		}
	}
	return nil
}

// batches returns every order of every set of the items, as positions.
func (r *retries) batches() (all [][]int) {
	var extend func(batch []int)
	extend = func(batch []int) {
		for i := range r.mine {
			if !slices.Contains(batch, i) {
				longer := append(slices.Clone(batch), i)
				all = append(all, longer)
				extend(longer)
			}
		}
	}
	extend(nil)
	return all
}

// others returns the states after a write of another client, and after the fence was raised.
func (r *retries) others(s retryState) (all []retryState) {
	now := s.stored.normal(s.fence)
	for _, at := range []int8{3, 5} {
		writes := []sheet{{{at, 2, inA}}, {{at, 2, inC}}, {1: {at, 2, short}}, {1: {at, 2, noText}}, {2: {at, 2, gone}}, {2: {at, 2, alive}}}
		if now.empty() {
			writes = []sheet{{{at, 2, inA}, {at, 2, short}}, {{at, 2, inC}, {at, 2, short}}}
		}
		for _, w := range writes {
			next := s
			if next.stored = now.join(w); at > s.fence && next.stored != s.stored {
				all = append(all, next)
			}
		}
	}
	if next := s; s.fence < 4 {
		next.fence += 2
		all = append(all, next)
	}
	return all
}

// push sends some of the items, and checks what becomes of them.
func (r *retries) push(s retryState, batch []int) (retryState, error) {
	w := r.rightsWorld
	w.stored, w.fence = s.stored, s.fence
	var items []plea
	for _, i := range batch {
		items = append(items, r.mine[i])
	}
	a, err := r.engine.prepare(w, items).Apply(r.engine.stored(w))
	if err != nil {
		return s, err
	}
	now := s.stored.normal(s.fence)
	hidden := !now.empty() && !w.mayRead(now)
	if hidden && len(a.Updates) > 0 {
		return s, fmt.Errorf("a record that the actor may not read is changed")
	}
	next := s
	for _, u := range a.Updates {
		next.stored = sheetOf(u.After)
	}
	for n, i := range batch {
		result := a.Results[n]
		if !result.Accepted() {
			if s.accepted>>i&1 == 1 {
				if err := r.refusedAgain(codeOf(result), now, next.stored, r.mine[i]); err != nil {
					return s, err
				}
			}
			continue
		}
		if s.accepted>>i&1 == 1 && result.Changed {
			return s, fmt.Errorf("item %d is sent again, and changes the record", i)
		}
		r.seen["accepted"] += int(s.accepted >> i & 1)
		next.accepted |= 1 << i
	}
	return next, nil
}

// refusedAgain returns an error unless an item that was accepted before may be refused with a code:
// because its author can no longer read the record, in which it no longer stands, or because it was
// purged.
func (r *retries) refusedAgain(code string, now, after sheet, p plea) error {
	r.seen[code]++
	stands := true
	for n, d := range p.writes {
		stands = stands && (d.absent() || d == now[n])
	}
	hides := !r.mayRead(now) || !r.mayRead(after)
	if stands || code != "gone" && !(code == "forbidden" && hides && !now.empty()) {
		return fmt.Errorf("%+v was accepted, and sent again it is %s: %v", p, code, now)
	}
	return nil
}

// TestRetryAfterAHandOverIsSafe searches all histories of five steps: an item that was accepted is
// accepted again and changes nothing, or it is forbidden because it no longer stands and its author
// can no longer read the record. A record that the actor may not read is never changed.
func TestRetryAfterAHandOverIsSafe(t *testing.T) {
	task := sheet{{1, 2, inA}, {1, 2, long}}
	for name, c := range map[string]struct {
		stored sheet
		mine   []plea
	}{
		"move, then edit":          {task, []plea{{writes: sheet{{2, 1, inC}}}, {writes: sheet{1: {4, 1, short}}}}},
		"edit, then move":          {task, []plea{{writes: sheet{1: {2, 1, short}}}, {writes: sheet{{4, 1, inC}}}}},
		"delete, then move":        {task, []plea{{writes: sheet{2: {2, 1, gone}}}, {writes: sheet{{4, 1, inC}}}}},
		"move, delete and edit":    {task, []plea{{writes: sheet{{2, 1, inC}}}, {writes: sheet{2: {4, 1, gone}}}, {writes: sheet{1: {6, 1, short}}}}},
		"create elsewhere":         {sheet{}, []plea{{writes: sheet{{2, 1, inC}, {2, 1, long}}, isNew: true}, {writes: sheet{1: {4, 1, short}}}}},
		"create, edit and move":    {sheet{}, []plea{{writes: sheet{{2, 1, inA}, {2, 1, long}}, isNew: true}, {writes: sheet{1: {4, 1, short}}}, {writes: sheet{{6, 1, inC}}}}},
		"edit and move in an item": {task, []plea{{writes: sheet{{4, 1, inC}, {4, 1, short}}}, {writes: sheet{1: {6, 1, long}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			for level := int8(1); level <= 2; level++ {
				r := retries{rightsWorld: projects(), mine: c.mine, engine: newRightsEngine(), visited: map[retryState]int{}, seen: map[string]int{}}
				r.level = level
				require.NoError(t, r.walk(retryState{stored: c.stored}, 5))
				require.Positive(t, r.seen["accepted"])
				require.Positive(t, r.seen["forbidden"])
				t.Log(r.nodes, r.seen)
			}
		})
	}
}
