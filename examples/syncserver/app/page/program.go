package page

import (
	"net/http"
	"path"
	"sync"
)

// A program is the replica for js/wasm: embedded, or built when it is first requested.
type program struct {
	say  func(step string)
	mu   sync.Mutex
	last *attempt // nil until the first request
}

// An attempt is one build of the program, which may fail.
type attempt struct {
	over  chan struct{} // closed once the other members are set
	files map[string]http.Handler
	err   error
}

// start returns the attempt that has succeeded or is under way, or begins a new one.
func (p *program) start() *attempt {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil || p.last.failed() {
		p.last = &attempt{over: make(chan struct{})}
		go p.last.run(p.say)
	}
	return p.last
}

func (a *attempt) run(say func(step string)) {
	defer close(a.over)
	built, err := embedded()
	if err != nil {
		say("compiling the replica in Go for the browser, which takes a minute or two the first time")
		if built, err = build(quickGzip); err == nil {
			say("the replica is compiled")
		}
	}
	if err != nil {
		say("the replica could not be compiled: the page shows why")
		a.err = err
		return
	}
	a.files = map[string]http.Handler{
		programFile: zipped{newFile(programFile, built.Program)},
		runtimeFile: newFile(runtimeFile, built.Runtime),
	}
}

func (a *attempt) failed() bool {
	select {
	case <-a.over:
		return a.err != nil
	default:
		return false
	}
}

// embedded returns the program that go generate has built.
func embedded() (b Built, err error) {
	if b.Program, err = dist.ReadFile("dist/" + programFile + ".gz"); err != nil {
		return b, err
	}
	b.Runtime, err = dist.ReadFile("dist/" + runtimeFile)
	return b, err
}

// ServeHTTP waits for the program, and serves one of its files.
func (p *program) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := p.start()
	select {
	case <-r.Context().Done():
		return
	case <-a.over:
	}
	if a.err != nil {
		http.Error(w, "The replica could not be built. Start the server in examples/syncserver, where the go command "+
			"finds its source, or run \"go generate ./app/page\" before \"go build\".\n\n"+a.err.Error(), http.StatusServiceUnavailable)
		return
	}
	a.files[path.Base(r.URL.Path)].ServeHTTP(w, r)
}
