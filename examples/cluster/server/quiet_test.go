package server

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/memory"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
)

// pushed is a store in which changes of the state conflict, unless one of them has asked for quiet.
type pushed struct{ Store }

func (b pushed) Commit(ctx context.Context, batch store.Batch) error {
	view, err := b.Load(ctx, batch.Workspace, []store.Key{quietKey(batch.Workspace)})
	if err != nil {
		return err
	}
	isState := func(p store.Put) bool { return p.Key == stateKey(batch.Workspace) }
	var q quiet
	if err := decode(view.Entries[0], &q); err != nil {
		return err
	}
	if slices.ContainsFunc(batch.Puts, isState) && !q.lasts(quietFor) {
		return store.ErrConflict
	}
	return b.Store.Commit(ctx, batch)
}

// TestRightEndsInABusyWorkspace takes a right away while each change of the state meets a push, unless pushes wait.
func TestRightEndsInABusyWorkspace(t *testing.T) {
	m := memory.New()
	s := open(t, m, Options{})
	s.store, s.attempts = pushed{m}, 20
	require.NoError(t, s.Revoke(t.Context(), workspace, ana.String()))
	require.NoError(t, s.Grant(t.Context(), workspace, ana.String(), map[string]string{"": "writer"}))
	require.NoError(t, s.Revoke(t.Context(), workspace, ana.String()), "a second time")
	now, err := m.Load(t.Context(), workspace, []store.Key{quietKey(workspace)})
	require.NoError(t, err)
	require.JSONEq(t, "{}", string(now.Entries[0].Data), "the change ends the quiet")
}

// asking is a store in which another process asks for quiet until the workspace is read for the third time.
type asking struct {
	*memory.Store
	t      *testing.T
	reads  int
	misses int // batches that were committed during the quiet
}

func (a *asking) Load(ctx context.Context, workspace string, keys []store.Key) (store.View, error) {
	key := quietKey(workspace)
	if slices.Contains(keys, key) {
		now, err := a.Store.Load(ctx, workspace, []store.Key{key})
		require.NoError(a.t, err)
		q := quiet{time.Now().Add(quietFor)}
		if a.reads++; a.reads == 3 {
			q = quiet{}
		}
		text, err := json.Marshal(q)
		require.NoError(a.t, err)
		put := store.Put{Key: key, After: now.Entries[0].Seq, Data: text}
		require.NoError(a.t, a.Store.Commit(ctx, store.Batch{Workspace: workspace, ID: newID(), Puts: []store.Put{put}}))
	}
	return a.Store.Load(ctx, workspace, keys)
}

func (a *asking) Commit(ctx context.Context, b store.Batch) error {
	if a.reads < 3 {
		a.misses++
	}
	return a.Store.Commit(ctx, b)
}

func TestPushWaitsWhileItIsQuiet(t *testing.T) {
	m := memory.New()
	s := open(t, m, Options{})
	others := &asking{Store: m, t: t}
	s.store = others
	require.True(t, s.pushes(t, write(t, "1", clock.TimestampOf(noon), "x")).Accepted())
	require.Zero(t, others.misses)
}

// TestQuietOfAWrongClockDoesNotCount: a push does not wait until a time that is too far ahead.
func TestQuietOfAWrongClockDoesNotCount(t *testing.T) {
	m := memory.New()
	s := open(t, m, Options{})
	text, err := json.Marshal(quiet{time.Now().Add(24 * time.Hour)})
	require.NoError(t, err)
	put := store.Put{Key: quietKey(workspace), Data: text}
	require.NoError(t, m.Commit(t.Context(), store.Batch{Workspace: workspace, ID: newID(), Puts: []store.Put{put}}))
	require.True(t, s.pushes(t, write(t, "1", clock.TimestampOf(noon), "x")).Accepted())
}
