package server

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/server/databasetest"
)

// TestEvents: a client hears how far the workspace is, at once and at each change, also
// if it was another process that made it, and not of other workspaces.
func TestEvents(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		database := name(t)
		here, there := open(t, database), open(t, database)
		ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
		h := httptest.NewServer(here.Handler()) // which does not watch yet
		t.Cleanup(h.Close)
		t.Cleanup(stop)
		elsewhere := listen(t, there)
		ana := joined(t, h.URL, "demo", "")
		invite, err := here.Invitation("other")
		require.NoError(t, err)
		other := joined(t, elsewhere, "other", invite)

		ana.push(ana.set(board.Tasks, "a", board.Title, "1"))
		next := ana.events(ctx)
		require.Equal(t, "data: 1", next())
		ana.push(ana.set(board.Tasks, "a", board.Title, "2"))
		require.Equal(t, "data: 2", next())
		other.push(other.set(board.Tasks, "a", board.Title, "1"), other.set(board.Tasks, "b", board.Title, "1"))

		go here.Watch(ctx)
		remote := *ana
		remote.url = elsewhere
		remote.push(remote.set(board.Tasks, "a", board.Title, "3"))
		require.Equal(t, "data: 3", next())
		stop()
		require.Contains(t, next(), "ended")
	})
}

// events listens, and returns what returns the next event.
func (c *client) events(ctx context.Context) func() string {
	r, err := http.NewRequestWithContext(ctx, "GET", c.url+"/v1/events", nil)
	require.NoError(c.t, err)
	r.Header.Set("Authorization", "Bearer "+c.Token)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(c.t, err)
	c.t.Cleanup(func() { answer.Body.Close() })
	require.Equal(c.t, "text/event-stream", answer.Header.Get("Content-Type"))
	lines := bufio.NewScanner(answer.Body)
	return func() string {
		for lines.Scan() {
			if text := lines.Text(); text != "" {
				return text
			}
		}
		return fmt.Sprint("ended: ", lines.Err())
	}
}

// TestFeed: a sequence that comes late says nothing, nor does that of another workspace, and
// there is a bound to how many may listen.
func TestFeed(t *testing.T) {
	f := feed{topics: make(map[string]*topic)}
	f.advance("a", 9) // nobody hears it
	require.True(t, f.join("a"))
	seq, changed := f.current("a")
	require.Zero(t, seq)
	f.advance("a", 5)
	<-changed
	seq, changed = f.current("a")
	require.EqualValues(t, 5, seq)
	require.True(t, f.join("b"))
	f.advance("a", 3)
	f.advance("a", 5)
	f.advance("b", 7)
	select {
	case <-changed:
		t.Fatal("nothing has changed")
	default:
	}
	require.True(t, f.join("a"))
	f.leave("a")
	seq, _ = f.current("a")
	require.EqualValues(t, 5, seq, "somebody still listens")
	f.leave("a")
	require.Equal(t, []string{"b"}, f.workspaces())

	f.topics["b"].listeners = listenersOfWorkspace
	require.False(t, f.join("b"))
	require.True(t, f.join("a"))
	f.leave("a")
	f.topics["b"].listeners = 1

	f.listeners = maxListeners
	require.False(t, f.join("a"))
	f.leave("b")
	require.True(t, f.join("a"))
}
