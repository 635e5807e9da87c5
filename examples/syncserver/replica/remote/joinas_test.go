package remote_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// TestSecondClientNeedsTheTokenOfItsUser joins a workspace that is not open.
func TestSecondClientNeedsTheTokenOfItsUser(t *testing.T) {
	ctx := t.Context()
	d, err := syncserver.OpenDatabase(ctx, filepath.Join(t.TempDir(), "server.db"))
	require.NoError(t, err)
	defer d.Close()
	s, err := syncserver.New(ctx, d, syncserver.Options{})
	require.NoError(t, err)
	h := httptest.NewServer(s.Handler())
	defer h.Close()
	there := remote.Server{URL: h.URL}
	invitation, err := s.Invitation("team")
	require.NoError(t, err)
	first, err := there.Join(ctx, "team", invitation)
	require.NoError(t, err)

	second, err := there.JoinAs(ctx, "team", first.Token)
	require.NoError(t, err)
	require.Equal(t, "team", second.Workspace)
	require.Equal(t, first.User, second.User)
	require.NotEqual(t, first.ClientID, second.ClientID)
	require.NotEqual(t, first.Token, second.Token)
	_, err = there.JoinAs(ctx, "team", first.Token)
	require.NoError(t, err, "the token stays valid")

	for _, wrong := range []string{"", first.Token[:len(first.Token)-1]} {
		var refused *remote.StatusError
		_, err = there.JoinAs(ctx, "team", wrong)
		require.ErrorAs(t, err, &refused)
		require.Contains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, refused.Status)
	}
	_, err = there.JoinAs(ctx, "other", first.Token)
	require.Error(t, err)
}
