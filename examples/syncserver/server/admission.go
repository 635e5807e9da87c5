package server

import (
	"context"
	"sync"
	"time"
)

// The limits for concurrent pushes. Together with the limits for uploads, they bound the memory
// that pushes take: one body for each large upload, and a multiple of a body, plus the stored
// records, for each turn. Each workspace has at most one turn at a time. The waiting pushes of several users
// share a turn, but their bodies in total are at most as large as the largest single one, and a transaction
// takes no further push once it has read and written maxLoaded bytes. So a busy
// workspace, whose pushes are slow to decode or wait for its lock, leaves room for the other
// workspaces. Only one push of each user waits for a turn, and the other pushes of the user
// wait for that push. A push is decoded during its turn, before it takes one of the few slots for
// transactions, so a body that is slow to decode does not delay the pushes of other workspaces. The
// number of connections is not limited here; a proxy can limit it.
const (
	maxPushing       = 10_000 // users with a push
	pushesOfUser     = 1
	maxTurns         = 32
	turnsOfWorkspace = 1
	maxWorking       = 4                // transactions on PostgreSQL; SQLite has one writer
	pushTimeout      = 30 * time.Second // for each wait, and for the transaction
)

// admission limits how many pushes run at once, in total and per workspace.
type admission struct {
	all   chan struct{} // holds one element for each running push
	share int           // how many pushes of one workspace may run at once
	mu    sync.Mutex
	of    map[string]*queue // by workspace
}

// queue is the queue of a workspace in which pushes run or wait.
type queue struct {
	places chan struct{}
	users  int // pushes that run or wait; at zero, the queue is removed
}

func newAdmission(all, share int) *admission {
	return &admission{all: make(chan struct{}, all), share: share, of: make(map[string]*queue)}
}

// enter waits until a push of a workspace may run. The caller must call release when the push is
// done. After pushTimeout, enter fails with the status 503, and the client may try again.
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

// takePlace waits for a free slot.
func takePlace(ctx context.Context, places chan<- struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return Unavailable(ctx.Err())
	}
}

// join returns the queue of a workspace and counts one more push in it.
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

// leave undoes a join.
func (a *admission) leave(workspace string, q *queue) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if q.users--; q.users == 0 {
		delete(a.of, workspace)
	}
}
