package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestConcurrentPushesLoseNothing: clients push to the same records at the same time,
// and no write is lost. A device that pulls meanwhile skips nothing.
func TestConcurrentPushesLoseNothing(t *testing.T) {
	onEachLayout(t, func(t *testing.T, s *server) {
		var all []batch
		var pushes sync.WaitGroup
		for n := range byte(6) {
			batches := randomBatches(rand.New(rand.NewPCG(5, uint64(n))), clock.ClientID{15: n + 1}, 15)
			all = append(all, batches...)
			pushes.Go(func() {
				for _, b := range batches {
					_, err := s.push(context.Background(), b.client, b.body)
					assert.NoError(t, err)
				}
			})
		}
		phone := pullUntil(t, s, &pushes)
		want := string(reference(t, all).AppendLines(nil))
		require.Equal(t, want, string(stateOf(t, s).AppendLines(nil)), "the state of the server")
		require.Equal(t, want, string(phone.seen.AppendLines(nil)), "the state that a device pulled during the pushes")
	})
}

// pullUntil lets a device pull repeatedly until the pushes are done, and then once
// more.
func pullUntil(t *testing.T, s *server, pushes *sync.WaitGroup) device {
	t.Helper()
	done := make(chan struct{})
	go func() {
		pushes.Wait()
		close(done)
	}()
	var d device
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		require.NoError(t, d.pull(context.Background(), s))
	}
	return d
}

// TestConcurrentRetriesChangeNothing: one batch is delivered several times at once. One
// delivery is stored, and the others change nothing.
func TestConcurrentRetriesChangeNothing(t *testing.T) {
	onEachLayout(t, func(t *testing.T, s *server) {
		body := batchOf(
			titled(t, "a", "Paint", clock.Stamp{Time: at(0), Client: ana}),
			titled(t, "b", "Repair", clock.Stamp{Time: at(1), Client: ana}))
		var pushes sync.WaitGroup
		for range 5 {
			pushes.Go(func() {
				_, err := s.push(context.Background(), ana, body)
				assert.NoError(t, err)
			})
		}
		pushes.Wait()
		p, err := s.pull(context.Background(), 0, 10)
		require.NoError(t, err)
		require.Equal(t, pulled{body, 2}, p)
	})
}
