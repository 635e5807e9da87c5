package remote_test

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	"github.com/fieldlww/fieldlww/merge/memory"
	"github.com/fieldlww/fieldlww/record"
)

var (
	ana = clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	ben = clock.MustParseClientID("91aa04d7-53f0-4d6e-9a4f-6c2b8e7f5a20")
)

// server answers requests according to the protocol and counts them. An answer to a pull is one
// chunk.
type server struct {
	memory.Server
	down    bool
	proxy   int    // status with which a proxy refuses all requests
	keep    bool   // refuses all items temporarily
	page    int    // greatest number of records in a page, unless 0
	trouble []byte // a batch that contains it is malformed

	most int                                      // pushes of more items than this go to the function slow
	lie  func(http.ResponseWriter, *http.Request) // answers all requests, if set

	mu      sync.Mutex // a request can go on after its client has given up
	slow    func(http.ResponseWriter, *http.Request)
	batches []int // number of items of each push

	off        time.Duration // error of the server's clock
	engineOff  bool          // whether the engine judges stamps by that wrong clock too
	serverTime string        // value of the header Server-Time, unless empty

	invalid string // answer to all requests, unless empty
	asked   map[string]int
}

// arrives counts a request. If another function must answer the request in place of the server, it
// returns that function, otherwise nil.
func (s *server) arrives(path string, items int) func(http.ResponseWriter, *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[path]++
	if path != "/v1/push" {
		return nil
	}
	s.batches = append(s.batches, items)
	if items <= s.most {
		return nil
	}
	return s.slow
}

// answerBy sets the function that answers pushes with too many items; with nil, the server answers
// all pushes itself.
func (s *server) answerBy(slow func(http.ResponseWriter, *http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slow = slow
}

// pushed returns the number of items of each push since the last call.
func (s *server) pushed() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	batches := s.batches
	s.batches = nil
	return batches
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	items := bytes.Count(body, []byte("\n"))
	slow := s.arrives(r.URL.Path, items)
	fail := func(status int, code string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"code":%q,"detail":"why"}`, code)
	}
	now := clock.TimestampOf(time.Now().Add(s.off)).String()
	w.Header().Set("Server-Time", cmp.Or(s.serverTime, now))
	switch {
	case s.lie != nil:
		s.lie(w, r)
	case slow != nil:
		slow(w, r)
	case s.proxy != 0:
		http.Error(w, "<h1>No</h1>", s.proxy)
	case s.invalid != "":
		io.WriteString(w, s.invalid)
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
	s.PageSize, _ = strconv.Atoi(r.FormValue("limit"))
	if s.page > 0 {
		s.PageSize = min(s.PageSize, s.page)
	}
	lines, next, _ := s.Pull(ana, r.FormValue("cursor"))
	more := bytes.Count(lines, []byte("\n")) == s.PageSize
	fmt.Fprintf(w, "%s{\"cursor\":%q,\"more\":%v,\"buckets\":[\"\"],\"level\":1}\n", lines, next, more)
}

// wall is the clock by which the server judges stamps.
func (s *server) wall() time.Time {
	switch {
	case s.keep:
		return time.Time{}
	case s.engineOff:
		return time.Now().Add(s.off)
	}
	return time.Now()
}

func (s *server) push(body []byte) []byte {
	answer, _ := s.Push(ana, body)
	return answer
}

func start(t *testing.T) (*server, *remote.Client) {
	s := &server{asked: map[string]int{}}
	s.Now = s.wall
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	r, err := replica.Open(replica.Options{ID: ana})
	require.NoError(t, err)
	return s, &remote.Client{Server: remote.Server{URL: h.URL, HTTP: h.Client()}, Token: "t", Replica: r}
}

func edit(t *testing.T, r *remote.Client, id, title string) {
	require.NoError(t, r.Replica.Edit(record.Key{Table: "tasks", ID: id}, map[string]record.Value{"title": record.MustOf(title)}))
}
