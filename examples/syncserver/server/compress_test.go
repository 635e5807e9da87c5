package server

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
)

// do sends a request with additional headers, and returns the answer without decompressing its body.
func (c *client) do(method, path, body string, header map[string]string) *http.Response {
	c.t.Helper()
	r, err := http.NewRequest(method, c.url+path, strings.NewReader(body))
	require.NoError(c.t, err)
	r.Header.Set("Authorization", "Bearer "+c.Token)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	answer, err := (&http.Transport{DisableCompression: true, DisableKeepAlives: true}).RoundTrip(r)
	require.NoError(c.t, err)
	c.t.Cleanup(func() { answer.Body.Close() })
	return answer
}

// decoded returns the decompressed content of an answer.
func decoded(t *testing.T, answer *http.Response) io.Reader {
	t.Helper()
	switch answer.Header.Get("Content-Encoding") {
	case "gzip":
		z, err := gzip.NewReader(answer.Body)
		require.NoError(t, err)
		return z
	case "zstd":
		z, err := zstd.NewReader(answer.Body)
		require.NoError(t, err)
		t.Cleanup(z.Close)
		return z
	}
	return answer.Body
}

// codings maps the header Accept-Encoding of a request to the content coding of the answer.
var codings = map[string]string{
	"": "", "gzip": "gzip", "zstd": "zstd", "gzip, deflate, br, zstd": "zstd", "br": "", "gzip;q=0": "", "zstd;q=0, gzip": "gzip", "identity": "",
}

// TestPullsAndAnswersAreCompressed checks that a client gets the same content in a coding that it
// accepts, in far fewer bytes.
func TestPullsAndAnswersAreCompressed(t *testing.T) {
	ana := joined(t, listen(t, open(t, databasetest.SQLite(t))), "demo", "")
	var many []record.Mutation
	var body []byte
	for i := range 3 * chunkRecords {
		m := ana.set(board.Tasks, fmt.Sprint(i), board.Title, "Paint the fence")
		many, body = append(many, m), append(m.AppendJSON(body), '\n')
	}
	ana.push(many...)
	for _, request := range []struct{ method, path, body string }{{"GET", "/v1/pull", ""}, {"POST", "/v1/push", string(body)}} {
		plain := ana.do(request.method, request.path, request.body, nil)
		want, err := io.ReadAll(plain.Body)
		require.NoError(t, err)
		for accept, coding := range codings {
			answer := ana.do(request.method, request.path, request.body, map[string]string{"Accept-Encoding": accept})
			require.Equal(t, coding, answer.Header.Get("Content-Encoding"), accept)
			require.Equal(t, []string{"Accept-Encoding"}, answer.Header.Values("Vary"))
			raw, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			if answer.ContentLength >= 0 {
				require.Len(t, raw, int(answer.ContentLength))
			}
			if coding != "" {
				require.Less(t, len(raw), len(want)/4, accept)
			}
			answer.Body = io.NopCloser(bytes.NewReader(raw))
			got, err := io.ReadAll(decoded(t, answer))
			require.NoError(t, err)
			if request.method == "GET" {
				require.Equal(t, string(want), string(got), accept)
			} else {
				require.Contains(t, string(got), `"results":[`)
			}
		}
	}
}

// TestCompressedPullsStream checks that each chunk is sent before the next one is read, and that a
// page that breaks off is an error in each coding.
func TestCompressedPullsStream(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	ana := joined(t, listen(t, s), "demo", "")
	for i := range firstRecords + 1 {
		ana.push(ana.set(board.Tasks, fmt.Sprint(i), board.Title, "x"))
	}
	_, err := s.database.db.Exec(`UPDATE records SET data = '{' WHERE seq = $1`, firstRecords+1) // in the second chunk
	require.NoError(t, err)
	for _, coding := range []string{"", "gzip", "zstd"} {
		answer := ana.do("GET", "/v1/pull", "", map[string]string{"Accept-Encoding": coding})
		require.Equal(t, 200, answer.StatusCode)
		require.Equal(t, coding, answer.Header.Get("Content-Encoding"))
		text, err := io.ReadAll(decoded(t, answer))
		require.Error(t, err, coding)
		require.Equal(t, firstRecords, bytes.Count(text, []byte("\n")), coding)
	}
}

// TestTokensAndEventsAreNotCompressed: the answer to a join contains a token, and the client must
// receive an event at once.
func TestTokensAndEventsAreNotCompressed(t *testing.T) {
	ana := joined(t, listen(t, open(t, databasetest.SQLite(t))), "demo", "")
	accept := map[string]string{"Accept-Encoding": "gzip, zstd"}
	answer := ana.do("POST", "/v1/join", `{"workspace":"demo","invite":"`+strings.Repeat("x", 2000)+`"}`, accept)
	require.Equal(t, 200, answer.StatusCode)
	require.Empty(t, answer.Header.Get("Content-Encoding"))
	events := ana.do("GET", "/v1/events", "", accept)
	require.Empty(t, events.Header.Get("Content-Encoding"))
	first := make([]byte, len("data: 0\n\n"))
	_, err := io.ReadFull(events.Body, first)
	require.NoError(t, err)
	require.Equal(t, "data: 0\n\n", string(first))
}

// TestCompressedBodiesAreRefused checks that the server does not decompress bodies, because a small
// body could become a large one.
func TestCompressedBodiesAreRefused(t *testing.T) {
	ana := joined(t, listen(t, open(t, databasetest.SQLite(t))), "demo", "")
	for coding, status := range map[string]int{"gzip": 415, "zstd": 415, "gzip, gzip": 415, "identity": 200, "": 200} {
		answer := ana.do("POST", "/v1/push", "[]", map[string]string{"Content-Encoding": coding})
		require.Equal(t, status, answer.StatusCode, coding)
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.Equal(t, status == 415, strings.Contains(string(text), `"code":"unsupported_encoding"`))
	}
}
