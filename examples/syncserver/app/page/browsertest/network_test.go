package browsertest_test

import (
	"cmp"
	"errors"
	"flag"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/page"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/process"
)

// replicaProgram builds the replica for js/wasm, once for all tests. A program embedded by go
// generate is not used, because it may be older than the source.
var replicaProgram = sync.OnceValues(page.Build)

// network is a proxy between browsers and a server. It serves the page itself, and forwards the
// requests of clients, unless a test tells it to cut off a client, to hold back its pushes, or to
// lose an answer.
//
// Each test uses a new address, so that no test finds data that another test has stored in the
// browser.
type network struct {
	URL     string
	server  *process.Process
	watcher remote.Membership // of the observer

	onItsWay atomic.Int32  // pushes held back
	down     atomic.Bool   // whether nothing answers, not even with the files of the page
	over     chan struct{} // closed at the end of the test

	mu     sync.Mutex
	cut    map[string]bool          // by client ID, as in the next five maps
	losing map[string]bool          // whether to lose the answer to the next push
	held   map[string]chan struct{} // each held push waits to receive from its channel; under "", each push of any client
	asking map[string]chan struct{} // closed when the client may be told who is a member
	pushed map[string]int           // pushes that the server has answered
	pulled map[string]int           // pulls
	files  map[string]int           // requests for each file of the page
	paused chan struct{}            // closed when pulls go on; nil if they do not pause
	broken bool                     // whether the replica in Go cannot be loaded
}

const (
	pushPath    = "/v1/push"
	pullPath    = "/v1/pull"
	membersPath = "/v1/members"
)

var errLost = errors.New("lost on the way")

var slow = flag.Duration("slow", 0, "the most by which the network delays each request, and each answer of the server")

// delay delays a message if the network is slow.
func delay() {
	if *slow > 0 {
		time.Sleep(rand.N(*slow))
	}
}

func newNetwork(t *testing.T, server *process.Process) *network {
	t.Helper()
	site, err := page.Handler(nil)
	require.NoError(t, err)
	n := &network{
		server: server, over: make(chan struct{}), cut: make(map[string]bool), losing: make(map[string]bool),
		held: make(map[string]chan struct{}), pushed: make(map[string]int), pulled: make(map[string]int), asking: make(map[string]chan struct{}), files: make(map[string]int),
	}
	to, err := url.Parse("http://" + server.Address)
	require.NoError(t, err)
	forward := &httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(to) },
		ModifyResponse: n.answer,
		ErrorHandler:   func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ErrorLog:       log.New(io.Discard, "", 0), // broken connections are intended
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/", n.passing(forward))
	mux.Handle("/", site)
	mux.HandleFunc("/page/replica.wasm", func(w http.ResponseWriter, _ *http.Request) {
		built, err := replicaProgram()
		if n.isBroken() {
			err = errLost
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/wasm")
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(built.Program)
	})
	mux.HandleFunc("/page/wasm_exec.js", func(w http.ResponseWriter, _ *http.Request) {
		built, _ := replicaProgram() // an error is reported by the other file
		w.Header().Set("Content-Type", "text/javascript")
		w.Write(built.Runtime)
	})
	n.listen(t, n.counting(mux))
	return n
}

// emptyPage returns the address of the page, which does not fill in the example.
func (n *network) emptyPage() string { return n.URL + "/?example=none" }

// addresses are the addresses of earlier tests.
var addresses sync.Map

// isUsed reports whether an earlier test used an address, and records that it is used now. The
// system may assign the same port again.
func isUsed(a net.Addr) bool {
	_, used := addresses.LoadOrStore(a.String(), true)
	return used
}

func (n *network) listen(t *testing.T, h http.Handler) {
	s := httptest.NewUnstartedServer(h)
	for isUsed(s.Listener.Addr()) {
		s.Listener.Close()
		s = httptest.NewUnstartedServer(h)
	}
	// If a reused connection breaks, Chromium repeats the request itself, so the page would not
	// notice a lost answer.
	s.Config.SetKeepAlivesEnabled(false)
	s.Start()
	n.URL = s.URL
	t.Cleanup(func() {
		close(n.over)
		s.CloseClientConnections()
		s.Close()
	})
}

// breakProgram makes the replica in Go impossible to load.
func (n *network) breakProgram() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.broken = true
}

func (n *network) isBroken() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.broken
}

// counting counts the requests of the page for each file, without the requests of its service worker. It breaks all connections while the network is down.
func (n *network) counting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		delay()
		if n.down.Load() {
			panic(http.ErrAbortHandler)
		}
		byWorker := r.URL.Path == "/sw.js" || r.Header.Get("Sec-Fetch-Dest") == "empty" && !strings.Contains(r.URL.Path, "wasm")
		if !byWorker && !strings.HasPrefix(r.URL.Path, "/v1/") {
			n.mu.Lock()
			n.files[r.URL.Path]++
			n.mu.Unlock()
		}
		next.ServeHTTP(w, r)
	})
}

// passing breaks the connections of clients that are cut off, and holds back pushes.
func (n *network) passing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client := clientOf(r)
		n.mu.Lock()
		cut, held, asking := n.cut[client], cmp.Or(n.held[client], n.held[""]), n.asking[client]
		if n.paused != nil {
			r.Header.Del("Accept-Encoding") // the proxy reads the answer
		}
		if r.URL.Path == pullPath {
			n.pulled[client]++
		}
		n.mu.Unlock()
		if cut {
			panic(http.ErrAbortHandler)
		}
		if held != nil && r.URL.Path == pushPath {
			n.onItsWay.Add(1)
			select {
			case <-held:
			case <-n.over:
			}
			n.onItsWay.Add(-1)
		}
		if asking != nil && r.URL.Path == membersPath && r.Method == http.MethodGet {
			select {
			case <-asking:
			case <-n.over:
			}
		}
		next.ServeHTTP(w, r)
	})
}

// answer counts the pushes that the server has answered, and loses the answers that a test asks it
// to lose.
func (n *network) answer(a *http.Response) error {
	delay()
	client := clientOf(a.Request)
	n.mu.Lock()
	defer n.mu.Unlock()
	if a.Request.URL.Path == pullPath && n.paused != nil {
		a.Body = n.pausing(a.Body, n.paused)
	}
	if a.Request.URL.Path != pushPath {
		return nil
	}
	n.pushed[client]++
	if n.losing[client] {
		n.losing[client], n.cut[client] = false, true
		return errLost
	}
	return nil
}

// clientOf returns the ID of the client that sent a request, from its token.
func clientOf(r *http.Request) string {
	switch parts := strings.Split(r.Header.Get("Authorization"), "."); len(parts) {
	case 3: // of an earlier version
		return parts[1]
	case 6:
		return parts[2]
	}
	return ""
}

// loseAnswer lets the next push of a client reach the server and loses the answer. From then on the
// client is cut off.
func (n *network) loseAnswer(client string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.losing[client] = true
}

// reconnect lets the requests of a client that was cut off pass again.
func (n *network) reconnect(client string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut[client] = false
}

// hold holds back the pushes of a client, or of all clients if the ID is empty. It returns two functions: the first lets one push
// through, and the second lets all further pushes through.
func (n *network) hold(client string) (one, all func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	held := make(chan struct{})
	n.held[client] = held
	one = func() {
		select {
		case held <- struct{}{}:
		case <-time.After(patience): // no push came; the test will notice
		}
	}
	all = func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.held, client)
		close(held)
	}
	return one, all
}

// holdMembers holds back what the server tells a client about members. The function that it returns lets
// it through.
func (n *network) holdMembers(client string) (release func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	asking := make(chan struct{})
	n.asking[client] = asking
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.asking, client)
		close(asking)
	}
}

// pulls returns the number of pulls of a client.
func (n *network) pulls(client string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.pulled[client]
}

// pushes returns the number of pushes of a client that the server has answered, whether or not the
// answers arrived.
func (n *network) pushes(client string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.pushed[client]
}
