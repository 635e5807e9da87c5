package server

import (
	"context"
	"sync"
)

// The limits for concurrent pushes. A push holds its body, its items and up to maxLoaded bytes of stored records, so
// together they bound the memory of pushes. A workspace whose pushes conflict leaves turns for the others.
const (
	maxTurns         = 64
	turnsOfWorkspace = 32
)

// turns limits how many pushes run at once.
type turns struct {
	all   chan struct{} // one element for each push that runs
	share int           // of a workspace
	mu    sync.Mutex
	of    map[string]*share // by workspace
}

// share is the part of a workspace in the turns.
type share struct {
	turns  chan struct{}
	pushes int // that run or wait; at zero, the share is removed
}

func newTurns(all, ofWorkspace int) *turns {
	return &turns{all: make(chan struct{}, all), share: ofWorkspace, of: make(map[string]*share)}
}

// take waits for a turn until the context ends. The caller must call give when the push is done.
func (t *turns) take(ctx context.Context, workspace string) (give func(), err error) {
	own := t.join(workspace)
	leave := func() { t.leave(workspace, own) }
	if err := takeOne(ctx, own.turns); err != nil {
		leave()
		return nil, err
	}
	if err := takeOne(ctx, t.all); err != nil {
		<-own.turns
		leave()
		return nil, err
	}
	return func() {
		<-t.all
		<-own.turns
		leave()
	}, nil
}

func takeOne(ctx context.Context, turns chan<- struct{}) error {
	select {
	case turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *turns) join(workspace string) *share {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.of[workspace]
	if own == nil {
		own = &share{turns: make(chan struct{}, t.share)}
		t.of[workspace] = own
	}
	own.pushes++
	return own
}

func (t *turns) leave(workspace string, own *share) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if own.pushes--; own.pushes == 0 {
		delete(t.of, workspace)
	}
}
