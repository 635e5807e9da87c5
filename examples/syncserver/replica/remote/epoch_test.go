package remote_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/record"
)

// restorable is a server with a virtual clock, whose database can be copied and put back.
type restorable struct {
	t       *testing.T
	file    string
	wall    time.Time
	level   int
	handler http.Handler
	url     string
	close   func()
	*syncserver.Server
}

func startRestorable(t *testing.T, level int) *restorable {
	s := &restorable{t: t, level: level, wall: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), file: filepath.Join(t.TempDir(), "server.db")}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }))
	t.Cleanup(h.Close)
	s.url = h.URL
	s.open(false)
	t.Cleanup(func() { s.close() })
	return s
}

func (s *restorable) now() time.Time {
	s.wall = s.wall.Add(time.Millisecond)
	return s.wall
}

func (s *restorable) open(restored bool) {
	ctx := s.t.Context()
	d, err := syncserver.OpenDatabase(ctx, s.file)
	require.NoError(s.t, err)
	s.Server, err = syncserver.New(ctx, d, syncserver.Options{Open: "demo", Now: s.now, PurgeLevel: s.level})
	require.NoError(s.t, err)
	if restored {
		_, _, err = s.Restored(ctx)
		require.NoError(s.t, err)
	}
	s.handler = s.Handler()
	s.close = func() { require.NoError(s.t, d.Close()) }
}

func (s *restorable) days(n int) {
	for range n {
		s.wall = s.wall.Add(24 * time.Hour)
		require.NoError(s.t, s.Retain(context.Background()))
	}
}

// backup returns a function that restores the database with a new epoch.
func (s *restorable) backup() (restore func()) {
	s.close()
	copied, err := os.ReadFile(s.file)
	require.NoError(s.t, err)
	s.open(false)
	return func() {
		s.close()
		for _, end := range []string{"-wal", "-shm"} {
			require.NoError(s.t, os.RemoveAll(s.file+end))
		}
		require.NoError(s.t, os.WriteFile(s.file, copied, 0o600))
		s.open(true)
	}
}

func (s *restorable) device() *remote.Client {
	c := member(s.t, s.url)
	var err error
	c.Replica, err = replica.Open(replica.Options{ID: c.Replica.ID(), Wall: s.now})
	require.NoError(s.t, err)
	return c
}

func syncAll(t *testing.T, clients ...*remote.Client) {
	for _, c := range clients {
		require.NoError(t, c.Sync(t.Context()))
	}
}

// TestRestoredServerHeals restores a backup that lacks records and edits of two clients, including
// edits of records that the other client created. Whichever client comes first, in the end nothing is
// lost, and both are told how many edits were sent again.
func TestRestoredServerHeals(t *testing.T) {
	for _, level := range []int{1, 2} {
		for _, aFirst := range []bool{true, false} {
			s := startRestorable(t, level)
			a, b := s.device(), s.device()
			edit(t, a, "old", "by a")
			syncAll(t, a, b)
			s.days(95) // there is a fence
			syncAll(t, a, b)
			restore := s.backup()
			edit(t, a, "lost", "by a")
			edit(t, a, "old", "changed by a")
			syncAll(t, a, b)
			due := map[string]record.Value{"due": record.MustOf("2026-03-04")}
			require.NoError(t, b.Replica.Edit(record.Key{Table: "tasks", ID: "lost"}, due))
			edit(t, b, "deleted", "by b")
			syncAll(t, b, a)
			require.NoError(t, a.Replica.Edit(record.Key{Table: "tasks", ID: "deleted"}, map[string]record.Value{record.DeletedField: record.Bool(true)}))
			syncAll(t, a, b)
			edit(t, b, "unsent", "waits")
			expected := shown(b)
			a.Replica.TakeNotices()
			b.Replica.TakeNotices()
			restore()
			order := []*remote.Client{a, b, a, b, a}
			if !aFirst {
				order = order[1:]
			}
			syncAll(t, order...)
			fresh := s.device()
			syncAll(t, fresh)
			for _, c := range []*remote.Client{a, b, fresh} {
				require.Equal(t, expected, shown(c), "level %d", level)
				require.True(t, c.Replica.Shown(record.Key{Table: "tasks", ID: "deleted"}).Deleted())
				require.Equal(t, []string{"due", "title"}, names(c.Replica.Shown(record.Key{Table: "tasks", ID: "lost"})))
				require.Zero(t, c.Replica.NumWaiting())
			}
			for _, c := range []*remote.Client{a, b} {
				notices := c.Replica.TakeNotices()
				require.Len(t, notices, 2, "%v", notices)
				require.Equal(t, replica.WhyEpoch, notices[0].Why)
				require.Equal(t, replica.SentAgain, notices[1].Kind)
			}
		}
	}
}

// TestPushInAnotherEpochIsJudgedAfterAPull: the client is online when the server is restored, and
// pushes before it pulls. The push is refused as a whole, and what the server lacks is sent first.
func TestPushInAnotherEpochIsJudgedAfterAPull(t *testing.T) {
	s := startRestorable(t, 2)
	a := s.device()
	edit(t, a, "old", "by a")
	syncAll(t, a)
	s.days(95)
	syncAll(t, a)
	restore := s.backup()
	edit(t, a, "lost", "by a")
	syncAll(t, a)
	a.Replica.TakeNotices()
	restore()
	require.NoError(t, a.Replica.Edit(record.Key{Table: "tasks", ID: "lost"}, map[string]record.Value{"due": record.MustOf("2026-03-04")}))
	require.NoError(t, a.Push(t.Context()))
	require.Zero(t, a.Replica.NumWaiting())
	var kinds []replica.NoticeKind
	for _, n := range a.Replica.TakeNotices() {
		kinds = append(kinds, n.Kind)
	}
	require.Equal(t, []replica.NoticeKind{replica.Resync, replica.SentAgain}, kinds)
	fresh := s.device()
	syncAll(t, fresh)
	require.Equal(t, []string{"due", "title"}, names(fresh.Replica.Shown(record.Key{Table: "tasks", ID: "lost"})))
}

func names(r record.Record) (names []string) {
	for name := range r.All() {
		names = append(names, name)
	}
	return names
}

// TestDeadRecordsLeaveEveryDevice: at level 2, the record leaves each device with its first pull after
// the fence has risen, even a device that was away.
func TestDeadRecordsLeaveEveryDevice(t *testing.T) {
	for _, level := range []int{1, 2} {
		s := startRestorable(t, level)
		a, b := s.device(), s.device()
		edit(t, a, "kept", "by a")
		edit(t, a, "dropped", "by a")
		syncAll(t, a, b)
		require.NoError(t, a.Replica.Edit(record.Key{Table: "tasks", ID: "dropped"}, map[string]record.Value{record.DeletedField: record.Bool(true)}))
		syncAll(t, a)
		s.days(95)
		syncAll(t, a, b)
		for _, c := range []*remote.Client{a, b} {
			require.Equal(t, map[string]string{"kept": `"by a"`}, shown(c))
			for _, e := range c.Replica.TakeSaves() {
				require.NotContains(t, e.Value, "dropped")
			}
		}
		for _, c := range []*remote.Client{a, b} {
			require.Equal(t, []replica.Notice{{Kind: replica.Resync, Why: replica.WhyFence}}, c.Replica.TakeNotices())
		}
		edit(t, b, "dropped", "created again")
		syncAll(t, b, a)
		require.Equal(t, `"created again"`, shown(a)["dropped"])
		require.Empty(t, b.Replica.TakeNotices())
	}
}

// TestUnreadableCursorDropsNoItem damages the cursor of a push on its way. The items must stay in the
// outbox, because the server has judged none of them.
func TestUnreadableCursorDropsNoItem(t *testing.T) {
	s := startRestorable(t, 1)
	c := s.device()
	edit(t, c, "a", "x")
	whole := s.handler
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/push" {
			r.URL.RawQuery = "v=2&cursor=x"
		}
		whole.ServeHTTP(w, r)
	})
	var fail *remote.StatusError
	require.ErrorAs(t, c.Push(t.Context()), &fail)
	require.Equal(t, "invalid_cursor", fail.Code)
	require.Equal(t, 1, c.Replica.NumWaiting())
	s.handler = whole
	syncAll(t, c)
	require.Zero(t, c.Replica.NumWaiting())
	require.Empty(t, c.Replica.TakeNotices())
}
