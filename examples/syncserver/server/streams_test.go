package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
)

// byProject puts a record into the buckets that its field project names.
func byProject(r record.Record) []string {
	name, _ := r.Map()["project"].(string)
	return []string{name}
}

// openDivided returns a server whose records are divided by byProject.
func openDivided(t *testing.T, name string) *Server {
	t.Helper()
	d, err := OpenDatabase(t.Context(), name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	s, err := New(t.Context(), d, Options{Buckets: byProject, Open: "demo", Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return s
}

// TestWriteWakesOnlyItsReaders checks, with 1,000 buckets and a listener for each, that a write wakes the
// listeners of its bucket and of the bucket that the record leaves, in this process and in another one.
func TestWriteWakesOnlyItsReaders(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		database := name(t)
		here, there := openDivided(t, database), openDivided(t, database)
		h := httptest.NewServer(here.Handler()) // without Watch, whose look for changes could wake a listener once more
		t.Cleanup(h.Close)
		ana := joined(t, h.URL, "demo", "")
		push := func(id, project string) {
			require.Equal(t, "accepted", ana.push(ana.set(board.Tasks, id, "project", project)).Results[0].Verdict)
		}
		all := map[string]string{"nowhere": WriterRole} // and the buckets 0 to 999
		for i := range 1000 {
			all[fmt.Sprint(i)] = WriterRole
		}
		require.NoError(t, here.Grant(t.Context(), "demo", ana.ID.String(), all))
		push("a", "1")
		var listeners [2][]*listener
		for i, s := range []*Server{here, there} {
			for n := range 1000 {
				m := Sender{Workspace: "demo", User: fmt.Sprint("user", n)}
				l := s.feed.listen(m, m.User)
				s.feed.subscribe(l, []string{strings.TrimPrefix(fmt.Sprint(n), "0")}) // listener 0 reads the bucket ""
				seq, err := s.database.sequence(t.Context(), "demo")
				require.NoError(t, err)
				s.feed.begin(l, seq)
				listeners[i] = append(listeners[i], l)
			}
		}
		for _, c := range []struct {
			project string
			woken   []int
		}{{"1", []int{1}}, {"2", []int{1, 2}}, {"nowhere", []int{2}}, {"7", []int{7}}, {"", []int{0, 7}}} {
			push("a", c.project)
			require.NoError(t, there.readSequences(t.Context()))
			for i, s := range []*Server{here, there} {
				var woken []int
				for n, l := range listeners[i] {
					if is, _, _ := l.woken(&s.feed); is {
						woken = append(woken, n)
					}
				}
				require.Equal(t, c.woken, woken, "project %q, process %d", c.project, i)
			}
		}
		for what, f := range []func() error{
			func() error { return here.Grant(t.Context(), "demo", "user5", map[string]string{"x": "reader"}) },
			func() error { return here.Grant(t.Context(), "demo", "user5", map[string]string{"x": "writer"}) },
			func() error { return here.Revoke(t.Context(), "demo", "user5", "x") },
			func() error { return here.SignOut(t.Context(), "demo", "user5") },
		} {
			require.NoError(t, f())
			require.NoError(t, there.readSequences(t.Context()))
			for i, s := range []*Server{here, there} {
				for n, l := range listeners[i] {
					is, _, moved := l.woken(&s.feed)
					require.Equal(t, [2]bool{n == 5, n == 5}, [2]bool{is, moved}, "change %d, user %d, process %d", what, n, i)
				}
			}
		}
	})
}

// TestStreamsFollowTheMembership checks that a stream reports writes in buckets that were granted after it
// began, and none in a bucket that was revoked.
func TestStreamsFollowTheMembership(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		database := name(t)
		here, there := openDivided(t, database), openDivided(t, database)
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		url := listen(t, here)
		ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
		push := func(project string) {
			require.Equal(t, "accepted", ana.push(ana.set(board.Tasks, "in "+project, "project", project)).Results[0].Verdict)
		}
		require.NoError(t, here.Grant(ctx, "demo", ana.ID.String(), map[string]string{"x": "writer", "y": "writer"})) // 1 and 2
		next := ben.events(ctx)
		require.Equal(t, "data: 2", next())
		push("x") // 3
		push("")  // 4
		require.Equal(t, "data: 4", next())
		require.NoError(t, there.Grant(ctx, "demo", ben.ID.String(), map[string]string{"x": "reader"})) // 5
		require.Equal(t, "data: 5", next())
		push("y") // 6
		push("x") // 7
		require.Equal(t, "data: 7", next())
		require.NoError(t, there.Revoke(ctx, "demo", ben.ID.String(), "x")) // 8
		require.Equal(t, "data: 8", next())
		push("x") // 9
		push("")  // 10
		require.Equal(t, "data: 10", next())
	})
}

// TestStreamsEnd checks that a stream ends when its token ends and when its user is signed out, in this
// process or in another one, and that no other stream ends.
func TestStreamsEnd(t *testing.T) {
	database := databasetest.SQLite(t)
	here, there := openDivided(t, database), openDivided(t, database)
	now := time.Now().Truncate(time.Millisecond)
	here.at(&now)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	url := listen(t, here)
	ana, ben, cleo := joined(t, url, "demo", ""), joined(t, url, "demo", ""), joined(t, url, "demo", "")
	anas, bens := ana.events(ctx), ben.events(ctx)
	require.Equal(t, "data: 0", anas())
	require.Equal(t, "data: 0", bens())
	require.NoError(t, here.SignOut(ctx, "demo", ana.ID.String()))
	require.Equal(t, "ended: <nil>", anas())
	status, text := ana.request("GET", "/v1/events", "")
	require.Equal(t, 401, status)
	require.Equal(t, "signed_out", code(t, text))
	status, _ = ana.request("POST", "/v1/renew", "")
	require.Equal(t, 401, status)
	invite, err := here.InvitationFor("demo", ana.ID.String())
	require.NoError(t, err)
	now = now.Add(time.Millisecond)
	status, _, text = cleo.ask("/v1/join", `{"workspace":"demo","clientId":"`+ana.ID.String()+`","invite":"`+invite+`"}`)
	require.Equal(t, 403, status, "a join with the token of another user: %s", text)
	stranger := &client{t: t, url: url}
	_, again, _ := stranger.ask("/v1/join", `{"workspace":"demo","clientId":"`+ana.ID.String()+`","invite":"`+invite+`"}`)
	ana.Token = again.Token
	status, text = ana.request("GET", "/v1/pull?cursor=", "")
	require.Equal(t, 200, status, text)

	status, text = ben.request("GET", "/v1/pull?cursor=", "") // this process remembers for a second that it admits ben
	require.Equal(t, 200, status, text)
	require.NoError(t, there.SignOut(ctx, "demo", ben.ID.String()))
	require.Equal(t, "ended: <nil>", bens())

	now = now.Add(tokenLife - time.Second/2) // the token of the client cleo ends in half a second
	cleos := cleo.events(ctx)
	require.Contains(t, cleos(), "data:")
	end := cleos()
	for strings.HasPrefix(end, "data:") { // the change by the other process arrives here
		end = cleos()
	}
	require.Equal(t, "ended: <nil>", end)
}

// TestStreamThatBeginsAfterASignOutElsewhereEnds: another process signs a user out, and this one goes on
// admitting the user for a second. A stream that begins in this second ends too.
func TestStreamThatBeginsAfterASignOutElsewhereEnds(t *testing.T) {
	database := databasetest.SQLite(t)
	here, there := openDivided(t, database), openDivided(t, database)
	start, stopped := time.Now(), atomic.Bool{}
	stopped.Store(true)
	here.now = func() time.Time {
		if stopped.Load() {
			return start
		}
		return time.Now()
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	ana := joined(t, listen(t, here), "demo", "")
	status, text := ana.request("GET", "/v1/pull?cursor=", "")
	require.Equal(t, 200, status, text)
	require.NoError(t, there.SignOut(ctx, "demo", ana.ID.String()))
	events := ana.events(ctx)
	require.Contains(t, events(), "data:")
	stopped.Store(false)
	require.Equal(t, "ended: <nil>", events())
}

// TestSignOutIsKnownBeforeStreamsAreTold holds up the news of a sign-out. A stream that gets the news asks whether its user
// is still admitted, so the server must not remember by then that it was.
func TestSignOutIsKnownBeforeStreamsAreTold(t *testing.T) {
	s := openDivided(t, databasetest.SQLite(t))
	now := time.Now()
	s.at(&now) // the server remembers a user as long as this clock stands still
	ana := someone("demo")
	_, err := s.admitted(ana.Client)
	require.NoError(t, err)
	s.feed.mu.Lock()
	over := make(chan error, 1)
	go func() { over <- s.SignOut(t.Context(), "demo", ana.User) }()
	require.Eventually(t, func() bool {
		_, _, remembered := s.users.get(ana.Client, now)
		return !remembered
	}, time.Minute, time.Millisecond)
	_, err = s.admitted(ana.Client)
	_, code := StatusOf(err)
	require.Equal(t, "signed_out", code)
	s.feed.mu.Unlock()
	require.NoError(t, <-over)
}
