package server

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
)

// begin sends the head of a request and a part of its body, and leaves the connection open.
func (c *client) begin(head, body string) net.Conn {
	c.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.url, "http://"))
	require.NoError(c.t, err)
	c.t.Cleanup(func() { conn.Close() })
	_, err = fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n", head, c.Token)
	require.NoError(c.t, err)
	_, err = fmt.Fprint(conn, body)
	require.NoError(c.t, err)
	return conn
}

// running returns how many readers have a slot.
func (s *readers) running() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}

// TestBrokenUploadMayBeRetried checks that a body that breaks off is refused temporarily. If the
// server called it malformed, the client would drop the edit.
func TestBrokenUploadMayBeRetried(t *testing.T) {
	url := listen(t, open(t, databasetest.SQLite(t)))
	ana := joined(t, url, "demo", "")
	m := string(ana.set(board.Tasks, "a", board.Title, "x").AppendJSON(nil))
	conn := ana.begin("POST /v1/push", fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(m), m[:20]))
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	require.Equal(t, "1", answer.Header.Get("Retry-After"))
	require.Empty(t, ana.pull("0"))
}

// TestStalledUploadsBlockNoOtherClient checks that clients with stalled uploads, however many,
// cannot keep another client from pushing a small or large body, in their workspace or another.
func TestStalledUploadsBlockNoOtherClient(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	s.uploads.silence = time.Second / 4
	url := listen(t, s)
	invite, err := s.Invitation("busy")
	require.NoError(t, err)
	var stalled []net.Conn
	for range uploadsOfWorkspace {
		busy := joined(t, url, "busy", invite)
		for range uploadsOfUser + 1 {
			stalled = append(stalled, busy.begin("POST /v1/push", "Content-Length: 100000\r\n\r\n"+strings.Repeat(" ", smallBody)))
		}
	}
	require.Eventually(t, func() bool { return s.uploads.running() == uploadsOfWorkspace }, time.Minute, time.Millisecond)
	ana, ben := joined(t, url, "demo", ""), joined(t, url, "busy", invite)
	for _, c := range []*client{ana, ben} {
		c.push(c.set(board.Tasks, "a", board.Title, "x"))
		large := c.set(board.Tasks, "a", board.Notes, strings.Repeat("x", 60_000))
		c.push(large, large)
	}
	for _, conn := range stalled {
		require.NoError(t, conn.Close())
	}
	require.Eventually(t, func() bool { return s.uploads.running() == 0 }, time.Minute, time.Millisecond)
}

// TestDisplacedUploadIsTooSlow checks that an upload that gives way to another one is refused with
// the status 408, so that its client sends less at once.
func TestDisplacedUploadIsTooSlow(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	s.uploads.silence = time.Second / 4
	ana := joined(t, listen(t, s), "demo", "")
	first := ana.begin("POST /v1/push", "Content-Length: 100000\r\n\r\n"+strings.Repeat(" ", smallBody))
	// The first upload must be the oldest, and must end before its slow body alone would end it.
	require.Eventually(t, func() bool { return s.uploads.running() == 1 }, time.Minute, time.Millisecond)
	require.NoError(t, first.SetReadDeadline(time.Now().Add(readPatience*5/6)))
	for range uploadsOfUser {
		defer ana.begin("POST /v1/push", "Content-Length: 100000\r\n\r\n"+strings.Repeat(" ", smallBody)).Close()
	}
	answer, err := http.ReadResponse(bufio.NewReader(first), nil)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusRequestTimeout, answer.StatusCode)
}

// TestPushesOfOneClientRunOneAtATime checks that the pushes of a client take one slot in the
// queue of their workspace, and that the quota counts the earlier pushes before it admits the next.
func TestPushesOfOneClientRunOneAtATime(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	s.pushes = newQuotas(1, 1e9, time.Minute)
	decode, decoding, goOn := s.decode, make(chan bool), make(chan bool)
	s.decode = func(body []byte) ([]record.Item, error) {
		for _, step := range []chan bool{decoding, goOn} {
			select {
			case step <- true:
			case <-t.Context().Done(): // the test has failed
			}
		}
		return decode(body)
	}
	url := listen(t, s)
	ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
	var statuses [8]int
	var all sync.WaitGroup
	send := func(c *client, status *int) {
		body := "[" + string(c.set(board.Tasks, "a", board.Title, "x").AppendJSON(nil)) + "]"
		all.Go(func() { *status, _ = c.request("POST", "/v1/push", body) })
	}
	for i := range statuses[1:] {
		send(ana, &statuses[i+1])
	}
	<-decoding
	of := "demo/" + ana.ID.String()
	require.Eventually(t, func() bool { return s.own.waiting(of) == len(statuses)-1 }, time.Minute, time.Millisecond)
	send(ben, &statuses[0])
	require.Eventually(t, func() bool { return s.groups.waiting("demo") == 2 }, time.Minute, time.Millisecond)
	<-goOn
	<-decoding // the push of ben; the other pushes of ana are refused
	<-goOn
	all.Wait()
	require.Equal(t, 200, statuses[0])
	slices.Sort(statuses[1:])
	require.Equal(t, []int{200, 429, 429, 429, 429, 429, 429}, statuses[1:])
}

// TestSlowDecodingDelaysNoOtherWorkspace checks that a body that takes a long time to decode
// does not delay the pushes of other workspaces.
func TestSlowDecodingDelaysNoOtherWorkspace(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		decode, decoding, goOn := s.decode, make(chan bool), make(chan bool)
		s.decode = func(body []byte) ([]record.Item, error) {
			if strings.Contains(string(body), "slow") {
				decoding <- true
				<-goOn
			}
			return decode(body)
		}
		url := listen(t, s)
		invite, err := s.Invitation("busy")
		require.NoError(t, err)
		ana := joined(t, url, "demo", "")
		var slow sync.WaitGroup
		for range 2 * maxTurns {
			busy := joined(t, url, "busy", invite)
			m := busy.set(board.Tasks, "a", board.Title, "slow")
			slow.Go(func() { busy.push(m) })
		}
		<-decoding
		require.Eventually(t, func() bool { return s.groups.waiting("busy") == 2*maxTurns }, time.Minute, time.Millisecond)
		ana.push(ana.set(board.Tasks, "a", board.Title, "x"))
		require.Empty(t, s.working.all, "a body that is being decoded takes a slot for transactions")
		go func() {
			for range decoding { // the other slow bodies
			}
		}()
		close(goOn)
		slow.Wait()
		close(decoding)
	})
}

// TestLockedWorkspaceDelaysNoOtherWorkspace checks that pushes that wait for the lock of one
// workspace, however many, do not delay the pushes of another.
func TestLockedWorkspaceDelaysNoOtherWorkspace(t *testing.T) {
	s := open(t, databasetest.Postgres(t)) // SQLite has one lock for all workspaces
	url := listen(t, s)
	invite, err := s.Invitation("busy")
	require.NoError(t, err)
	locked, release := make(chan bool), make(chan bool)
	go s.locked(context.Background(), "busy", func(*session) error {
		close(locked)
		<-release
		return nil
	})
	<-locked
	var waiting sync.WaitGroup
	const most = 2 * maxWorking
	for range most {
		busy := joined(t, url, "busy", invite)
		m := busy.set(board.Tasks, "a", board.Title, "x")
		waiting.Go(func() { busy.push(m) })
	}
	require.Eventually(t, func() bool { return s.groups.waiting("busy") == most }, time.Minute, time.Millisecond)
	ana := joined(t, url, "demo", "")
	ana.push(ana.set(board.Tasks, "a", board.Title, "x"))
	close(release)
	waiting.Wait()
	require.Eventually(t, func() bool { // a group has its answers before it leaves the queue
		s.turns.mu.Lock()
		defer s.turns.mu.Unlock()
		return len(s.turns.of) == 0
	}, time.Minute, time.Millisecond, "the queue of an idle workspace was not removed")
}
