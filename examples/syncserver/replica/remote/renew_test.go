package remote_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// TestEndedTokenIsRenewed: the outbox is kept, and sent under the same client ID and user.
func TestEndedTokenIsRenewed(t *testing.T) {
	ctx := t.Context()
	d, err := syncserver.OpenDatabase(ctx, filepath.Join(t.TempDir(), "server.db"))
	require.NoError(t, err)
	defer d.Close()
	s, err := syncserver.New(ctx, d, syncserver.Options{Open: "demo"})
	require.NoError(t, err)
	ended := "none"
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/renew" && r.Header.Get("Authorization") == "Bearer "+ended {
			w.WriteHeader(http.StatusUnauthorized)
			w.Write([]byte(`{"code":"token_ended"}`))
			return
		}
		s.Handler().ServeHTTP(w, r)
	}))
	defer h.Close()
	m, err := remote.Server{URL: h.URL}.Join(ctx, "demo", "")
	require.NoError(t, err)
	require.NotEmpty(t, m.User)
	require.NotZero(t, m.Ends)
	open := func() *replica.Replica {
		r, err := replica.Open(replica.Options{ID: m.ClientID, User: m.User})
		require.NoError(t, err)
		return r
	}
	c := &remote.Client{Server: remote.Server{URL: h.URL}, Token: m.Token, Replica: open()}
	require.NoError(t, c.Sync(ctx))

	ended = m.Token
	edit(t, c, "a", "kept")
	var fail *remote.StatusError
	for _, err := range []error{c.Sync(ctx), c.Push(ctx), c.Pull(ctx)} {
		require.ErrorAs(t, err, &fail)
		require.Equal(t, "token_ended", fail.Code)
		require.Equal(t, 1, c.Replica.NumWaiting())
	}
	offline := errors.New("offline")
	c.Renew = func(context.Context) (string, error) { return "", offline }
	require.ErrorIs(t, c.Push(ctx), offline)
	require.Equal(t, 1, c.Replica.NumWaiting())

	renewed := 0
	c.Renew = func(ctx context.Context) (string, error) {
		renewed++
		again, err := c.Server.Renew(ctx, c.Token)
		require.NoError(t, err)
		require.Equal(t, m.ClientID, again.ClientID)
		require.Equal(t, m.User, again.User)
		return again.Token, nil
	}
	require.NoError(t, c.Push(ctx))
	require.NoError(t, c.Pull(ctx))
	require.Equal(t, 1, renewed)
	require.Zero(t, c.Replica.NumWaiting())
	other := &remote.Client{Server: c.Server, Token: c.Token, Replica: open()}
	require.NoError(t, other.Pull(ctx))
	require.Equal(t, map[string]string{"a": `"kept"`}, shown(other))
}

// TestTokenIsRenewedOnlyOnceForARequest: nor for any other refusal.
func TestTokenIsRenewedOnlyOnceForARequest(t *testing.T) {
	s, c := start(t)
	renewed := 0
	c.Renew = func(context.Context) (string, error) {
		renewed++
		return "next", nil
	}
	for code, want := range map[string]int{"token_ended": 1, "unauthorized": 0, "signed_out": 0} {
		renewed = 0
		s.lie = func(w http.ResponseWriter, r *http.Request) {
			require.Equal(t, c.Replica.ID().String(), r.Header.Get("Client-Id"))
			w.WriteHeader(http.StatusUnauthorized)
			w.Write([]byte(`{"code":"` + code + `"}`))
		}
		var fail *remote.StatusError
		require.ErrorAs(t, c.Pull(t.Context()), &fail)
		require.Equal(t, code, fail.Code)
		require.Equal(t, want, renewed)
	}
}
