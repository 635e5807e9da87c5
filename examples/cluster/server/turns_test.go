package server

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/memory"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
)

func TestTurnsAreLimited(t *testing.T) {
	turns := newTurns(3, 2)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	full := func(workspace string) {
		t.Helper()
		for range 20 { // a free turn is taken half of the times
			_, err := turns.take(ended, workspace)
			require.ErrorIs(t, err, context.Canceled)
		}
	}
	var gives []func()
	for _, workspace := range []string{"a", "a", "b"} {
		give, err := turns.take(t.Context(), workspace)
		require.NoError(t, err)
		gives = append(gives, give)
	}
	full("a")
	full("b")
	full("c")
	gives[2]()
	full("a")
	give, err := turns.take(t.Context(), "c")
	require.NoError(t, err)
	for _, give := range append(gives[:2], give) {
		give()
	}
	require.Empty(t, turns.of)
	require.Empty(t, turns.all)
}

// TestPushWithoutATurnIsTemporary: a push that waits too long for a turn is neither decoded nor stored.
func TestPushWithoutATurnIsTemporary(t *testing.T) {
	m := memory.New()
	s := open(t, m, Options{})
	s.turns = newTurns(1, 1)
	give, err := s.turns.take(t.Context(), "other")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	member, body := syncserver.Sender{Workspace: workspace, User: ana.String(), Client: ana}, write(t, "1", clock.TimestampOf(noon), "x")
	_, err = s.Push(ctx, member, syncserver.Pushed{Body: []byte("{")})
	refuses(t, http.StatusServiceUnavailable, err)
	give()
	_, err = s.Push(t.Context(), member, syncserver.Pushed{Body: body})
	require.NoError(t, err)
	require.Empty(t, s.turns.all, "the push gives its turn back")
}
