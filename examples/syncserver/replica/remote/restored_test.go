package remote_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// serve starts a server on a database; stop ends it.
func serve(t *testing.T, database string) (url string, stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	d, err := syncserver.OpenDatabase(ctx, database)
	require.NoError(t, err)
	s, err := syncserver.New(ctx, d, syncserver.Options{Open: "demo"})
	require.NoError(t, err)
	go s.Watch(ctx)
	h := httptest.NewServer(s.Handler())
	return h.URL, func() {
		h.Close()
		cancel()
		require.NoError(t, d.Close())
	}
}

// member creates a new client on a server.
func member(t *testing.T, url string) *remote.Client {
	c := &remote.Client{Server: remote.Server{URL: url}}
	m, err := c.Server.Join(t.Context(), "demo", "")
	require.NoError(t, err)
	c.Token = m.Token
	c.Replica, err = replica.Open(replica.Options{ID: m.ClientID})
	require.NoError(t, err)
	return c
}

// shown returns the titles that a client shows.
func shown(c *remote.Client) map[string]string {
	all := map[string]string{}
	for r := range c.Replica.Records("tasks") {
		v, _ := r.Get("title")
		all[r.Key().ID] = v.Value.String()
	}
	return all
}

// TestClientsConvergeAfterAFailoverThatLostCommits: a standby replaces a server and lacks the last
// commits of two clients. Each client is told once, keeps its waiting edits, and sends again what the
// standby lacks. In the end both show the same as a new client, and nothing is lost.
func TestClientsConvergeAfterAFailoverThatLostCommits(t *testing.T) {
	ctx := t.Context()
	database, standby := filepath.Join(t.TempDir(), "server.db"), filepath.Join(t.TempDir(), "standby.db")
	url, stop := serve(t, database)
	a, b := member(t, url), member(t, url)
	disk := map[string]string{}
	b.Save = func(entries []replica.Entry) error {
		for _, e := range entries {
			if disk[e.Key] = e.Value; e.Value == "" {
				delete(disk, e.Key)
			}
		}
		return nil
	}
	for i := range 10 {
		edit(t, a, fmt.Sprint("early", i), "by a")
	}
	require.NoError(t, a.Sync(ctx))
	stop()
	copied, err := os.ReadFile(database)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(standby, copied, 0o600))

	url, stop = serve(t, database)
	a.Server.URL, b.Server.URL = url, url
	for i := range 10 {
		edit(t, a, fmt.Sprint("lost", i), "by a")
		edit(t, b, fmt.Sprint("lost", 10+i), "by b")
	}
	edit(t, a, "early3", "changed, and lost")
	for _, c := range []*remote.Client{a, b, a} {
		require.NoError(t, c.Sync(ctx))
	}
	require.Len(t, shown(a), 30)
	require.Equal(t, shown(a), shown(b))
	edit(t, a, "lost0", "waits")
	edit(t, b, "unsent", "waits")
	stop()

	url, stop = serve(t, standby)
	defer stop()
	a.Server.URL, b.Server.URL = url, url
	for _, c := range []*remote.Client{a, b, a} {
		require.NoError(t, c.Sync(ctx))
	}
	fresh := member(t, url)
	require.NoError(t, fresh.Sync(ctx))
	expected := map[string]string{"lost0": `"waits"`, "unsent": `"waits"`}
	for i := range 10 {
		expected[fmt.Sprint("early", i)] = `"by a"`
		expected[fmt.Sprint("lost", 10+i)] = `"by b"`
		if i > 0 {
			expected[fmt.Sprint("lost", i)] = `"by a"`
		}
	}
	expected["early3"] = `"changed, and lost"`
	for _, c := range []*remote.Client{a, b, fresh} {
		require.Equal(t, expected, shown(c))
		require.Zero(t, c.Replica.NumWaiting())
	}
	for c, again := range map[*remote.Client]int{a: 11, b: 10} {
		require.Equal(t, []replica.Notice{{Kind: replica.Resync, Why: replica.WhyEpoch, Items: 1}, {Kind: replica.SentAgain, Items: again}}, c.Replica.TakeNotices())
	}
	opened, err := replica.Open(replica.Options{ID: b.Replica.ID(), Saved: func(yield func(replica.Entry) bool) {
		for key, value := range disk {
			if !yield(replica.Entry{Key: key, Value: value}) {
				return
			}
		}
	}})
	require.NoError(t, err)
	b.Replica = opened
	require.Equal(t, expected, shown(b), "the saved entries give the same state")

	edit(t, a, "after", "by a")
	require.NoError(t, a.Sync(ctx))
	require.NoError(t, b.Sync(ctx))
	require.Equal(t, shown(a), shown(b))
	require.Empty(t, b.Replica.TakeNotices())
}

// TestClientsJoinAgainIfTheRestoredServerForgotThem: if the restored server does not know the
// tokens either, clients join again and open their saved entries as new clients.
func TestClientsJoinAgainIfTheRestoredServerForgotThem(t *testing.T) {
	url, stop := serve(t, filepath.Join(t.TempDir(), "old.db"))
	a := member(t, url)
	edit(t, a, "lost", "by a")
	require.NoError(t, a.Sync(t.Context()))
	edit(t, a, "unsent", "waits")
	stop()
	url, stop = serve(t, filepath.Join(t.TempDir(), "new.db"))
	defer stop()
	a.Server.URL = url
	var fail *remote.StatusError
	require.ErrorAs(t, a.Sync(t.Context()), &fail)
	require.Equal(t, 401, fail.Status)

	again := member(t, url)
	opened, err := replica.Open(replica.Options{ID: again.Replica.ID(), Saved: func(yield func(replica.Entry) bool) {
		for _, e := range a.Replica.TakeSaves() {
			if !yield(e) {
				return
			}
		}
	}})
	require.NoError(t, err)
	again.Replica = opened
	require.NoError(t, again.Sync(t.Context()))
	require.Equal(t, map[string]string{"unsent": `"waits"`}, shown(again))
	require.Equal(t, map[string]string{"unsent": `"waits"`}, func() map[string]string {
		fresh := member(t, url)
		require.NoError(t, fresh.Sync(t.Context()))
		return shown(fresh)
	}())
}
