package server

import (
	"context"
	"sync"
	"time"
)

// The bounds of the pushes that are under way, besides those of uploads. The memory that they
// take follows from both: a body for each large upload, and a multiple of it for each push that
// has its turn, besides the records that it is about. A workspace has one turn, and a share of the
// places: a busy workspace, whose pushes are slow to decode or wait for its lock, leaves room for
// the others. A client has one push that waits for its turn, and its others wait for that one.
// A push is decoded in its turn, before it takes one of the few places to work in, so that the
// pushes of other workspaces do not wait for a body that is slow to decode.
// The number of connections is not bounded here; a proxy can do that.
const (
	maxPushing       = 10_000 // of different clients
	pushesOfClient   = 1
	maxTurns         = 32
	turnsOfWorkspace = 1
	maxWorking       = 4                // on PostgreSQL; SQLite has one writer
	pushTimeout      = 30 * time.Second // for each wait, and for the transaction
)

// admission lets a number of pushes in at once, and a smaller number of each workspace.
type admission struct {
	all   chan struct{} // holds one for each that is in
	share int           // of a workspace
	mu    sync.Mutex
	of    map[string]*queue
}

// queue is a workspace of which pushes are in, or wait.
type queue struct {
	places chan struct{}
	users  int // who are in or wait; with none, the queue is forgotten
}

func newAdmission(all, share int) *admission {
	return &admission{all: make(chan struct{}, all), share: share, of: make(map[string]*queue)}
}

// enter waits until a push of a workspace may come in. Release must be called when it is
// done. If it waits for too long, that is a failure which says to come again.
func (a *admission) enter(ctx context.Context, workspace string) (release func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	q := a.join(workspace)
	if err := takePlace(ctx, q.places); err != nil {
		a.leave(workspace, q)
		return nil, err
	}
	if err := takePlace(ctx, a.all); err != nil {
		<-q.places
		a.leave(workspace, q)
		return nil, err
	}
	return func() {
		<-a.all
		<-q.places
		a.leave(workspace, q)
	}, nil
}

// takePlace waits for a place.
func takePlace(ctx context.Context, places chan<- struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return unavailable(ctx.Err())
	}
}

// join returns the queue of a workspace, and counts one more user.
func (a *admission) join(workspace string) *queue {
	a.mu.Lock()
	defer a.mu.Unlock()
	q := a.of[workspace]
	if q == nil {
		q = &queue{places: make(chan struct{}, a.share)}
		a.of[workspace] = q
	}
	q.users++
	return q
}

// leave takes back a join.
func (a *admission) leave(workspace string, q *queue) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if q.users--; q.users == 0 {
		delete(a.of, workspace)
	}
}
