// Package page is the page on which people play with two replicas, each of them the
// library itself, built for js/wasm. It serves the page and all that it loads.
//
// The program for js/wasm is not part of the repository. "go generate ./page" builds it,
// and then a binary of the server holds it. A server that was built without it builds it
// when it is first asked for, for which it needs the go command and the source.
package page

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:generate go run generate.go

//go:embed static
var static embed.FS

// dist holds what go generate has built, and else nothing but a .gitignore.
//
//go:embed all:dist
var dist embed.FS

// Handler serves the page at / and what it loads under /page/. Where the program for
// js/wasm must be built first, that begins when somebody opens the page, and requests for
// the program wait.
func Handler() http.Handler {
	mux := http.NewServeMux()
	p := new(program)
	files, _ := fs.Sub(static, "static") // the name is valid
	entries, _ := fs.ReadDir(files, ".")
	for _, e := range entries {
		content, _ := fs.ReadFile(files, e.Name())
		f := newFile(e.Name(), content)
		if e.Name() == "index.html" {
			mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
				p.start() // it will be asked for in a moment
				f.ServeHTTP(w, r)
			})
			continue
		}
		mux.Handle("GET /page/"+e.Name(), f)
	}

	mux.Handle("GET /page/"+programFile, p)
	mux.Handle("GET /page/"+runtimeFile, p)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { mux.ServeHTTP(patient{w}, r) })
}
