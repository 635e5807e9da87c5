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
	at := func(workspace string) listener { return listener{member{workspace: workspace}, "192.0.2.1"} }
	f := feed{topics: make(map[string]*topic)}
	f.advance("a", 9) // nobody hears it
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
		t.Fatal("nothing has changed")
	default:
	}
	require.True(t, f.join(at("a")))
	f.leave(at("a"))
	seq, _ = f.current("a")
	require.EqualValues(t, 5, seq, "somebody still listens")
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

// TestClientListensAFewTimes: one client leaves room for others to listen.
func TestClientListensAFewTimes(t *testing.T) {
	f := feed{topics: make(map[string]*topic)}
	ana := listener{someone("a"), "192.0.2.1"}
	for range listenersOfClient {
		require.True(t, f.join(ana))
	}
	require.False(t, f.join(ana))
	require.True(t, f.join(listener{someone("a"), ana.address}))
	require.True(t, f.join(listener{member{"b", ana.client}, ana.address}))
	f.leave(ana)
	require.True(t, f.join(ana))
	for range listenersOfClient {
		f.leave(ana)
	}
	require.Len(t, f.topics["a"].of, 1, "who does not listen is forgotten")
}

// TestAddressListensToAPart: one address, with as many clients as it likes, leaves room in a
// workspace for others.
func TestAddressListensToAPart(t *testing.T) {
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
	require.Len(t, f.topics["a"].from, 1, "an address without listeners is forgotten")
}

// TestFallenSequenceIsTold: listeners are told that a sequence fell, by whichever read finds
// out, and not of a read that is merely late.
func TestFallenSequenceIsTold(t *testing.T) {
	f := feed{topics: make(map[string]*topic)}
	require.True(t, f.join(listener{member: member{workspace: "a"}}))
	for _, c := range []struct{ before, seq, want int64 }{
		{0, 9, 9},
		{0, 5, 9}, // it was read before 9 was known
		{9, 9, 9},
		{8, 7, 9}, // 9 became known while it was read
		{9, 4, 4},
		{9, 3, 4}, // another read of the same time: the next one decides
		{4, 6, 6},
	} {
		f.observe("a", c.before, c.seq)
		seq, _ := f.current("a")
		require.Equal(t, c.want, seq, "%+v", c)
	}
	f.observe("nobody", 9, 1)
}

// TestRestoredDatabaseIsTold: clients that listen and clients that pull are told when the
// database has less than they have seen, also when nothing is left of their workspace.
func TestRestoredDatabaseIsTold(t *testing.T) {
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
