package server

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// pushing is a push that waits for its turn or has it.
type pushing struct {
	ctx context.Context // of the request
	by  Sender
	Pushed
	server bool // whether it is a write of the server itself; see Server.Write
	noted  bool // whether it is the record of an import, which neither the Guard nor a full storage refuses

	items  []record.Item // once the push is decoded
	push   *merge.Push
	writes bool      // whether the push has begun to write
	clean  bool      // whether the push has failed without an effect on its transaction
	cost   float64   // that was charged
	until  time.Time // before which the user was not admitted, before this push

	done     chan struct{} // closed once the fields below are set
	out      Outcome
	err      error
	panicked any // the value of a panic, for example in Options.Guard
}

// failed reports whether the push has failed.
func (p *pushing) failed() bool { return p.err != nil || p.panicked != nil }

// try sets the error of the push to the result of f. It recovers from a panic, so that the panic ends the
// request of this push and not the others.
func (p *pushing) try(f func() error) {
	defer func() {
		if v := recover(); v != nil {
			p.panicked = v
		}
	}()
	p.err = f()
}

// undo removes the result of a push whose transaction was rolled back.
func (p *pushing) undo(charged *quotas) {
	if p.push == nil {
		return
	}
	charged.undo(p.by.Workspace, p.by.User, p.cost, p.until)
	p.out, p.err, p.panicked, p.cost, p.writes = Outcome{}, nil, nil, 0, false
}

// groups forms groups of the pushes that wait for a turn, by workspace. A push that arrives while its
// workspace is idle gets a turn at once. The pushes that arrive during a turn share the next
// one, in their order, up to the limits of a group. No push waits for others to arrive.
type groups struct {
	turns *admission
	mu    sync.Mutex
	of    map[string]*waiters // by workspace
}

// waiters are the pushes to a workspace.
type waiters struct {
	waiting []*pushing
	running int // pushes that have the present turn
}

func newGroups(turns *admission) *groups {
	return &groups{turns: turns, of: make(map[string]*waiters)}
}

// runner sets the results of a group, and closes the channel of each push.
type runner func(workspace string, group []*pushing)

// take waits until the push has its result. After pushTimeout without a turn, or if the context of the
// push ends before its turn, take fails with the status 503, and the client may try again. All calls
// must have the same runner.
func (g *groups) take(p *pushing, run runner) error {
	ctx, cancel := context.WithTimeout(p.ctx, pushTimeout)
	defer cancel()
	g.join(p, run)
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		if g.leave(p) {
			return Unavailable(ctx.Err())
		}
		<-p.done // the group has its own timeouts
		return nil
	}
}

// join adds a push to the queue of its workspace.
func (g *groups) join(p *pushing, run runner) {
	g.mu.Lock()
	defer g.mu.Unlock()
	q := g.of[p.by.Workspace]
	if q == nil {
		q = new(waiters)
		g.of[p.by.Workspace] = q
		go g.serve(p.by.Workspace, q, run)
	}
	q.waiting = append(q.waiting, p)
}

// leave removes a push that waits, and reports whether it did.
func (g *groups) leave(p *pushing) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	q := g.of[p.by.Workspace]
	if q == nil {
		return false
	}
	i := slices.Index(q.waiting, p)
	if i < 0 {
		return false
	}
	q.waiting = slices.Delete(q.waiting, i, i+1)
	return true
}

// serve runs the groups of a workspace until no push waits.
func (g *groups) serve(workspace string, q *waiters, run runner) {
	for g.some(workspace, q) {
		release, err := g.turns.enter(context.Background(), workspace)
		if err != nil {
			continue // each push has the same timeout
		}
		if group := g.next(q); len(group) > 0 {
			run(workspace, group)
		}
		release()
	}
}

// some reports whether pushes wait. If none does, it removes the queue.
func (g *groups) some(workspace string, q *waiters) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	q.running = 0
	if len(q.waiting) == 0 {
		delete(g.of, workspace)
	}
	return len(q.waiting) > 0
}

// next takes the next group from a queue.
func (g *groups) next(q *waiters) (group []*pushing) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n, size := 0, 0
	for ; n < len(q.waiting) && n < maxGroup; n++ {
		if size += len(q.waiting[n].Body); n > 0 && size > maxGroupBytes {
			break
		}
	}
	group, q.waiting = slices.Clone(q.waiting[:n]), slices.Delete(q.waiting, 0, n)
	q.running = n
	return group
}
