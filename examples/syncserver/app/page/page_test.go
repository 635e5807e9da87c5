package page_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/page"
)

// get requests a path from a handler, as a browser does.
func get(h http.Handler, path, tag string) *http.Response {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept-Encoding", "gzip")
	r.Header.Set("If-None-Match", tag)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// handler returns the handler of the page.
func handler(t *testing.T) http.Handler {
	t.Helper()
	h, err := page.Handler(nil)
	require.NoError(t, err)
	return h
}

// references finds the files that a file loads: by src and href in HTML, by import in JavaScript.
var references = regexp.MustCompile(`(?:src|href)="(page/[^"]+)"|(?:from|import)\s*\(?["']\./([^"']+)["']`)

// TestPageAndItsFilesAreServedUnderPolicy: the page and everything that it loads are served with
// types that browsers accept, and with a policy that forbids loading from elsewhere.
func TestPageAndItsFilesAreServedUnderPolicy(t *testing.T) {
	h := handler(t)
	seen := map[string]bool{}
	for todo := []string{"/"}; len(todo) > 0; todo = todo[1:] {
		path := todo[0]
		if seen[path] {
			continue
		}
		seen[path] = true
		answer := get(h, path, "")
		require.Equal(t, http.StatusOK, answer.StatusCode, path)
		require.Contains(t, answer.Header.Get("Content-Security-Policy"), "default-src 'none'", path)
		want := map[string]string{"": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}[filepath.Ext(path)]
		require.True(t, strings.HasPrefix(answer.Header.Get("Content-Type"), want), path)
		require.Equal(t, http.StatusNotModified, get(h, path, answer.Header.Get("ETag")).StatusCode, path)

		var content io.Reader = answer.Body
		if answer.Header.Get("Content-Encoding") == "gzip" {
			unzip, err := gzip.NewReader(answer.Body)
			require.NoError(t, err)
			content = unzip
		}
		text, err := io.ReadAll(content)
		require.NoError(t, err)
		for _, m := range references.FindAllStringSubmatch(string(text), -1) {
			todo = append(todo, "/"+m[1])
			if m[1] == "" {
				todo[len(todo)-1] = "/page/" + m[2]
			}
		}
	}
	want := map[string]bool{"/": true, "/page/icon.svg": true, "/page/page.css": true, "/page/main.js": true, "/page/wasm_exec.js": true}
	for _, late := range []string{"stories", "history", "losses", "undo", "moves", "tags", "project", "webassembly"} {
		want["/page/"+late+".js"] = true
	}
	require.Equal(t, want, seen)
}

// TestFilesAreCompressed: each text file is served in a coding that the browser accepts, and a
// browser that has cached a file in one coding need not load it in another.
func TestFilesAreCompressed(t *testing.T) {
	h := handler(t)
	ask := func(path, accept, tag string) *http.Response {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept-Encoding", accept)
		r.Header.Set("If-None-Match", tag)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result()
	}
	for _, path := range []string{"/", "/page/main.js", "/page/page.css", "/page/icon.svg", "/page/wasm_exec.js"} {
		plain := ask(path, "", "")
		want, err := io.ReadAll(plain.Body)
		require.NoError(t, err)
		for accept, coding := range map[string]string{"gzip": "gzip", "zstd": "zstd", "gzip, deflate, br, zstd": "gzip", "br": "", "gzip;q=0": ""} {
			if len(want) < gzhttp.DefaultMinSize {
				coding = ""
			}
			answer := ask(path, accept, "")
			require.Equal(t, coding, answer.Header.Get("Content-Encoding"), "%s: %s", path, accept)
			require.Equal(t, []string{"Accept-Encoding"}, answer.Header.Values("Vary"))
			var text io.Reader = answer.Body
			switch coding {
			case "gzip":
				text, err = gzip.NewReader(answer.Body)
			case "zstd":
				text, err = zstd.NewReader(answer.Body)
			}
			require.NoError(t, err)
			got, err := io.ReadAll(text)
			require.NoError(t, err)
			require.Equal(t, want, got)
			for _, other := range []string{"", "gzip", "zstd"} {
				require.Equal(t, http.StatusNotModified, ask(path, other, answer.Header.Get("ETag")).StatusCode)
			}
		}
	}
}

// TestWrongRequestsFailInOneForm: an unknown path and a wrong method fail in the same form as on
// the server's own routes. No path leads out of the page's files.
func TestWrongRequestsFailInOneForm(t *testing.T) {
	h := handler(t)
	for _, c := range []struct {
		method, path string
		status       int
		code         string
	}{
		{"GET", "/nothing", 404, "not_found"},
		{"GET", "/page/", 404, "not_found"},
		{"GET", "/page/nothing.js", 404, "not_found"},
		{"GET", "/page/%2e%2e/page.go", 404, "not_found"},
		{"GET", "/page/..%2fpage.go", 404, "not_found"},
		{"GET", "/page/index.html", 404, "not_found"},
		{"POST", "/", 405, "method_not_allowed"},
		{"POST", "/page/main.js", 405, "method_not_allowed"},
		{"DELETE", "/page/replica.wasm", 405, "method_not_allowed"},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(c.method, c.path, nil)
		h.ServeHTTP(w, r)
		if w.Code == http.StatusMovedPermanently || w.Code == http.StatusTemporaryRedirect {
			r = httptest.NewRequest(c.method, w.Header().Get("Location"), nil)
			w = httptest.NewRecorder()
			h.ServeHTTP(w, r)
		}
		require.Equal(t, c.status, w.Code, c.path)
		require.Equal(t, c.status == 405, w.Header().Get("Allow") == "GET, HEAD", c.path)
		var failure struct{ Code, Detail string }
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &failure), c.path)
		require.Equal(t, c.code, failure.Code, c.path)
		require.NotEmpty(t, failure.Detail)
	}
}

// TestPageIsSmall: without WebAssembly and without data, the page needs few requests and few bytes, compressed as for any
// browser. It is painted first when its HTML and its style have arrived.
func TestPageIsSmall(t *testing.T) {
	h := handler(t)
	bytes := func(path string) int {
		answer := get(h, path, "")
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		head := new(strings.Builder)
		require.NoError(t, answer.Header.Write(head))
		return len(body) + head.Len()
	}
	paint := bytes("/") + bytes("/page/page.css")
	all := paint + bytes("/page/main.js") + bytes("/page/icon.svg")
	t.Logf("before the first paint %d bytes, in all %d bytes in 4 requests", paint, all)
	require.Less(t, all, 60_000)

	// The program in Go is loaded only if a person chooses it, and maps of the sources only by developers.
	html, err := io.ReadAll(unzipped(t, get(h, "/", "")))
	require.NoError(t, err)
	require.NotContains(t, string(html), "wasm_exec")
	require.NotContains(t, string(html), "replica.wasm")
}

// unzipped returns the content of an answer that is compressed with gzip.
func unzipped(t *testing.T, answer *http.Response) io.Reader {
	t.Helper()
	unzip, err := gzip.NewReader(answer.Body)
	require.NoError(t, err)
	return unzip
}

// TestMapLeadsToTheSources: the map of the script names the files of the page and of the client.
func TestMapLeadsToTheSources(t *testing.T) {
	h := handler(t)
	answer := get(h, "/page/main.js.map", "")
	require.Equal(t, "application/json", answer.Header.Get("Content-Type"))
	var content struct{ Sources, SourcesContent []string }
	require.NoError(t, json.NewDecoder(unzipped(t, answer)).Decode(&content))
	written, err := os.ReadFile("../../../client/src/replica.js")
	require.NoError(t, err)
	require.Contains(t, content.SourcesContent, string(written))
	scripts, err := filepath.Glob("static/*.js")
	require.NoError(t, err)
	require.Greater(t, len(content.Sources), len(scripts))
}

// TestProgramIsServedCompressed: the replica is served as compressed WebAssembly, and
// uncompressed to a client that does not accept gzip.
func TestProgramIsServedCompressed(t *testing.T) {
	h := handler(t)
	answer := get(h, "/page/replica.wasm", "")
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Equal(t, "application/wasm", answer.Header.Get("Content-Type"))
	require.Equal(t, "gzip", answer.Header.Get("Content-Encoding"))
	unzip, err := gzip.NewReader(answer.Body)
	require.NoError(t, err)
	packed, err := io.ReadAll(unzip)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(packed), "\x00asm"))

	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/page/replica.wasm", nil))
	require.Empty(t, w.Header().Get("Content-Encoding"))
	require.Equal(t, packed, w.Body.Bytes())
}

// TestRequestAfterFailedBuildBuildsAgain: a failed build is reported, and the next request
// begins another. Both builds are told.
func TestRequestAfterFailedBuildBuildsAgain(t *testing.T) {
	said := make(chan string, 10)
	h, err := page.Handler(func(step string) { said <- step })
	require.NoError(t, err)
	path := os.Getenv("PATH")
	t.Setenv("PATH", t.TempDir()) // so that no go command is found
	answer := get(h, "/page/replica.wasm", "")
	if answer.StatusCode == http.StatusOK {
		t.Skip("nothing is built: go generate has embedded the program")
	}
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	t.Setenv("PATH", path)
	require.Equal(t, http.StatusOK, get(h, "/page/replica.wasm", "").StatusCode)
	require.Equal(t, http.StatusOK, get(h, "/page/wasm_exec.js", "").StatusCode)
	for _, begins := range []string{"bundling the scripts", "compiling the replica", "the replica could not be compiled", "compiling the replica", "the replica is compiled"} {
		require.Contains(t, <-said, begins)
	}
	require.Empty(t, said)
}

// deadlines is an answer that records the deadline of each written part.
type deadlines struct {
	*httptest.ResponseRecorder
	until  time.Time
	parts  int
	behind bool // whether some part had a deadline that was not about a minute away
}

func (d *deadlines) SetWriteDeadline(until time.Time) error {
	d.until = until
	return nil
}

func (d *deadlines) Write(p []byte) (int, error) {
	left := time.Until(d.until)
	d.parts++
	d.behind = d.behind || left < 50*time.Second || left > 70*time.Second
	return d.ResponseRecorder.Write(p)
}

// TestStalledClientIsCutOff: a client has a minute to read each part of an answer, compressed or
// not, so one that stops reading is cut off.
func TestStalledClientIsCutOff(t *testing.T) {
	h := handler(t)
	for _, encoding := range []string{"gzip", "", "zstd"} {
		for _, path := range []string{"/", "/page/replica.wasm", "/page/wasm_exec.js"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Header.Set("Accept-Encoding", encoding)
			w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
			h.ServeHTTP(w, r)
			require.Equal(t, http.StatusOK, w.Code)
			require.False(t, w.behind, path)
			require.GreaterOrEqual(t, w.parts, 1+w.Body.Len()/(64<<10), path)
		}
	}
}

// TestUserTextNeverBecomesMarkup: the files of the page use nothing that could turn text of users
// into HTML, or load from other origins.
func TestUserTextNeverBecomesMarkup(t *testing.T) {
	files, err := filepath.Glob("static/*")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		rest := strings.ReplaceAll(string(text), `<a href="https://github.com/fieldlww/fieldlww">`, "") // a link loads nothing
		for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "https://", " style=", " onclick=\""} {
			require.NotContains(t, rest, bad, name)
		}
	}
}
