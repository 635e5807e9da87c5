package server

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
)

// requireHealth discards the result of the last check, requests the health of a server, and requires
// a status.
func requireHealth(t *testing.T, s *Server, c *client, want int) string {
	t.Helper()
	s.health.checking.Lock()
	s.health.at = time.Time{}
	s.health.checking.Unlock()
	status, text := c.request("GET", "/v1/health", "")
	require.Equal(t, want, status, text)
	return text
}

// TestHealthNeedsAWritableDatabase checks that health fails if the database lacks its tables, or can
// be read but not written.
func TestHealthNeedsAWritableDatabase(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	c := &client{t: t, url: listen(t, s)}
	require.Contains(t, requireHealth(t, s, c, 200), `"status":"ok","serverTime":"`)
	s.database.db.SetMaxOpenConns(1)
	for _, writable := range []bool{false, true} {
		_, err := s.database.db.Exec(fmt.Sprintf(`PRAGMA query_only(%t)`, !writable))
		require.NoError(t, err)
		if writable {
			requireHealth(t, s, c, 200)
		} else {
			requireHealth(t, s, c, 503)
		}
	}
	_, err := s.database.db.Exec(`DROP TABLE workspaces`)
	require.NoError(t, err)
	require.JSONEq(t, `{"code":"unavailable"}`, requireHealth(t, s, c, 503))
}

// TestHealthReusesTheLastCheck checks that frequent health requests do not access the database each
// time.
func TestHealthReusesTheLastCheck(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	c := &client{t: t, url: listen(t, s)}
	requireHealth(t, s, c, 200)
	require.NoError(t, s.database.db.Close())
	for range 10 {
		status, _ := c.request("GET", "/v1/health", "")
		require.Equal(t, 200, status)
	}
	requireHealth(t, s, c, 503)
}

// TestHealthCountsFailingWorkspaces checks that a workspace to which pushes fail is counted until a
// push to it succeeds, and that other workspaces still work.
func TestHealthCountsFailingWorkspaces(t *testing.T) {
	name := databasetest.Postgres(t)
	s := openShort(t, name)
	brief := short
	brief.lock = 100 * time.Millisecond
	d, err := openDatabase(context.Background(), name, brief)
	require.NoError(t, err)
	defer d.Close()
	s.database = d
	url := listen(t, s)
	ana := joined(t, url, "demo", "")
	invite, err := s.Invitation("other")
	require.NoError(t, err)
	other := joined(t, url, "other", invite)
	locked, release, ended := make(chan bool), make(chan bool), make(chan bool)
	go func() {
		d.locked(context.Background(), &session{workspace: "demo"}, func(*session) error {
			close(locked)
			<-release
			return nil
		})
		close(ended)
	}()
	<-locked
	m := ana.set(board.Tasks, "a", board.Title, "x")
	status, text := ana.request("POST", "/v1/push", string(m.AppendJSON(nil)))
	require.Equal(t, 503, status, text)
	text = requireHealth(t, s, ana, 200)
	require.Contains(t, text, `"status":"degraded"`)
	require.Contains(t, text, `"failing":1`)
	require.NotContains(t, text, "demo")
	other.push(other.set(board.Tasks, "a", board.Title, "x"))
	close(release)
	<-ended
	ana.push(m)
	require.Contains(t, requireHealth(t, s, ana, 200), `"status":"ok"`)

	for i := range 2 * maxFailing {
		s.health.recordPush(fmt.Sprint(i), false)
	}
	require.Equal(t, maxFailing, s.health.failing())
}
