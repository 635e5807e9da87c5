package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Times. An election takes up to 12 seconds if no one writes.
const (
	patience = 20 * time.Second       // how long a method tries
	silence  = time.Second            // how long a read waits for the next answer
	pause    = 20 * time.Millisecond  // between two attempts, on average, in the beginning
	longest  = 500 * time.Millisecond // between two attempts, on average, in the end
)

// finalError wraps an error after which a retry is pointless.
type finalError struct{ error }

// final marks an error as one after which retry gives up.
func final(err error) error { return finalError{err} }

// retry calls attempt until it succeeds, fails with a final error, or time is up. If time is up, the
// error wraps ErrUnavailable; if the context was canceled, it is the error of the context.
func retry(ctx context.Context, attempt func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for wait := pause; ; wait = min(2*wait, longest) {
		err := attempt(ctx)
		if err == nil {
			return nil
		}
		var stop finalError
		if errors.As(err, &stop) {
			return stop.error
		}
		if sleep(ctx, wait) != nil {
			return timeUp(ctx, err)
		}
	}
}

// sleep pauses for wait, give or take a half, unless the context ends.
func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait/2 + rand.N(wait))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// timeUp returns the error for a context that has ended after an attempt that failed with err.
func timeUp(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
