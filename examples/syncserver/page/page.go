// Package page is the page on which people play with two replicas, each of them the
// library itself, built for js/wasm. It serves the page and all that it loads.
//
// The program for js/wasm is not part of the repository. "go generate ./page" builds it,
// and then a binary of the server holds it. A server that was built without it builds it
// when it is first asked for, for which it needs the go command and the source.
package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"time"
)

//go:generate go run generate.go

//go:embed static
var static embed.FS

// dist holds what go generate has built, and else nothing but a .gitignore.
//
//go:embed all:dist
var dist embed.FS

// security lets the page run its own scripts and WebAssembly, talk to the server that it
// came from, and nothing else.
const security = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler serves the page at / and what it loads under /page/. Where the program for
// js/wasm must be built first, that begins when somebody opens the page, and requests for
// the program wait.
func Handler() http.Handler {
	mux := http.NewServeMux()
	p := &program{done: make(chan struct{})}
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

	mux.HandleFunc("GET /page/"+programFile, func(w http.ResponseWriter, r *http.Request) {
		p.serve(w, r, func(b Built) http.Handler { return newZipped(b.Program) })
	})
	mux.HandleFunc("GET /page/"+runtimeFile, func(w http.ResponseWriter, r *http.Request) {
		p.serve(w, r, func(b Built) http.Handler { return newFile(runtimeFile, b.Runtime) })
	})
	return mux
}

// A file is served from memory. Browsers ask each time whether it has changed, so that a
// new binary is a new page.
type file struct {
	name, tag string
	content   []byte
}

func newFile(name string, content []byte) file {
	return file{name, fmt.Sprintf(`"%x"`, sha256.Sum256(content)), content}
}

// ServeHTTP answers with the file, or says that the browser has it already.
func (f file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Security-Policy", security)
	h.Set("ETag", f.tag)
	h.Set("Referrer-Policy", "no-referrer") // an address may hold an invitation
	h.Set("X-Content-Type-Options", "nosniff")
	if strings.HasSuffix(f.name, ".js") {
		h.Set("Content-Type", "text/javascript; charset=utf-8") // some systems say otherwise
	}
	http.ServeContent(w, r, f.name, time.Time{}, bytes.NewReader(f.content))
}

// zipped is the compressed program. All browsers take it as it is.
type zipped struct{ file }

func newZipped(content []byte) zipped { return zipped{newFile(programFile, content)} }

// ServeHTTP answers with the program as it is, or unzipped to a client that wants it so.
func (z zipped) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/wasm")
	w.Header().Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		z.file.ServeHTTP(w, r)
		return
	}
	unzip, err := gzip.NewReader(bytes.NewReader(z.content))
	if err == nil {
		_, err = io.Copy(w, unzip)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}
