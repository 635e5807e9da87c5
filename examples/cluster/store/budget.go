package store

import "context"

// The memory of the batches that a Store sends at a time. NATS holds each of them once more until it
// is committed.
const (
	unit      = 256 << 10 // bytes
	mostUnits = 128       // 32 MiB, and at most 128 batches: three servers stay below 500, the limit of a node
)

// A budget limits how much is in use at a time. Waiting callers are served in turn.
type budget struct {
	turn chan struct{} // held while taking units, so that two large batches cannot each hold half
	free chan struct{}
}

func newBudget(units int) *budget {
	b := &budget{turn: make(chan struct{}, 1), free: make(chan struct{}, units)}
	for range units {
		b.free <- struct{}{}
	}
	return b
}

// take waits for n units, at most all of them. The caller must give them back, unless take fails.
func (b *budget) take(ctx context.Context, n int) error {
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-b.turn }()
	for taken := range n {
		select {
		case <-b.free:
		case <-ctx.Done():
			b.give(taken)
			return ctx.Err()
		}
	}
	return nil
}

// give gives n units back.
func (b *budget) give(n int) {
	for range n {
		b.free <- struct{}{}
	}
}
