// Package page serves the page with two replicas and everything that it loads. Each replica is
// the library itself, built for js/wasm.
//
// The program for js/wasm is not part of the repository. "go generate ./app/page" builds it, and
// the next build of the server embeds it. A server that does not embed the program builds it on the
// first request, which needs the go command and the source.
package page

import (
	"embed"
	"encoding/json"
	"io/fs"
	"net/http"
)

//go:generate go run generate.go

//go:embed static
var static embed.FS

// dist holds the files that go generate has built, or only a .gitignore.
//
//go:embed all:dist
var dist embed.FS

// Handler serves the page at / and its files under /page/. If the program for js/wasm is not
// embedded, its build begins when the page is first opened, and requests for the program wait.
func Handler() http.Handler {
	mux := http.NewServeMux()
	handle := func(path string, h http.Handler) {
		mux.Handle("GET "+path, h)
		mux.HandleFunc(path, refuseMethod)
	}
	p := new(program)
	files, _ := fs.Sub(static, "static") // cannot fail, because the name is valid
	entries, _ := fs.ReadDir(files, ".")
	for _, e := range entries {
		content, _ := fs.ReadFile(files, e.Name())
		f := newFile(e.Name(), content)
		if e.Name() == "index.html" {
			handle("/{$}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				p.start() // the page will request it in a moment
				f.ServeHTTP(w, r)
			}))
			continue
		}
		handle("/page/"+e.Name(), f)
	}
	handle("/page/"+programFile, p)
	handle("/page/"+runtimeFile, p)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusNotFound, "not_found", "no such path")
	})
	h := compressed(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(patient{w}, r) })
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
