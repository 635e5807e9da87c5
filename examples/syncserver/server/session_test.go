package server

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
)

// exchange is a request of a client of the first version, and the answer of a server of that version.
type exchange struct {
	Method, Path, Token, Body string
	Status                    int
	Answer                    string
}

// recorded returns a session of two clients of the first version, which sync with the data of
// testdata/first.db.gz. One of them loses the answer to a push and sends it again; later it deletes a
// field and a record.
func recorded(t *testing.T) (session []exchange) {
	t.Helper()
	text, err := os.ReadFile(databasetest.Unpacked(t, "testdata/first.session.jsonl.gz"))
	require.NoError(t, err)
	for line := range bytes.Lines(text) {
		var e exchange
		require.NoError(t, json.Unmarshal(line, &e))
		session = append(session, e)
	}
	return session
}

// The migration of the file derives its violation row again, because the rules have other scopes by
// now. So this row, which had the sequence 9, and all later lines have a greater sequence.
var sequences = regexp.MustCompile(`((?:^|\n)\{"seq":|after=)(\d+)`)

// migrated returns a recorded request or answer with the sequences and scopes of the migrated file.
func migrated(text string) string {
	text = strings.NewReplacer(`"room_taken/Lind"`, `"room_taken/Lind/2026-12"`, `"scope":"Lind"`, `"scope":"Lind/2026-12"`).Replace(text)
	return sequences.ReplaceAllStringFunc(text, func(found string) string {
		i := strings.LastIndexAny(found, ":=") + 1
		if n, _ := strconv.Atoi(found[i:]); n >= 9 {
			return found[:i] + strconv.Itoa(n+1)
		}
		return found
	})
}

// again sends the request of an exchange again.
func (e exchange) again(t *testing.T, at string) (status int, answer string) {
	t.Helper()
	c := &client{t: t, url: at, Token: strings.TrimPrefix(e.Token, "Bearer ")}
	return c.request(e.Method, migrated(e.Path), e.Body)
}

// TestRecordedClientsOfTheFirstVersionSync sends the requests of a recorded session to a server on the
// migrated database. The pulled lines must be the same, and the answers must contain
// everything that the recorded answers do. After the retention, the clients must be told to
// pull everything again, and their items that are partly gone must be refused as a whole.
func TestRecordedClientsOfTheFirstVersionSync(t *testing.T) {
	s := openCalendar(t, databasetest.Unpacked(t, "testdata/first.db.gz"))
	s.wall = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) // after the stamps of the session
	at := listen(t, s.Server)
	session := recorded(t)
	for i, e := range session {
		status, answer := e.again(t, at)
		require.Equal(t, e.Status, status, answer)
		switch strings.SplitN(e.Path, "?", 2)[0] {
		case "/v1/pull":
			require.Equal(t, migrated(e.Answer), answer, "exchange %d", i)
		case "/v1/push":
			requirePart(t, migrated(e.Answer), answer, "serverTime")
		case "/v1/join":
			requirePart(t, e.Answer, answer, "clientId", "token")
		}
	}
	requireCounted(t, s.database)

	s.pass(92)
	data := s.data()
	require.NotContains(t, data["later gone"], "title")
	require.NotContains(t, data["later trimmed"], "notes")
	for _, e := range session {
		if strings.HasPrefix(e.Path, "/v1/pull?") && !strings.Contains(e.Path, "after=0&") {
			status, answer := e.again(t, at)
			require.Equal(t, http.StatusGone, status)
			require.Contains(t, answer, `"code":"resync_required"`)
		}
	}
	refused := 0
	for i, e := range session {
		if strings.Contains(e.Path, "/v1/pull?") && !strings.Contains(e.Path, "after=0&") {
			continue // its cursors come from the lines that it has pulled again
		}
		status, answer := e.again(t, at)
		require.Equal(t, http.StatusOK, status, answer)
		switch {
		case strings.Contains(e.Path, "after=0&"):
			require.Len(t, linesOf(t, []byte(answer)), 11)
			require.NotContains(t, answer, "cursor", "only a client of this version gets trailers")
		case e.Path == "/v1/push":
			var pushed pushed
			require.NoError(t, json.Unmarshal([]byte(answer), &pushed))
			for _, reply := range pushed.Results {
				if strings.HasPrefix(reply.ID, "later ") {
					require.Equal(t, merge.Gone, reply.Code, "exchange %d: %v", i, reply)
					refused++
				}
			}
		}
	}
	require.Equal(t, 6, refused)
	require.Equal(t, data, s.data(), "no recorded push brings anything back")
}

// requirePart requires that one JSON object contains everything that another one contains, except
// some members.
func requirePart(t *testing.T, part, whole string, without ...string) {
	t.Helper()
	var a, b map[string]any
	require.NoError(t, json.Unmarshal([]byte(part), &a))
	require.NoError(t, json.Unmarshal([]byte(whole), &b))
	for _, name := range without {
		require.Contains(t, b, name)
		delete(a, name)
	}
	requirePartOf(t, a, b)
}

func requirePartOf(t *testing.T, part, whole any) {
	t.Helper()
	switch part := part.(type) {
	case map[string]any:
		for name, v := range part {
			require.Contains(t, whole, name)
			requirePartOf(t, v, whole.(map[string]any)[name])
		}
	case []any:
		require.Len(t, whole, len(part))
		for i, v := range part {
			requirePartOf(t, v, whole.([]any)[i])
		}
	default:
		require.Equal(t, part, whole)
	}
}
