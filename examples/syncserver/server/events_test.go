package server

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
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
		ctx, stop := context.WithTimeout(context.Background(), time.Minute)
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

		here.retainAfter = 24 * time.Hour
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
	return streamOf(c.t, r)
}

// streamOf sends a request for an event stream, and returns a function that returns the next event. It skips the comments
// with which the server keeps a stream alive.
func streamOf(t *testing.T, r *http.Request) func() string {
	t.Helper()
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { answer.Body.Close() })
	require.Equal(t, "text/event-stream", answer.Header.Get("Content-Type"))
	lines := bufio.NewScanner(answer.Body)
	return func() string {
		for lines.Scan() {
			if text := lines.Text(); text != "" && !strings.HasPrefix(text, ":") {
				return text
			}
		}
		return fmt.Sprint("ended: ", lines.Err())
	}
}

// heard returns a listener of a feed that has been told a sequence.
func heard(t *testing.T, f *feed, m Sender, seq int64, buckets ...string) *listener {
	t.Helper()
	l := f.listen(m, "192.0.2.1")
	require.NotNil(t, l)
	f.subscribe(l, buckets)
	f.begin(l, seq)
	return l
}

// woken reports whether a listener was woken, and what it is to be told.
func (l *listener) woken(f *feed) (woken bool, seq int64, moved bool) {
	select {
	case <-l.wake:
		woken = true
	default:
	}
	seq, moved = f.take(l)
	return woken, seq, moved
}

// setOf returns a set of buckets or users.
func setOf(names ...string) map[string]bool {
	set := make(map[string]bool)
	for _, name := range names {
		set[name] = true
	}
	return set
}

// TestChangeWakesOnlyItsReaders checks that, of 1,000 listeners with a bucket each, a change wakes the
// listeners of its buckets, once, and a change of membership wakes its user.
func TestChangeWakesOnlyItsReaders(t *testing.T) {
	f := feed{topics: make(map[string]*topic)}
	var all []*listener
	for i := range 1000 {
		m := Sender{Workspace: "a", User: fmt.Sprint("user", i)}
		buckets := []string{fmt.Sprint("b", i), "", fmt.Sprint("c", i/2)}
		slices.Sort(buckets)
		if i == 7 {
			buckets = nil
		}
		l := f.listen(m, fmt.Sprint(i))
		f.subscribe(l, buckets)
		f.begin(l, 5)
		all = append(all, l)
	}
	elsewhere := heard(t, &f, Sender{Workspace: "b", User: "user1"}, 5, "b1")
	for _, c := range []struct {
		News
		woken []int
		moved bool
	}{
		{News{Buckets: setOf("b3")}, []int{3}, false},
		{News{Buckets: setOf("c2", "x")}, []int{4, 5}, false},
		{News{Buckets: setOf("b6", "b7", "b9", "c4", "y", "z")}, []int{6, 8, 9}, false}, // more than a listener has
		{News{Users: setOf("user7")}, []int{7}, true},
		{News{Users: setOf("stranger"), Buckets: setOf("x")}, nil, false},
		{News{Buckets: setOf("b1")}, []int{1}, false},
	} {
		c.Workspace, c.Before = "a", f.topics["a"].seq
		c.Seq = c.Before + 2
		f.advance(c.News)
		f.advance(c.News)
		var woken []int
		for i, l := range all {
			is, seq, moved := l.woken(&f)
			if is {
				woken = append(woken, i)
				require.Equal(t, c.Seq, seq)
			}
			require.Equal(t, is && c.moved, moved)
		}
		require.Equal(t, c.woken, woken, "%+v", c.News)
		is, _, _ := elsewhere.woken(&f)
		require.False(t, is, "%+v", c.News)
	}
	f.observe(News{Workspace: "a", Before: f.topics["a"].seq, Seq: f.topics["a"].seq + 1})
	for i, l := range all {
		is, _, _ := l.woken(&f)
		require.True(t, is, i)
	}
}

// TestChangesOfOtherProcessesAreNotSkipped checks that a change that another process made before a
// change of this process is still found by the next look into the database, and wakes its readers.
func TestChangesOfOtherProcessesAreNotSkipped(t *testing.T) {
	f := feed{topics: make(map[string]*topic)}
	x := heard(t, &f, Sender{Workspace: "a", User: "x"}, 5, "x")
	y := heard(t, &f, Sender{Workspace: "a", User: "y"}, 5, "y")
	f.advance(News{Workspace: "a", Before: 6, Seq: 7, Buckets: setOf("y")}) // another process made 6, in x
	is, seq, _ := y.woken(&f)
	require.True(t, is)
	require.EqualValues(t, 7, seq)
	require.Equal(t, map[string]int64{"a": 5}, f.sequences(), "6 would be skipped")
	f.observe(News{Workspace: "a", Before: 5, Seq: 7, Buckets: setOf("x", "y")})
	is, seq, _ = x.woken(&f)
	require.True(t, is)
	require.EqualValues(t, 7, seq)
	is, _, _ = y.woken(&f)
	require.False(t, is, "a change that was told is told again")
	require.Equal(t, map[string]int64{"a": 7}, f.sequences())
}

// TestListenersAreLimited checks that neither a user nor an address can take the streams of others, and
// that the streams of a workspace and of the process are limited.
func TestListenersAreLimited(t *testing.T) {
	f := feed{topics: make(map[string]*topic)}
	ana := someone("a")
	for range listenersOfUser {
		require.NotNil(t, f.listen(ana, "192.0.2.1"))
	}
	require.Nil(t, f.listen(ana, "192.0.2.9"))
	b := ana
	b.Workspace = "b"
	require.NotNil(t, f.listen(b, "192.0.2.1"))
	var last *listener
	for range listenersOfAddress - listenersOfUser {
		last = f.listen(someone("a"), "192.0.2.1")
		require.NotNil(t, last)
	}
	require.Nil(t, f.listen(someone("a"), "192.0.2.1"))
	require.NotNil(t, f.listen(someone("a"), "192.0.2.2"))
	f.leave(last)
	require.NotNil(t, f.listen(someone("a"), "192.0.2.1"))

	f.topics["b"].listeners = listenersOfWorkspace
	require.Nil(t, f.listen(someone("b"), "192.0.2.3"))
	f.topics["b"].listeners = 1
	f.listeners = maxListeners
	require.Nil(t, f.listen(someone("c"), "192.0.2.3"))
	require.Len(t, f.topics, 2)
}

// TestNothingIsLeftOfListeners checks that a feed forgets listeners that have left.
func TestNothingIsLeftOfListeners(t *testing.T) {
	f := feed{topics: make(map[string]*topic)}
	ana := someone("a")
	first, second, other := f.listen(ana, "192.0.2.1"), f.listen(ana, "192.0.2.2"), f.listen(someone("a"), "192.0.2.1")
	f.leave(first)
	f.leave(other)
	topic := f.topics["a"]
	require.Equal(t, [3]int{1, 1, 1}, [3]int{topic.listeners, len(topic.from), len(topic.audience)})
	f.leave(second)
	require.Equal(t, 0, f.listeners)
	require.Empty(t, f.topics)
}

// TestFallenSequenceNotifiesListeners checks that listeners are notified when a read finds that the
// sequence fell, but not when a read is only late.
func TestFallenSequenceNotifiesListeners(t *testing.T) {
	f := feed{topics: make(map[string]*topic)}
	l := heard(t, &f, Sender{Workspace: "a", User: "ana"}, 0, "")
	for _, c := range []struct{ before, seq, want int64 }{
		{0, 9, 9},
		{0, 5, 9}, // 5 was read before 9 was known
		{9, 9, 9},
		{8, 7, 9}, // 9 became known during the read
		{9, 4, 4},
		{9, 3, 4}, // the sequence fell to 4 during this read, so the next read decides
		{4, 6, 6},
	} {
		f.observe(News{Workspace: "a", Before: c.before, Seq: c.seq, Buckets: setOf("")})
		seq, _ := f.take(l)
		require.Equal(t, c.want, seq, "%+v", c)
	}
	f.observe(News{Workspace: "unknown", Before: 9, Seq: 1})
	f.advance(News{Workspace: "unknown", Before: 1, Seq: 2})
}

// TestRestoredDatabaseIsReported checks that clients that listen and clients that pull are told when
// the database lacks records that they have seen, even if their whole workspace is gone.
func TestRestoredDatabaseIsReported(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		ctx, stop := context.WithTimeout(context.Background(), time.Minute)
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
