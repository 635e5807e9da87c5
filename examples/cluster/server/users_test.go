package server

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/memory"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// codeOf returns the code that a client is told.
func codeOf(t *testing.T, err error) string {
	require.Error(t, err)
	_, code := syncserver.StatusOf(err)
	return code
}

// account returns an account of ana.
func account(user string) Account {
	return Account{Workspace: workspace, User: user, Client: ana, Issued: noon}
}

// TestOneUserGetsAClientID lets users claim one client ID at the same time, on servers of their own.
func TestOneUserGetsAClientID(t *testing.T) {
	for range 20 {
		p := newControl(t)
		var group sync.WaitGroup
		admitted := make([]error, 4)
		for i := range admitted {
			s, err := New(busy{p}, Options{})
			require.NoError(t, err)
			group.Go(func() { admitted[i] = s.Admit(t.Context(), account(string(rune('a'+i)))) })
		}
		group.Wait()
		n := 0
		for _, err := range admitted {
			if err == nil {
				n++
				continue
			}
			require.Equal(t, "client_taken", codeOf(t, err))
		}
		require.Equal(t, 1, n)
	}
}

func TestNewUserGetsTheCommonBucketOnce(t *testing.T) {
	s, err := New(memory.New(), Options{Now: func() time.Time { return noon }})
	require.NoError(t, err)
	for i := range 3 {
		a := account("u")
		a.Client = clock.ClientID{byte(i + 1)}
		err = s.Admit(t.Context(), a)
		require.NoError(t, err)
		require.NoError(t, s.Revoke(t.Context(), workspace, "u"))
	}
	u, err := s.user(t.Context(), workspace, "u")
	require.NoError(t, err)
	require.Empty(t, u.Buckets)
	require.Equal(t, 3, u.Clients)
}

func TestSignedOutUserIsRefused(t *testing.T) {
	s, err := New(memory.New(), Options{Now: func() time.Time { return noon }})
	require.NoError(t, err)
	err = s.Admit(t.Context(), account("u"))
	require.NoError(t, err)
	require.NoError(t, s.SignOut(t.Context(), workspace, "u"))
	err = s.Admit(t.Context(), account("u"))
	require.Equal(t, "signed_out", codeOf(t, err))
	again := account("u")
	again.Issued = noon.Add(time.Second)
	err = s.Admit(t.Context(), again)
	require.NoError(t, err)
}

// TestLaterCredentialsDecideTheRights: credentials that arrive late change nothing.
func TestLaterCredentialsDecideTheRights(t *testing.T) {
	s, err := New(memory.New(), Options{Now: func() time.Time { return noon }})
	require.NoError(t, err)
	for _, c := range []struct {
		after  time.Duration
		rights map[string]string
		want   map[string]string
	}{
		{1, map[string]string{"a": "reader", "b": "writer"}, map[string]string{"a": "reader", "b": "writer"}},
		{3, map[string]string{"a": "writer"}, map[string]string{"a": "writer"}},
		{2, map[string]string{"b": "writer"}, map[string]string{"a": "writer"}},
	} {
		a := account("u")
		a.Rights, a.Issued = c.rights, noon.Add(c.after)
		err := s.Admit(t.Context(), a)
		require.NoError(t, err)
		u, err := s.user(t.Context(), workspace, "u")
		require.NoError(t, err)
		require.Equal(t, c.want, actorOf(syncserver.Sender{}, u).Roles)
	}
}

// TestChangeForgetsTheUsersOfItsWorkspace: a busy workspace must not slow down the others.
func TestChangeForgetsTheUsersOfItsWorkspace(t *testing.T) {
	s, err := New(memory.New(), Options{Now: func() time.Time { return noon }})
	require.NoError(t, err)
	one, other := account("u"), account("u")
	other.Workspace, other.Client = "other", clock.ClientID{1}
	knows := func(a Account) bool {
		_, ok := s.known.get(a, noon)
		return ok
	}
	for _, c := range []struct {
		change     store.Change
		one, other bool
	}{
		{store.Change{Workspace: workspace}, true, true},
		{store.Change{Workspace: workspace, Any: true}, false, true},
		{store.Change{Workspace: "third", Any: true}, true, true},
		{store.Change{Any: true}, false, false},
	} {
		require.NoError(t, s.Admit(t.Context(), one))
		require.NoError(t, s.Admit(t.Context(), other))
		require.Equal(t, 2, s.known.size)
		s.report(c.change, func(syncserver.News) {})
		require.Equal(t, c.one, knows(one))
		require.Equal(t, c.other, knows(other))
	}
	require.Zero(t, s.known.size)
	require.NoError(t, s.Admit(t.Context(), one))
	require.NoError(t, s.SignOut(t.Context(), workspace, "u"))
	require.False(t, knows(one))
}

func TestServersShareOneSecret(t *testing.T) {
	p := newControl(t)
	secrets := make(map[string]bool)
	var mu sync.Mutex
	var group sync.WaitGroup
	for range 4 {
		s, err := New(busy{p}, Options{})
		require.NoError(t, err)
		group.Go(func() {
			secret, err := s.Secret(context.Background())
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			secrets[secret] = true
		})
	}
	group.Wait()
	require.Len(t, secrets, 1)
}
