package remote_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

var ana = clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")

// server answers requests as the contract has it, and counts them.
type server struct {
	engine  merge.Engine
	rows    []record.Record // by sequence
	down    bool
	proxy   int    // the status with which a proxy refuses all
	keep    bool   // refuses all for now
	trouble []byte // a batch that holds it is malformed
	asked   map[string]int
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.asked[r.URL.Path]++
	fail := func(status int, code string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"code":%q,"detail":"why"}`, code)
	}
	switch {
	case s.proxy != 0:
		http.Error(w, "<h1>No</h1>", s.proxy)
	case s.down:
		fail(503, "unavailable")
	case r.URL.Path == "/v1/join" && bytes.Equal(body, []byte(`{"invite":"please","workspace":"demo"}`)):
		fmt.Fprintf(w, `{"clientId":%q,"token":"t","workspace":"demo"}`, ana)
	case r.URL.Path == "/v1/join":
		fail(403, "not_invited")
	case r.Header.Get("Authorization") != "Bearer t":
		fail(401, "unauthorized")
	case r.URL.Path == "/v1/pull":
		s.pull(w, r)
	case len(body) > 4<<20:
		fail(413, "too_large")
	case s.trouble != nil && bytes.Contains(body, s.trouble) || bytes.Count(body, []byte("\n")) > 1000:
		fail(400, "malformed")
	default:
		fmt.Fprintf(w, `{"results":%s,"violations":[]}`, s.push(body))
	}
}

func (s *server) pull(w io.Writer, r *http.Request) {
	var after, limit int
	fmt.Sscan(r.FormValue("after"), &after)
	fmt.Sscan(r.FormValue("limit"), &limit)
	for seq := after + 1; seq <= min(len(s.rows), after+limit); seq++ {
		line := record.Mutation{Data: s.rows[seq-1]}.AppendJSON(nil)
		fmt.Fprintf(w, "{\"seq\":%d,%s\n", seq, line[1:])
	}
}

func (s *server) push(body []byte) []byte {
	items, _ := s.engine.Decode(body)
	in := merge.Input{Actor: ana, Wall: time.Now(), Items: items, Current: merge.Collect(s.rows...)}
	if s.keep {
		in.Wall = time.Time{}.AddDate(1969, 0, 0)
	}
	in.Keys = s.engine.Keys(in)
	answer := s.engine.Apply(in)
	for _, u := range answer.Updates {
		s.rows = append(s.rows, u.After)
	}
	return answer.AppendJSON(nil)
}

func start(t *testing.T) (*server, *remote.Remote) {
	s := &server{asked: map[string]int{}}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	r, err := replica.Open(replica.Options{ID: ana})
	require.NoError(t, err)
	return s, &remote.Remote{Server: remote.Server{URL: h.URL, HTTP: h.Client()}, Token: "t", Replica: r}
}

func edit(t *testing.T, r *remote.Remote, id, title string) {
	require.NoError(t, r.Replica.Edit(record.Key{Table: "tasks", ID: id}, map[string]record.Value{"title": record.MustOf(title)}))
}

func TestJoin(t *testing.T) {
	_, r := start(t)
	m, err := r.Server.Join(context.Background(), "demo", "please")
	require.NoError(t, err)
	require.Equal(t, remote.Membership{Workspace: "demo", ClientID: ana, Token: "t"}, m)
	_, err = r.Server.Join(context.Background(), "demo", "")
	var fail *remote.StatusError
	require.ErrorAs(t, err, &fail)
	require.Equal(t, remote.StatusError{Status: 403, Code: "not_invited", Detail: "why"}, *fail)
}

// TestSync: a large outbox is sent in parts, and all comes back in pages.
func TestSync(t *testing.T) {
	s, r := start(t)
	for i := range 2500 {
		edit(t, r, fmt.Sprint(i), "x")
	}
	require.NoError(t, r.Sync(context.Background()))
	require.Zero(t, r.Replica.Len())
	require.Len(t, s.rows, 2500)
	require.Equal(t, map[string]int{"/v1/push": 3, "/v1/pull": 1 + 4}, s.asked)
	require.Equal(t, "2500", r.Replica.Cursor())
	require.NoError(t, r.Sync(context.Background()))
	require.Equal(t, map[string]int{"/v1/push": 3, "/v1/pull": 1 + 4 + 1}, s.asked)
}

// TestLarge: what is too large to be sent at once is sent in parts.
func TestLarge(t *testing.T) {
	s, r := start(t)
	for i := range 12 {
		edit(t, r, fmt.Sprint(i), string(make([]byte, 90_000)))
	}
	require.NoError(t, r.Push(context.Background()))
	require.Zero(t, r.Replica.Len())
	require.Len(t, s.rows, 12)
	require.Empty(t, r.Replica.TakeNotices())
}

// TestMalformed: one item that the server cannot read is found and dropped.
func TestMalformed(t *testing.T) {
	s, r := start(t)
	for i := range 100 {
		edit(t, r, fmt.Sprint(i), "x")
	}
	s.trouble = []byte(`"id":"70"`)
	require.NoError(t, r.Push(context.Background()))
	require.Zero(t, r.Replica.Len())
	require.Len(t, s.rows, 99)
	notices := r.Replica.TakeNotices()
	require.Len(t, notices, 1)
	require.Equal(t, replica.Refused, notices[0].Kind)
	require.Equal(t, merge.Code("malformed"), notices[0].Code)
	require.Equal(t, "70", notices[0].Key.ID)
	require.Less(t, s.asked["/v1/push"], 25, "it is found by halves")
}

// TestTrouble: an error loses nothing, and a server that keeps all waiting is not asked for
// ever.
func TestTrouble(t *testing.T) {
	s, r := start(t)
	edit(t, r, "a", "x")
	s.down = true
	err := r.Sync(context.Background())
	var fail *remote.StatusError
	require.ErrorAs(t, err, &fail)
	require.Equal(t, 503, fail.Status)
	require.ErrorAs(t, r.Push(context.Background()), &fail)
	require.Equal(t, 1, r.Replica.Len())
	s.down, s.keep = false, true
	require.NoError(t, r.Push(context.Background()))
	require.Equal(t, 1, r.Replica.Len())
	s.keep, r.Token = false, "other"
	require.ErrorAs(t, r.Push(context.Background()), &fail)
	require.Equal(t, 401, fail.Status)
	require.Equal(t, 1, r.Replica.Len())
	r.Token = "t"
	require.NoError(t, r.Sync(context.Background()))
	require.Zero(t, r.Replica.Len())
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, r.Sync(canceled), context.Canceled)
}

// TestSave: edits are saved before they are sent, and answers after they came; and if that
// fails, nothing is sent.
func TestSave(t *testing.T) {
	s, r := start(t)
	var saved [][]string
	r.Save = func(entries []replica.Entry) error {
		var keys []string
		for _, e := range entries {
			keys = append(keys, fmt.Sprintf("%.5s %v %d", e.Key, e.Value != "", s.asked["/v1/push"]))
		}
		saved = append(saved, keys)
		return nil
	}
	edit(t, r, "a", "x")
	require.NoError(t, r.Sync(context.Background()))
	require.Equal(t, [][]string{
		{"outbo true 0", "state true 0"}, {"outbo false 1", "recor true 1", "state true 1"}, {"state true 1"},
	}, saved)
	full := errors.New("the disk is full")
	r.Save = func([]replica.Entry) error { return full }
	edit(t, r, "b", "x")
	require.ErrorIs(t, r.Sync(context.Background()), full)
	require.Equal(t, 1, s.asked["/v1/push"])

	disk := make(map[string]string)
	r.Save = func(entries []replica.Entry) error {
		for _, e := range entries {
			disk[e.Key] = e.Value
		}
		return nil
	}
	require.NoError(t, r.Sync(context.Background()))
	require.Contains(t, disk, "outbox/00000000000000000001", "what could not be saved before is saved now")
}

// TestProxy: what stands between may refuse a request with the same status, and that says
// nothing about the edits.
func TestProxy(t *testing.T) {
	s, r := start(t)
	edit(t, r, "a", "x")
	for _, status := range []int{400, 413, 404} {
		s.proxy = status
		var fail *remote.StatusError
		require.ErrorAs(t, r.Push(context.Background()), &fail)
		require.Equal(t, status, fail.Status)
		require.Equal(t, 1, r.Replica.Len())
	}
}

// TestClockAhead: the clock is mended, and the same is sent again at once.
func TestClockAhead(t *testing.T) {
	s, r := start(t)
	var err error
	r.Replica, err = replica.Open(replica.Options{ID: ana, Wall: func() time.Time { return time.Now().Add(time.Hour) }})
	require.NoError(t, err)
	edit(t, r, "a", "x")
	require.NoError(t, r.Sync(context.Background()))
	require.Zero(t, r.Replica.Len())
	require.Equal(t, 2, s.asked["/v1/push"])
	require.InDelta(t, -time.Hour, r.Replica.Offset(), float64(time.Minute))
}
