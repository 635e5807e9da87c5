package server

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/cluster/memory"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	"github.com/fieldlww/fieldlww/merge/mergetest"
)

// forgetful is a store that forgets which batch wrote a mark, so that a server cannot tell whether a batch is stored
// whose answer was lost.
type forgetful struct{ Store }

func (f forgetful) Load(ctx context.Context, workspace string, keys []store.Key) (store.View, error) {
	v, err := f.Store.Load(ctx, workspace, keys)
	for i, e := range v.Entries {
		if e.Key.Kind == store.KindMark {
			v.Entries[i].Data = bytes.Replace(e.Data, []byte(`"batch"`), []byte(`"other"`), 1)
		}
	}
	return v, err
}

// stale is a store whose reads may be as of the last commit but one, like the reads of a replica that is behind.
type stale struct {
	*memory.Store
	old  *memory.Store
	dice *rand.Rand
}

func (s *stale) Commit(ctx context.Context, b store.Batch) error {
	s.old = s.Copy()
	return s.Store.Commit(ctx, b)
}

func (s *stale) Load(ctx context.Context, workspace string, keys []store.Key) (store.View, error) {
	v, err := s.Store.Load(ctx, workspace, keys)
	if err != nil || s.old == nil || s.dice.IntN(2) == 0 {
		return v, err
	}
	old, err := s.old.Load(ctx, workspace, keys)
	for i, e := range v.Entries {
		if e.Key.Kind == store.KindUser { // the kit would notice first that the rights are missing
			old.Entries[i] = e
		}
	}
	return old, err
}

// unsaved is a store that is not backed up.
type unsaved struct{ Store }

func (u unsaved) At(int) Store { return u.Store }

func (unsaved) Workspace() string { return workspace }

func (unsaved) Backup(*testing.T) func() backing { panic("not a Restorer") }

// fails requires that the kit finds a fault of servers on a store.
func fails(t *testing.T, law string, open func() Store) {
	t.Helper()
	err := mergetest.Check(func(env *mergetest.Env) (mergetest.Backend, error) {
		p, err := newPair(t, env, unsaved{open()}, Options{})
		return struct{ mergetest.Backend }{plain{p}}, err
	}, mergetest.Options{Seeds: 49})
	require.ErrorContains(t, err, law)
}

func TestKitFindsWritesWithoutCompareAndSwap(t *testing.T) {
	fails(t, "concurrent pushes lose nothing", func() Store { return careless{memory.New(), store.KindRecord} })
}

func TestKitFindsAnswersOfBatchesThatWereNotStored(t *testing.T) {
	fails(t, "the answer says what happened", func() Store { return forgetful{newControl(t)} })
}

func TestKitFindsStaleReads(t *testing.T) {
	fails(t, "broken law", func() Store { return &stale{memory.New(), nil, rand.New(rand.NewPCG(1, 1))} })
}
