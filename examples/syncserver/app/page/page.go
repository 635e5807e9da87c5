// Package page serves the page with two replicas and everything that it loads. Each replica is the JavaScript client of
// examples/client or, if a person chooses it, the replica in Go, built for js/wasm.
//
// A query in the address chooses what the page shows: ?workspace=name another workspace, ?only=left or ?only=right one
// device, and ?example=none no example in a new workspace.
//
// The program for js/wasm is not part of the repository. "go generate ./app/page" builds it, and
// the next build of the server embeds it. A server that does not embed the program builds it on the
// first request, which needs the go command and the source.
//
// [Site] returns the page as a static site, whose server runs in the browser. The folder static has the scripts of both
// forms of the page, and the folder site has the scripts that only the static site needs. The package deflate compresses the
// program for both.
package page

import (
	"embed"
	"encoding/json"
	"net/http"
	"path"
)

//go:generate go run generate.go

//go:embed static
var static embed.FS

//go:embed site
var site embed.FS

// dist holds the files that go generate has built, or only a .gitignore.
//
//go:embed all:dist
var dist embed.FS

// Handler serves the page at /, its files under /page/, and its service worker at /sw.js. If the program for js/wasm is not embedded, its build begins
// when it is first requested, and requests for it wait. Handler calls say with each step that takes long, later from
// other goroutines; say may be nil. The error reports a mistake in the sources of the page.
func Handler(say func(step string)) (http.Handler, error) {
	if say == nil {
		say = func(string) {}
	}
	say("bundling the scripts of the page")
	files, err := pageFiles()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	handle := func(path string, h http.Handler) {
		mux.Handle("GET "+path, h)
		mux.HandleFunc(path, refuseMethod)
	}
	for name, content := range files {
		path := "/" + name
		if name == "index.html" {
			path = "/{$}"
		}
		handle(path, newFile(name, content))
	}
	p := &program{say: say}
	handle("/page/"+programFile, p)
	handle("/page/"+runtimeFile, p)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusNotFound, "not_found", "no such path")
	})
	h := compressed(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(patient{w}, r) }), nil
}

// pageFiles returns the files that are always embedded, by their paths.
func pageFiles() (map[string][]byte, error) {
	scripts, err := bundle()
	if err != nil {
		return nil, err
	}
	files, kept := make(map[string][]byte), make(map[string][]byte)
	for name, content := range scripts {
		files["page/"+name] = content
		if path.Ext(name) != ".map" {
			kept["page/"+name] = content
		}
	}
	for name, in := range map[string]string{"index.html": "", "icon.svg": "page/"} {
		content, _ := static.ReadFile("static/" + name) // cannot fail, because the file is embedded
		files[in+name], kept[in+name] = content, content
	}
	files["sw.js"], err = serviceWorker(kept, []string{"page/" + programFile, "page/" + runtimeFile})
	return files, err
}

// refuseMethod answers a request whose method is neither GET nor HEAD.
func refuseMethod(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Allow", "GET, HEAD")
	fail(w, http.StatusMethodNotAllowed, "method_not_allowed", "allowed: GET, HEAD")
}

// fail answers with a failure in the form of the server's own failures.
func fail(w http.ResponseWriter, status int, code, detail string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(struct {
		Code   string `json:"code"`
		Detail string `json:"detail"`
	}{code, detail})
}
