package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
)

const acceptsColumns = columnsType + ";v=1, application/jsonl;q=0.5"

// pulledLines returns the lines of a pull from the beginning, and the bytes of the answer on the wire.
func (c *client) pulledLines(header map[string]string) (lines []string, wire int, contentType string) {
	c.t.Helper()
	answer := c.do("GET", "/v1/pull?cursor=&limit=10000", "", header)
	require.Equal(c.t, 200, answer.StatusCode)
	raw, err := io.ReadAll(answer.Body)
	require.NoError(c.t, err)
	answer.Body = io.NopCloser(bytes.NewReader(raw))
	text, err := io.ReadAll(decoded(c.t, answer))
	require.NoError(c.t, err)
	return strings.SplitAfter(strings.TrimSuffix(string(text), "\n"), "\n"), len(raw), answer.Header.Get("Content-Type")
}

// unpacked returns lines in which each chunk of columns is replaced with its rows.
func unpacked(t *testing.T, lines []string) (rows []string, chunks int) {
	t.Helper()
	var d record.Decoder
	for _, line := range lines {
		if !strings.HasPrefix(line, `{"packed":`) {
			rows = append(rows, strings.TrimSuffix(line, "\n"))
			continue
		}
		chunks++
		got, err := d.Columns([]byte(strings.TrimSuffix(line, "\n")))
		require.NoError(t, err)
		for _, r := range got {
			in, err := json.Marshal(r.In)
			require.NoError(t, err)
			m := record.Mutation{Data: r.Record}.AppendJSON(nil)
			rows = append(rows, fmt.Sprintf(`{"seq":%d,"in":%s,%s`, r.Seq, in, m[1:]))
		}
	}
	return rows, chunks
}

// recordLines returns the lines that have a sequence.
func recordLines(lines []string) (records []string) {
	for _, line := range lines {
		if strings.HasPrefix(line, `{"seq":`) {
			records = append(records, strings.TrimSuffix(line, "\n"))
		}
	}
	return records
}

// TestColumnsHoldTheRowsOfAPull checks that a client that accepts columns gets the same records in far
// fewer bytes, and that other clients get rows.
func TestColumnsHoldTheRowsOfAPull(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	ana := joined(t, listen(t, s), "demo", "")
	var many []record.Mutation
	for i := range 3 * chunkRecords {
		many = append(many, ana.set(board.Tasks, fmt.Sprint(i), board.Title, fmt.Sprint("Paint fence ", i)))
	}
	ana.push(many...)
	rows, plain, kind := ana.pulledLines(nil)
	require.Equal(t, "application/jsonl", kind)
	require.Len(t, recordLines(rows), len(many))
	for accept, columns := range map[string]bool{
		acceptsColumns: true, columnsType + ";v=1": true, "text/html, " + acceptsColumns: true,
		"": false, "*/*": false, columnsType: false, columnsType + ";v=2": false, columnsType + ";v=1;q=0": false, "application/jsonl": false, ";;": false,
	} {
		for _, coding := range []string{"", "gzip", "zstd", "gzip, zstd"} {
			header := map[string]string{"Accept": accept, "Accept-Encoding": coding}
			answer := ana.do("GET", "/v1/pull?cursor=", "", header)
			require.ElementsMatch(t, []string{"Accept", "Accept-Encoding"}, answer.Header.Values("Vary"))
			got, wire, kind := ana.pulledLines(header)
			all, chunks := unpacked(t, got)
			require.Equal(t, columns, chunks > 0, accept)
			require.Equal(t, recordLines(rows), recordLines(all), accept)
			if columns {
				require.Equal(t, columnsType+";v=1", kind)
				require.Less(t, wire, plain/2, accept)
			} else {
				require.Equal(t, "application/jsonl", kind)
			}
			if columns && strings.HasPrefix(coding, "gzip") {
				require.Less(t, wire, plain/8, accept)
			}
		}
	}
	_, err := s.database.db.Exec(`UPDATE records SET data = '{'`)
	require.NoError(t, err)
	answer := ana.do("GET", "/v1/pull?cursor=", "", map[string]string{"Accept": acceptsColumns, "Accept-Encoding": "gzip"})
	require.Equal(t, 503, answer.StatusCode)
	require.Empty(t, answer.Header.Get("Content-Encoding"), "a failure is not compressed")
	require.Equal(t, "application/json", answer.Header.Get("Content-Type"))
}

// TestLengthRevealsNothingAboutOtherBuckets writes guesses of a secret in another bucket. If the length of
// an answer depended on whether a guess is right, its author would learn the secret. So the lengths of the
// guesses must differ by the same number of bytes whatever the secret is. Their differences matter, because
// two texts seldom have the same length when they are compressed.
func TestLengthRevealsNothingAboutOtherBuckets(t *testing.T) {
	secrets := []string{"the offer is nine million", "we will close in november", "zq8#-vT0!kw92mFh7b+PxLd3e"}
	for _, accept := range []string{"", acceptsColumns} {
		for _, coding := range []string{"", "gzip", "zstd", "gzip, deflate, br, zstd"} {
			lengths := make(map[[2]string]int)
			for _, secret := range secrets {
				for _, guess := range secrets {
					lengths[[2]string{secret, guess}] = lengthOf(t, secret, guess, map[string]string{"Accept": accept, "Accept-Encoding": coding})
				}
			}
			for _, a := range secrets {
				for _, b := range secrets {
					right := lengths[[2]string{a, a}] + lengths[[2]string{b, b}]
					wrong := lengths[[2]string{a, b}] + lengths[[2]string{b, a}]
					require.Equal(t, wrong, right, "%q %q: %q and %q", accept, coding, a, b)
				}
			}
		}
	}
}

// lengthOf returns the length of the answer to a pull of several records in two buckets, one with a secret
// and one with a guess.
func lengthOf(t *testing.T, secret, guess string, header map[string]string) int {
	t.Helper()
	z := &sealer{writers: compressors()}
	if !strings.Contains(header["Accept-Encoding"], "gzip") {
		z = nil
	}
	l := lines{columns: header["Accept"] != ""}
	for i := range 6 {
		in, text := []string{"private"}, secret
		if i%2 == 1 {
			in, text = []string{"shared"}, guess
		}
		v, err := record.Text(text)
		require.NoError(t, err)
		edit := record.New(record.Key{Table: "notes", ID: fmt.Sprint(i)}).Edit(clock.Stamp{Time: 1e18 + clock.Timestamp(i), Client: clock.ClientID{1}})
		edit.Set("text", v)
		// A guess can also be the name of a field.
		edit.Set("n "+text, v)
		m, err := edit.Mutation()
		require.NoError(t, err)
		l.addRecord(record.Row{Record: m.Data, In: in, Seq: int64(i + 1)})
	}
	l.end(trailer{Cursor: "x"})
	text, _ := z.chunk(l.parts)
	return len(text) + len(z.end())
}

// TestPullsOfSeveralBucketsAreSealed checks that a server with buckets compresses nothing but pulls, and
// these only as sealers do.
func TestPullsOfSeveralBucketsAreSealed(t *testing.T) {
	s := openDivided(t, databasetest.SQLite(t))
	ana := joined(t, listen(t, s), "demo", "")
	require.NoError(t, s.Grant(t.Context(), "demo", ana.ID.String(), map[string]string{"a": "writer"}))
	var many []record.Mutation
	for i := range 200 {
		m := record.New(record.Key{Table: "notes", ID: fmt.Sprint(i)}).Edit(clock.Stamp{Time: now.Now(), Client: ana.ID})
		m.Set("title", "Paint the fence")
		if i%2 == 0 {
			m.Set("project", "a")
		}
		written, err := m.Mutation()
		require.NoError(t, err)
		many = append(many, written)
	}
	body := many[0].AppendJSON(nil)
	ana.push(many...)
	for _, accept := range []string{"", acceptsColumns} {
		plain, size, _ := ana.pulledLines(map[string]string{"Accept": accept})
		for coding, want := range codings {
			if want == "zstd" && strings.Contains(coding, "gzip") {
				want = "gzip"
			} else if want == "zstd" {
				want = ""
			}
			header := map[string]string{"Accept": accept, "Accept-Encoding": coding}
			answer := ana.do("GET", "/v1/pull?cursor=", "", header)
			require.Equal(t, want, answer.Header.Get("Content-Encoding"), coding)
			require.ElementsMatch(t, []string{"Accept", "Accept-Encoding"}, answer.Header.Values("Vary"))
			got, wire, _ := ana.pulledLines(header)
			require.Equal(t, plain, got)
			if want == "gzip" {
				require.Less(t, wire, size*3/4)
			}
		}
	}
	all := map[string]string{"Accept-Encoding": "gzip, zstd"}
	require.Empty(t, ana.do("POST", "/v1/push", string(body), all).Header.Get("Content-Encoding"))
	require.Empty(t, ana.do("GET", "/v1/members", "", all).Header.Get("Content-Encoding"))
}

// TestAnswersForAllAreCompressedAsAWhole pulls as a user with the bucket "", before and after the user gets another one.
func TestAnswersForAllAreCompressedAsAWhole(t *testing.T) {
	s := openDivided(t, databasetest.SQLite(t))
	ana := joined(t, listen(t, s), "demo", "")
	source := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		var many []record.Mutation
		for range 50 {
			id := fmt.Sprint(source.Uint64())
			m := ana.set("notes", id, "title", fmt.Sprint(source.Uint64N(300)*1e15, " ", source.Uint64N(300)*1e15))
			many = append(many, m)
		}
		ana.push(many...)
	}
	lengths := make(map[string]int)
	for coding, want := range map[string]string{"gzip": "gzip", "zstd": "", "zstd;q=0, gzip": "gzip", "gzip, deflate, br, zstd": "zstd"} {
		header := map[string]string{"Accept": acceptsColumns, "Accept-Encoding": coding}
		require.Equal(t, want, ana.do("GET", "/v1/pull?cursor=", "", header).Header.Get("Content-Encoding"), coding)
		got, wire, _ := ana.pulledLines(header)
		all, _ := unpacked(t, got)
		require.Len(t, recordLines(all), 1000, coding)
		lengths[want] = wire
		// A short answer is not worth an encoder.
		short := ana.do("GET", "/v1/pull?limit=10&cursor=", "", header)
		require.NotEqual(t, "zstd", short.Header.Get("Content-Encoding"))
	}
	require.Less(t, lengths["zstd"], lengths["gzip"])
	require.NoError(t, s.Grant(t.Context(), "demo", ana.ID.String(), map[string]string{"a": "reader"}))
	answer := ana.do("GET", "/v1/pull?cursor=", "", map[string]string{"Accept": acceptsColumns, "Accept-Encoding": "gzip, zstd"})
	require.Equal(t, "gzip", answer.Header.Get("Content-Encoding"))
}

// TestAnswerForAllEndsBeforeAnotherBucket grants a bucket between two chunks of an answer.
func TestAnswerForAllEndsBeforeAnotherBucket(t *testing.T) {
	s := openDivided(t, databasetest.SQLite(t))
	ana := joined(t, listen(t, s), "demo", "")
	for i := range 3 * firstRecords {
		ana.push(ana.set("notes", fmt.Sprint(i), "title", "x"))
	}
	to := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/v1/pull?cursor=", nil)
	r.Header.Set("Accept-Encoding", "gzip, zstd")
	p := Page{Sender: Sender{Workspace: "demo", User: ana.ID.String(), Client: ana.ID}, chunk: firstRecords, Limit: 1000, columns: true}
	z := s.sealing(to, r, true)
	reader, err := s.readers.enter(t.Context(), to, p.Sender)
	require.NoError(t, err)
	chunks := 0
	require.NoError(t, s.sendChunks(reader, z, func() ([]part, bool, error) {
		if chunks++; chunks == 2 {
			require.NoError(t, s.Grant(t.Context(), "demo", p.User, map[string]string{"a": "reader"}))
		}
		return s.nextChunk(t.Context(), &p, z)
	}))
	require.Equal(t, 2, chunks)
	text, err := io.ReadAll(decoded(t, to.Result()))
	require.NoError(t, err, "the answer ends as a whole")
	require.Equal(t, 1, strings.Count(string(text), `"packed"`))
	require.Contains(t, string(text), `"more":true`)
}
