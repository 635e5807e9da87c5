package remote_test

import (
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestDeviceThatWasAwayForLongPullsEverythingAgain leaves a device offline for longer than the
// retention. It must then show what the other device shows, and report the edit that is gone.
func TestDeviceThatWasAwayForLongPullsEverythingAgain(t *testing.T) {
	ctx := t.Context()
	wall := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	now := func() time.Time { wall = wall.Add(time.Millisecond); return wall }
	d, err := syncserver.OpenDatabase(ctx, filepath.Join(t.TempDir(), "server.db"))
	require.NoError(t, err)
	defer d.Close()
	s, err := syncserver.New(ctx, d, syncserver.Options{Open: "demo", Now: now})
	require.NoError(t, err)
	h := httptest.NewServer(s.Handler())
	defer h.Close()
	device := func() *remote.Client {
		c := member(t, h.URL)
		c.Replica, err = replica.Open(replica.Options{ID: c.Replica.ID(), Wall: now})
		require.NoError(t, err)
		return c
	}
	a, b := device(), device()
	edit(t, a, "kept", "by a")
	edit(t, a, "dropped", "by a")
	require.NoError(t, a.Sync(ctx))
	require.NoError(t, b.Sync(ctx))
	edit(t, b, "kept", "by b")
	edit(t, b, "dropped", "by b")
	require.NoError(t, a.Replica.Edit(record.Key{Table: "tasks", ID: "dropped"}, map[string]record.Value{record.DeletedField: record.Bool(true)}))
	require.NoError(t, a.Sync(ctx))
	for range 92 {
		wall = wall.Add(24 * time.Hour)
		require.NoError(t, s.Retain(ctx))
	}
	require.NoError(t, b.Sync(ctx))
	require.NoError(t, a.Sync(ctx))
	require.Equal(t, shown(a), shown(b))
	require.Equal(t, map[string]string{"kept": `"by b"`}, shown(b))
	require.Zero(t, b.Replica.NumWaiting())
	var kinds []replica.NoticeKind
	for _, n := range b.Replica.TakeNotices() {
		switch kinds = append(kinds, n.Kind); n.Kind {
		case replica.Refused:
			require.Equal(t, merge.Gone, n.Code)
			require.Equal(t, "dropped", n.Key.ID)
		case replica.Resync:
			require.Equal(t, replica.WhyFence, n.Why)
		}
	}
	require.Equal(t, []replica.NoticeKind{replica.Resync, replica.Refused}, kinds)
}
