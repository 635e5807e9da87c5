package store_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
)

func TestCommitRefusesAStaleCondition(t *testing.T) {
	s, w := open(t, 0), workspace(t)
	state := store.Key{Workspace: w, Kind: store.KindState}
	none := load(t, s, state)
	require.Zero(t, none.Seq)

	b := batch(store.Put{Key: record(w, "a"), Data: []byte("1")})
	b.If = none
	commit(t, s, b)

	put(t, s, store.Put{Key: state, Data: []byte("fence 1")})
	b = batch(store.Put{Key: record(w, "b"), Data: []byte("1")})
	b.If = none
	require.ErrorIs(t, s.Commit(t.Context(), b), store.ErrConflict)
	require.Zero(t, load(t, s, record(w, "b")).Seq)

	first := load(t, s, state)
	require.Equal(t, "fence 1", string(first.Data))
	put(t, s, store.Put{Key: state, After: first.Seq, Data: []byte("fence 2")})
	for range 20 { // each copy was replaced
		b.If = first
		require.ErrorIs(t, s.Commit(t.Context(), b), store.ErrConflict)
		second := load(t, s, state)
		require.Equal(t, "fence 2", string(second.Data))
		b.If = second
	}
	commit(t, s, b)
	require.ErrorIs(t, s.Commit(t.Context(), batch(store.Put{Key: state, After: first.Seq})), store.ErrConflict)
}

// TestBatchesThatDependOnTheSameStateDoNotConflict fails if the state is one message: JetStream then
// refuses most of these batches.
func TestBatchesThatDependOnTheSameStateDoNotConflict(t *testing.T) {
	w := workspace(t)
	state := store.Key{Workspace: w, Kind: store.KindState}
	stores := []*store.Store{open(t, 0), open(t, 1), open(t, 2)}
	put(t, stores[0], store.Put{Key: state, Data: []byte("fence")})
	entry := load(t, stores[0], state)
	var conflicts, decided atomic.Int64
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			for j := range 20 {
				b := batch(store.Put{Key: record(w, fmt.Sprint(i, j)), Data: []byte("1")})
				b.If = entry
				err := stores[i%3].Commit(t.Context(), b)
				isConflict := errors.Is(err, store.ErrConflict) && !isIncomplete(err)
				if isConflict {
					conflicts.Add(1)
				}
				if isConflict || err == nil { // an answer may be late, or a node become the leader
					decided.Add(1)
				}
			}
		})
	}
	wg.Wait()
	require.Less(t, 60*conflicts.Load(), decided.Load(), "fewer than 10 of 600")
}
