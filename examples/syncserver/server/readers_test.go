package server

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
)

// deaf is an answer whose client does not read. Its writes block until the write deadline is set to
// the past.
type deaf struct {
	*httptest.ResponseRecorder
	past chan struct{}
}

func (d deaf) SetWriteDeadline(at time.Time) error {
	if at.Before(time.Unix(1000, 0)) {
		close(d.past)
	}
	return nil
}

func (d deaf) Write([]byte) (int, error) {
	<-d.past
	return 0, net.ErrClosed
}

// someone returns a member who is a new user with a new client ID.
func someone(workspace string) Sender {
	client := clock.ClientID(uuid.New())
	return Sender{Workspace: workspace, User: client.String(), Client: client}
}

// stalled starts a pull whose client does not read, and waits until the pull waits for the client.
// The returned channel receives the error with which the pull ends.
func stalled(t *testing.T, s *readers, by Sender) (r *reader, over chan error) {
	t.Helper()
	r, err := s.enter(context.Background(), deaf{httptest.NewRecorder(), make(chan struct{})}, by)
	require.NoError(t, err)
	over = make(chan error, 1)
	go func() {
		over <- r.send([]byte("x"))
		r.leave()
	}()
	require.Eventually(t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return !r.since.IsZero()
	}, time.Minute, time.Millisecond)
	return r, over
}

// TestLongestSilentPullIsEnded checks that a pull that finds no slot ends exactly one other pull:
// the pull that was silent for the longest time, within the full server or workspace.
func TestLongestSilentPullIsEnded(t *testing.T) {
	wall := time.Unix(5000, 0)
	for _, c := range []struct {
		what                        string
		most, ofWorkspace, ofUser   int
		first, second, third, comes Sender
		silent                      time.Duration // how long the pull by "first" has been silent when "comes" tries to enter
		ends                        int           // the index of the pull that is ended, or -1
	}{
		{"the server is full", 3, 3, 3, someone("a"), someone("b"), someone("c"), someone("d"), maxSilence, 0},
		{"no pull is silent for long enough", 3, 3, 3, someone("a"), someone("b"), someone("c"), someone("d"), maxSilence - 1, -1},
		{"the workspace is full", 9, 2, 2, someone("b"), someone("a"), someone("a"), someone("a"), 3 * maxSilence, 1},
	} {
		s := newReaders(c.most, c.ofWorkspace, c.ofUser, maxSilence)
		s.now = func() time.Time { return wall }
		var pulls []*reader
		var over []chan error
		for _, by := range []Sender{c.first, c.second, c.third} {
			r, ended := stalled(t, s, by)
			pulls, over = append(pulls, r), append(over, ended)
			s.mu.Lock()
			wall = wall.Add(time.Millisecond)
			s.mu.Unlock()
		}
		s.mu.Lock()
		wall = wall.Add(c.silent - 3*time.Millisecond)
		s.mu.Unlock()
		come := &reader{of: s, by: c.comes, w: httptest.NewRecorder()}
		_, left := s.tryEnter(come)
		require.NotNil(t, left, c.what)
		s.mu.Lock()
		for i, r := range pulls { // not s.all, because an ended pull may have left already
			require.Equal(t, i == c.ends, r.ended, "%s: pull %d", c.what, i)
		}
		s.mu.Unlock()
		if c.ends < 0 {
			continue
		}
		fail := new(failure)
		require.ErrorAs(t, <-over[c.ends], &fail)
		require.Equal(t, http.StatusServiceUnavailable, fail.status)
		<-left
		_, left = s.tryEnter(come)
		require.Nil(t, left, c.what)
		come.leave()
	}
}

// TestClientEndsOnlyItsOwnPulls checks that a client that pulls repeatedly without reading takes no
// slots of other clients.
func TestClientEndsOnlyItsOwnPulls(t *testing.T) {
	s := newReaders(10, 10, 2, maxSilence)
	wall := time.Unix(5000, 0)
	s.now = func() time.Time { return wall }
	ana := someone("a")
	_, other := stalled(t, s, someone("a"))
	for range 20 {
		wall = wall.Add(maxSilence / 2) // of the two pulls of the client, only the older one is silent for long enough
		stalled(t, s, ana)
	}
	require.Len(t, s.all, 3)
	require.Empty(t, other)
}

// TestSlowReaderKeepsItsSlot checks that a client that reads a piece from time to time keeps its
// slot, however long the whole chunk takes.
func TestSlowReaderKeepsItsSlot(t *testing.T) {
	s := newReaders(1, 1, 1, maxSilence)
	wall := time.Unix(5000, 0)
	s.now = func() time.Time { return wall }
	var r *reader
	pieces := 0
	slow := slowly{httptest.NewRecorder(), func() {
		pieces++
		wall = wall.Add(maxSilence - 1)
		_, left := s.tryEnter(&reader{of: s, by: someone("a")})
		require.NotNil(t, left)
		require.False(t, r.ended)
	}}
	r, err := s.enter(t.Context(), slow, someone("a"))
	require.NoError(t, err)
	require.NoError(t, r.send(make([]byte, chunkBytes)))
	require.Equal(t, chunkBytes, slow.Body.Len())
	require.GreaterOrEqual(t, pieces, chunkBytes/pieceBytes)
}

// slowly is an answer that calls its function "each" at every write.
type slowly struct {
	*httptest.ResponseRecorder
	each func()
}

func (s slowly) Write(p []byte) (int, error) {
	s.each()
	return s.ResponseRecorder.Write(p)
}

// TestPullBetweenChunksIsNotSilent checks that a pull whose client has read the last chunk keeps its
// slot, however long the database takes to read the next one.
func TestPullBetweenChunksIsNotSilent(t *testing.T) {
	s := newReaders(1, 1, 1, maxSilence)
	s.silence = 0
	r, err := s.enter(t.Context(), httptest.NewRecorder(), someone("a"))
	require.NoError(t, err)
	require.NoError(t, r.send([]byte("x")))
	ctx, end := context.WithCancel(t.Context())
	end()
	_, err = s.enter(ctx, httptest.NewRecorder(), someone("a"))
	fail := new(failure)
	require.ErrorAs(t, err, &fail)
	require.Equal(t, http.StatusServiceUnavailable, fail.status)
	require.NoError(t, r.send([]byte("x")))
	r.leave()
	r, err = s.enter(t.Context(), httptest.NewRecorder(), someone("a"))
	require.NoError(t, err)
	r.leave()
	require.Empty(t, s.all)
}

// TestUnreadPullsAreLimited checks that the number of running pulls stays within the limit, however
// many clients do not read, and that a client that reads is served.
func TestUnreadPullsAreLimited(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	s.readers.silence = time.Second / 4
	url := listen(t, s)
	ana := joined(t, url, "demo", "")
	long := strings.Repeat("x", 60_000)
	for i := range 4 {
		var many []record.Mutation
		for j := range 30 {
			many = append(many, ana.set(board.Tasks, fmt.Sprint(i, "/", j), board.Notes, long))
		}
		ana.push(many...)
	}
	for range 2 * pullsOfWorkspace {
		conn := joined(t, url, "demo", "").begin("GET /v1/pull", "\r\n")
		require.NoError(t, conn.(*net.TCPConn).SetReadBuffer(4096))
	}
	for range 2 {
		require.Len(t, ana.pull("0"), 120)
		s.readers.mu.Lock()
		require.LessOrEqual(t, len(s.readers.all), pullsOfWorkspace)
		s.readers.mu.Unlock()
	}
}
