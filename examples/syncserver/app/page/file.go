package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"
)

// security lets the page run its own scripts and WebAssembly, talk to the server that it
// came from, and nothing else.
const security = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// A file is served from memory. Browsers ask each time whether it has changed, so they show the
// page of a new binary at once. The tag is weak, because the file may be compressed.
type file struct {
	name, tag string
	content   []byte
}

func newFile(name string, content []byte) file {
	return file{name, fmt.Sprintf(`W/"%x"`, sha256.Sum256(content)), content}
}

// ServeHTTP answers with the file, or with 304 if the browser has it already.
func (f file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Security-Policy", security)
	h.Set("ETag", f.tag)
	h.Set("Referrer-Policy", "no-referrer") // an address may contain an invitation
	h.Set("X-Content-Type-Options", "nosniff")
	switch path.Ext(f.name) {
	case ".js":
		h.Set("Content-Type", "text/javascript; charset=utf-8") // some systems configure another type for .js
	case ".map":
		h.Set("Content-Type", "application/json")
	}
	http.ServeContent(w, r, f.name, time.Time{}, bytes.NewReader(f.content))
}

// compressed compresses files for clients that accept gzip or zstd. If they accept both, it takes gzip, which makes
// these files shorter.
func compressed(h http.Handler) http.Handler {
	wrap, _ := gzhttp.NewWrapper(gzhttp.ContentTypes([]string{ // cannot fail, because the options are valid
		"text/html", "text/css", "text/javascript", "image/svg+xml", "application/json",
	}), gzhttp.CompressionLevel(gzip.BestCompression), gzhttp.PreferZstd(false))
	return wrap(h)
}

// zipped is the program, compressed with gzip, which all browsers accept.
type zipped struct{ file }

// ServeHTTP answers with the compressed program, or with the plain one for a client that does
// not accept gzip.
func (z zipped) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/wasm")
	w.Header().Set("Vary", "Accept-Encoding")
	if acceptsGzip(r) {
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

// acceptsGzip reports whether a client accepts gzip. A client refuses gzip by giving it the weight
// 0.
func acceptsGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, weight, weighted := strings.Cut(coding, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		_, text, _ := strings.Cut(weight, "=")
		q, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		return !weighted || err == nil && q > 0
	}
	return false
}

// writeTimeout is how long a client may take to read a part of an answer.
const writeTimeout = time.Minute

// patient is an answer to a client that may be slow but must keep reading.
type patient struct{ http.ResponseWriter }

// Write writes a part. The client's time for this part begins now.
func (p patient) Write(part []byte) (int, error) {
	// The error is ignored: if the writer does not support deadlines, the client has no deadline.
	http.NewResponseController(p.ResponseWriter).SetWriteDeadline(time.Now().Add(writeTimeout))
	return p.ResponseWriter.Write(part)
}

// Unwrap returns the underlying writer, for http.ResponseController.
func (p patient) Unwrap() http.ResponseWriter { return p.ResponseWriter }
