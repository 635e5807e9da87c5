package remote_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
)

// TestUnreachableServerLosesNothing: each request fails, and the edit is sent once the server is
// back.
func TestUnreachableServerLosesNothing(t *testing.T) {
	s, r := start(t)
	edit(t, r, "a", "x")
	nowhere := r.Server
	nowhere.URL = "http://127.0.0.1:0"
	m, err := nowhere.Join(t.Context(), "demo", "please")
	require.Error(t, err)
	require.Zero(t, m)
	there := r.Server
	r.Server = nowhere
	require.Error(t, r.Pull(t.Context()))
	require.Error(t, r.Push(t.Context()))
	require.Equal(t, 1, r.Replica.NumWaiting())
	r.Server = there
	require.NoError(t, r.Push(t.Context()))
	require.Equal(t, 1, s.Records().Len())
}

// TestIncompleteAnswerIsANetworkError: an answer that breaks off does not count as an invalid
// answer of the server.
func TestIncompleteAnswerIsANetworkError(t *testing.T) {
	s, r := start(t)
	edit(t, r, "a", "x")
	s.lie = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, `{"results":[`)
	}
	_, err := r.Server.Join(t.Context(), "demo", "please")
	for _, err := range []error{err, r.Push(t.Context())} {
		require.Error(t, err)
		require.NotErrorIs(t, err, replica.ErrAnswer)
	}
	require.Equal(t, 1, r.Replica.NumWaiting())
}

// TestEndlessResetsEndAPull: a server that changes its epoch with every answer does not keep a client
// pulling forever, even if its answers also say that nothing is left. The next pull may succeed.
func TestEndlessResetsEndAPull(t *testing.T) {
	for _, settled := range []string{"", `{"cursor":"x.1","level":1}` + "\n"} {
		s, r := start(t)
		n := 0
		s.lie = func(w http.ResponseWriter, _ *http.Request) {
			n++
			fmt.Fprintf(w, `%s{"reset":[""],"why":"epoch"}`+"\n"+`{"cursor":"%d.1","more":true,"level":1}`+"\n", settled, n)
		}
		require.ErrorIs(t, r.Pull(t.Context()), replica.ErrAnswer)
		require.Equal(t, 11, n)
		require.ErrorIs(t, r.Pull(t.Context()), replica.ErrAnswer)
		require.Equal(t, 22, n)
		s.lie = nil
		require.NoError(t, r.Pull(t.Context()))
	}
}

// TestSettledPullAllowsFurtherResets: a client that goes on for years is reset more than ten times.
func TestSettledPullAllowsFurtherResets(t *testing.T) {
	s, r := start(t)
	n := 0
	s.lie = func(w http.ResponseWriter, _ *http.Request) {
		n++
		fmt.Fprintf(w, `{"reset":[""],"why":"fence"}`+"\n"+`{"cursor":"e.%d","level":1}`+"\n", n)
	}
	for range 25 {
		require.NoError(t, r.Pull(t.Context()))
	}
}

// TestLargestAllowedAnswerIsRead: an answer that is one byte larger is an error.
func TestLargestAllowedAnswerIsRead(t *testing.T) {
	s, r := start(t)
	edit(t, r, "a", "x")
	for _, c := range []struct {
		size  int
		fails bool
	}{{16<<20 + 1, true}, {16 << 20, false}} {
		s.lie = func(w http.ResponseWriter, _ *http.Request) {
			text := `{"results":[{"verdict":"accepted"}]}`
			fmt.Fprint(w, text+strings.Repeat(" ", c.size-len(text)))
		}
		require.Equal(t, c.fails, errors.Is(r.Push(t.Context()), replica.ErrAnswer))
	}
	require.Zero(t, r.Replica.NumWaiting())
}

// TestRetryAfterTimeNeedsTheServersDate: a Retry-After header with a time is ignored without the
// server's own time.
func TestRetryAfterTimeNeedsTheServersDate(t *testing.T) {
	s, r := start(t)
	s.lie = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "Mon, 02 Mar 2026 14:02:30 GMT")
		w.Header()["Date"] = nil
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	var fail *remote.StatusError
	require.ErrorAs(t, r.Pull(t.Context()), &fail)
	require.Zero(t, fail.RetryAfter)
}

func TestStatusErrorNamesOnlyWhatTheServerSaid(t *testing.T) {
	for want, fail := range map[string]remote.StatusError{
		"remote: status 502":                                  {Status: 502},
		"remote: status 401: unauthorized":                    {Status: 401, Code: "unauthorized", Detail: "private"},
		"remote: status 429: quota_exceeded: retry after 17s": {Status: 429, Code: "quota_exceeded", RetryAfter: 17 * time.Second},
		"remote: status 503: retry after 1s":                  {Status: 503, RetryAfter: time.Second},
	} {
		require.EqualError(t, &fail, want)
	}
}

// TestPullStopsAtTheChunkThatCannotBeSaved: no later chunk is applied.
func TestPullStopsAtTheChunkThatCannotBeSaved(t *testing.T) {
	s, r := start(t)
	s.page = 10
	for i := range 30 {
		edit(t, r, fmt.Sprint(i), strings.Repeat("x", 90_000))
	}
	require.NoError(t, r.Push(t.Context()))
	other, err := replica.Open(replica.Options{ID: ben})
	require.NoError(t, err)
	full := errors.New("the disk is full")
	c := remote.Client{Server: r.Server, Token: "t", Replica: other, Save: func([]replica.Entry) error { return full }}
	require.ErrorIs(t, c.Pull(context.Background()), full)
	require.Equal(t, 1, s.asked["/v1/pull"])
	taken := 0
	for range other.Records("tasks") {
		taken++
	}
	require.Equal(t, 10, taken)
	c.Save = nil
	require.NoError(t, c.Pull(context.Background()))
}

// TestBatchesGrowSlowly: after a slow batch, each batch that arrives in time at most doubles the
// number of items of the next one.
func TestBatchesGrowSlowly(t *testing.T) {
	s, r := start(t)
	s.most = 100
	s.answerBy(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusRequestTimeout) })
	for i := range 300 {
		edit(t, r, fmt.Sprint(i), "x")
	}
	require.NoError(t, r.Push(t.Context()))
	require.Equal(t, []int{300, 150, 75, 150, 75, 150, 75, 75}, s.pushed())
	for i := range 300 {
		edit(t, r, fmt.Sprint("more", i), "x")
	}
	s.answerBy(nil)
	require.NoError(t, r.Push(t.Context()))
	require.Equal(t, []int{300}, s.pushed())
}
