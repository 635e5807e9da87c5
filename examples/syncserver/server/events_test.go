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

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
)

// TestListenersAreNotifiedOfEachChange checks that a client gets the sequence of its workspace at
// once and after each change, even by another process, but not the sequences of other workspaces.
func TestListenersAreNotifiedOfEachChange(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		database := name(t)
		here, there := open(t, database), open(t, database)
		ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
		h := httptest.NewServer(here.Handler()) // Watch does not run yet
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

// events opens an event stream, and returns a function that returns the next event.
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

// TestFeedIgnoresLateSequences checks that neither a late sequence nor a sequence of another
// workspace notifies the listeners, and that the number of listeners is limited.
func TestFeedIgnoresLateSequences(t *testing.T) {
	at := func(workspace string) listener { return listener{member{workspace: workspace}, "192.0.2.1"} }
	f := feed{topics: make(map[string]*topic)}
	f.advance("a", 9) // the workspace has no listeners
	require.True(t, f.join(at("a")))
	seq, changed := f.current("a")
	require.Zero(t, seq)
	f.advance("a", 5)
	<-changed
	seq, changed = f.current("a")
	require.EqualValues(t, 5, seq)
	require.True(t, f.join(at("b")))
	f.advance("a", 3)
	f.advance("a", 5)
	f.advance("b", 7)
	select {
	case <-changed:
		t.Fatal("the listener was notified without a change")
	default:
	}
	require.True(t, f.join(at("a")))
	f.leave(at("a"))
	seq, _ = f.current("a")
	require.EqualValues(t, 5, seq, "the sequence was lost although there is still a listener")
	f.leave(at("a"))
	require.Equal(t, map[string]int64{"b": 7}, f.sequences())

	f.topics["b"].listeners = listenersOfWorkspace
	require.False(t, f.join(at("b")))
	require.True(t, f.join(at("a")))
	f.leave(at("a"))
	f.topics["b"].listeners = 1

	f.listeners = maxListeners
	require.False(t, f.join(at("a")))
	f.leave(at("b"))
	require.True(t, f.join(at("a")))
}

// TestEventStreamsAreLimitedByClient checks that one client cannot take the streams of other
// clients.
func TestEventStreamsAreLimitedByClient(t *testing.T) {
	f := feed{topics: make(map[string]*topic)}
	ana := listener{someone("a"), "192.0.2.1"}
	for range listenersOfClient {
		require.True(t, f.join(ana))
	}
	require.False(t, f.join(ana))
	require.True(t, f.join(listener{someone("a"), ana.address}))
	require.True(t, f.join(listener{member{workspace: "b", client: ana.client}, ana.address}))
	f.leave(ana)
	require.True(t, f.join(ana))
	for range listenersOfClient {
		f.leave(ana)
	}
	require.Len(t, f.topics["a"].of, 1, "a client that no longer listens is still counted")
}

// TestEventStreamsAreLimitedByAddress checks that one address, with any number of clients, cannot
// take all streams of a workspace.
func TestEventStreamsAreLimitedByAddress(t *testing.T) {
	f := feed{topics: make(map[string]*topic)}
	here := func() listener { return listener{someone("a"), "192.0.2.1"} }
	first := here()
	require.True(t, f.join(first))
	for range listenersOfAddress - 1 {
		require.True(t, f.join(here()))
	}
	require.False(t, f.join(here()))
	require.True(t, f.join(listener{someone("b"), "192.0.2.1"}))
	there := listener{someone("a"), "192.0.2.2"}
	require.True(t, f.join(there))
	f.leave(first)
	require.True(t, f.join(here()))
	require.False(t, f.join(here()))
	f.leave(there)
	require.Len(t, f.topics["a"].from, 1, "an address from which no client listens any longer is still counted")
}

// TestFallenSequenceNotifiesListeners checks that listeners are notified when a read finds that the
// sequence fell, but not when a read is only late.
func TestFallenSequenceNotifiesListeners(t *testing.T) {
	f := feed{topics: make(map[string]*topic)}
	require.True(t, f.join(listener{member: member{workspace: "a"}}))
	for _, c := range []struct{ before, seq, want int64 }{
		{0, 9, 9},
		{0, 5, 9}, // 5 was read before 9 was known
		{9, 9, 9},
		{8, 7, 9}, // 9 became known during the read
		{9, 4, 4},
		{9, 3, 4}, // the sequence fell to 4 during this read, so the next read decides
		{4, 6, 6},
	} {
		f.observe("a", c.before, c.seq)
		seq, _ := f.current("a")
		require.Equal(t, c.want, seq, "%+v", c)
	}
	f.observe("unknown", 9, 1)
}

// TestRestoredDatabaseIsReported checks that clients that listen and clients that pull are told when
// the database lacks records that they have seen, even if their whole workspace is gone.
func TestRestoredDatabaseIsReported(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
		t.Cleanup(stop)
		ana := joined(t, listen(t, s), "demo", "")
		for i := range 3 {
			ana.push(ana.set(board.Tasks, fmt.Sprint(i), board.Title, "x"))
		}
		next := ana.events(ctx)
		require.Equal(t, "data: 3", next())
		require.Empty(t, ana.pull("3"))
		for seq, restore := range map[int]string{1: `UPDATE workspaces SET seq = 1`, 0: `DELETE FROM workspaces`} {
			_, err := s.database.db.Exec(`DELETE FROM records WHERE seq > 1`)
			require.NoError(t, err)
			_, err = s.database.db.Exec(restore)
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint("data: ", seq), next())
			for _, after := range []string{"3", fmt.Sprint(seq + 1), "9223372036854775807"} {
				status, text := ana.request("GET", "/v1/pull?after="+after, "")
				require.Equal(t, 409, status, text)
				require.Contains(t, text, `"code":"cursor_ahead"`)
			}
			if seq == 1 {
				require.Empty(t, ana.pull("1"))
			}
			_, err = s.database.db.Exec(`
				INSERT INTO workspaces (name, seq, entries) VALUES ('demo', 3, 3) ON CONFLICT (name) DO UPDATE SET seq = 3`)
			require.NoError(t, err)
			require.Equal(t, "data: 3", next())
		}
	})
}
