package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"time"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
)

// operation is a change of a workspace that must happen once, whatever becomes of the messages to the cluster.
type operation struct {
	workspace string
	// marker is a message that each batch of the operation writes, and whose JSON has the member batch. It tells
	// whether a batch whose answer was lost is stored.
	marker store.Key
	keys   []store.Key // further messages that each attempt reads first
}

// The longest time that an operation may take, if its request has no shorter limit, and the time between two attempts
// while the nodes have no leader.
const (
	operationTimeout = 20 * time.Second
	electing         = 100 * time.Millisecond
)

// maxAttempts is how often an operation is attempted if nothing else ends it.
const maxAttempts = 1000

// commit attempts an operation until a batch of it is stored, and returns the result of that attempt. An attempt
// that puts nothing needs no batch.
//
// There is no lock: a batch names the sequence of each message that it replaces, and conflicts if one of them has
// been replaced meanwhile. The next attempt then decides again by what is stored now. If the answer to a batch is
// lost, the marker decides: if it has the ID of the batch, the batch is stored, and the result of its attempt
// stands. Otherwise the batch may still arrive, but it names the marker, and so does the batch of the next
// attempt: only one of them can be stored. So the result of a batch that is not stored is never returned.
func commit[T any](ctx context.Context, s *Server, o operation, try func(context.Context, *attempt) (T, error)) (none T, err error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	unknown := make(map[string]T) // the results of the batches whose answers were lost
	asked := false                // whether the operation has asked for quiet
	var last error                // of the store, after which there was another attempt
	fail := func(err error) (T, error) { return none, unavailable(reason(err, last)) }
	for n := 0; n < s.attempts; n++ {
		if err := pause(ctx, jitter(n)); err != nil {
			return fail(err)
		}
		a := s.newAttempt(o.workspace)
		if err := a.load(ctx, append([]store.Key{stateKey(o.workspace), quietKey(o.workspace), o.marker}, o.keys...)...); err != nil {
			return fail(err)
		}
		for _, id := range batchesOf(a.entries[o.marker]) {
			if result, ok := unknown[id]; ok {
				return result, nil
			}
		}
		if !asked && a.isQuiet() {
			n--
			if err := pause(ctx, s.quietFor/80+mrand.N(s.quietFor/40)); err != nil {
				return fail(err)
			}
			continue
		}
		if err := a.readState(); err != nil {
			return none, err
		}
		result, err := try(ctx, a)
		if errors.Is(err, store.ErrConflict) {
			continue
		}
		if err != nil {
			return fail(err)
		}
		if len(a.puts) == 0 {
			return result, nil
		}
		if err := errors.Join(a.check(o), a.endQuiet()); err != nil {
			return none, err
		}
		switch err := s.store.Commit(ctx, a.batch()); {
		case err == nil:
			return result, nil
		case errors.Is(err, store.ErrUnknown):
			unknown[a.id], last = result, err
		case errors.Is(err, store.ErrUnavailable): // the nodes may be choosing a leader
			n--
			if len(unknown) == 0 { // else an earlier batch may be stored
				last = err
			}
			if err := pause(ctx, electing); err != nil {
				return fail(err)
			}
		case !errors.Is(err, store.ErrConflict):
			return none, unavailable(err)
		case a.putsState():
			a.askForQuiet(ctx)
			asked = true
		}
		s.retries.Add(1)
	}
	return none, unavailable(errors.New("other writes have changed the same records again and again"))
}

// reason returns the error to report for an operation that ends with err. That its time is up says less than the last error
// of the store after which there was another attempt.
func reason(err, last error) error {
	if last != nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
		return last
	}
	return err
}

// check returns an error if the batch does not write the marker: a mistake in this package.
func (a *attempt) check(o operation) error {
	if _, ok := a.at[o.marker]; !ok {
		return fmt.Errorf("a batch does not write its marker %s", o.marker)
	}
	return nil
}

// jitter returns a random time to wait before an attempt, so that operations that conflict do not meet again.
// There is none before the first attempt.
func jitter(n int) time.Duration {
	if n == 0 {
		return 0
	}
	return mrand.N(time.Millisecond << min(n, 6))
}

// pause waits.
func pause(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// newID returns an ID for a batch.
func newID() string { return rand.Text() }
