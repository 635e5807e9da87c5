package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// TestLateEditIsReportedLostOnce checks that the author of an edit that arrives too late is told
// that it is lost, and that a retry does not report it again.
func TestLateEditIsReportedLostOnce(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		url := listen(t, open(t, name(t)))
		ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
		ana.push(ana.set(board.Tasks, "b", board.Title, "Paint the house"))
		late := ana.set(board.Tasks, "a", board.Title, "Paint the fence green")
		late.Base = map[string]clock.Stamp{board.Title: {}} // its author saw no title
		ben.push(ben.set(board.Tasks, "a", board.Title, "Paint the fence red"))
		require.Equal(t, []merge.Code{merge.LostEdit}, ana.push(late).Results[0].Notes)
		ana.push(ana.set(board.Tasks, "b", board.Title, "Another one"))
		require.Empty(t, ana.push(late).Results[0].Notes)
	})
}

// TestPushIsIdempotent checks that a repeated push is accepted and changes nothing.
func TestPushIsIdempotent(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		url := listen(t, open(t, name(t)))
		ana := joined(t, url, "demo", "")
		m := ana.set(board.Tasks, "a", board.Title, "Paint the fence")
		require.True(t, ana.push(m).Results[0].Changed)
		before := ana.pull("0")
		again := ana.push(m).Results[0]
		require.Equal(t, "accepted", again.Verdict)
		require.False(t, again.Changed)
		require.Equal(t, before, ana.pull("0"))
	})
}

// TestDoubleBookingOpensAndResolvesAViolation checks that the client that books a taken room is
// told at once, that all clients pull the violation, and that a normal write resolves it. An audit
// must find nothing to change.
func TestDoubleBookingOpensAndResolvesAViolation(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		url := listen(t, s)
		ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
		require.Empty(t, ana.push(ana.set(board.Meetings, "a", "slot", taken(14))).Violations)
		opened := ben.push(ben.set(board.Meetings, "b", "slot", taken(14))).Violations
		require.Len(t, opened, 1)
		require.EqualValues(t, "open", opened[0].Status)
		require.Equal(t, "b", opened[0].RecordID)
		require.Equal(t, []string{"a"}, opened[0].Conflicting)

		statusOf := func() any { return ana.pull("2")[0].Data.Map()["status"] }
		require.Equal(t, "open", statusOf())
		report, err := s.Audit(context.Background(), "demo")
		require.NoError(t, err)
		require.Equal(t, 1, report.Open)
		require.Empty(t, report.Updates)

		closed := ben.push(ben.set(board.Meetings, "b", "slot", taken(15))).Violations
		require.Len(t, closed, 1)
		require.EqualValues(t, "resolved", closed[0].Status)
		lines := ana.pull("0")
		require.Equal(t, "resolved", lines[len(lines)-1].Data.Map()["status"])

		past := taken(-48) // a conflict in the past is not reported
		require.Empty(t, ana.push(ana.set(board.Meetings, "c", "slot", past), ana.set(board.Meetings, "d", "slot", past)).Violations)
	})
}

// TestAuditRebuildsIndexAndViolations checks that an audit finds violations of records that were
// stored without rules, and that later pushes find the records too.
func TestAuditRebuildsIndexAndViolations(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		url := listen(t, s)
		ana := joined(t, url, "demo", "")
		ana.push(ana.set(board.Meetings, "a", "slot", taken(14)), ana.set(board.Meetings, "b", "slot", taken(14)))
		_, err := s.database.db.Exec(`DELETE FROM scopes; DELETE FROM records WHERE tbl = 'violations'`)
		require.NoError(t, err)
		invite, err := s.Invitation("other")
		require.NoError(t, err)
		other := joined(t, url, "other", invite)
		other.push(other.set(board.Meetings, "x", "slot", taken(14)))

		// An audit removes index entries of rules that no longer exist.
		_, err = s.database.db.Exec(`INSERT INTO scopes (workspace, rule, name, tbl, id) VALUES ('demo', 'old', 'x', 'tasks', 'x')`)
		require.NoError(t, err)
		_, err = s.Audit(context.Background(), "nosuch")
		require.ErrorIs(t, err, ErrEmpty)
		for _, found := range []int{1, 0} { // the second audit changes nothing
			report, err := s.Audit(context.Background(), "demo")
			require.NoError(t, err)
			require.Equal(t, 1, report.Open)
			require.Len(t, report.Updates, found)
		}
		var old, workspaces int
		require.NoError(t, s.database.db.QueryRow(`SELECT (SELECT count(*) FROM scopes WHERE rule = 'old'), count(*) FROM workspaces`).Scan(&old, &workspaces))
		require.Equal(t, [2]int{0, 2}, [2]int{old, workspaces})
		require.Len(t, other.push(other.set(board.Meetings, "y", "slot", taken(14))).Violations, 1)
		lines := ana.pull("0")
		require.Equal(t, "open", lines[len(lines)-1].Data.Map()["status"])
		require.Len(t, ana.push(ana.set(board.Meetings, "c", "slot", taken(14))).Violations, 2)
	})
}

// TestMalformedRequestsStoreNothing checks that a malformed request is refused as a whole, with a
// code.
func TestMalformedRequestsStoreNothing(t *testing.T) {
	url := listen(t, open(t, databasetest.SQLite(t)))
	ana := joined(t, url, "demo", "")
	for _, c := range []struct {
		method, path, body string
		status             int
		code               string
	}{
		{"POST", "/v1/push", "x", 400, "malformed"},
		{"POST", "/v1/push", `[{"table":"tasks"`, 400, "malformed"},
		{"POST", "/v1/push", "[" + strings.Repeat("{},", maxItems) + "{}]", 400, "malformed"},
		{"POST", "/v1/push", strings.Repeat(" ", maxBody+1), 413, "too_large"},
		{"POST", "/v1/join", "x", 400, "malformed"},
		{"POST", "/v1/push?cursor=x", "[]", 400, "invalid_cursor"}, // as malformed, the client would drop its items
		{"GET", "/v1/pull?cursor=x.-1", "", 400, "invalid_cursor"},
		{"GET", "/v1/pull?after=x", "", 400, "malformed"},
		{"GET", "/v1/pull?after=-1", "", 400, "malformed"},
		{"GET", "/v1/pull?limit=1e3", "", 400, "malformed"},
		{"GET", "/v1/pull?limit=0", "", 400, "malformed"},
	} {
		status, text := ana.request(c.method, c.path, c.body)
		require.Equal(t, c.status, status, text)
		var failure struct{ Code string }
		require.NoError(t, json.Unmarshal([]byte(text), &failure))
		require.Equal(t, c.code, failure.Code)
	}
	require.Empty(t, ana.pull("0"))
}

// TestEveryAnswerHasServerTime checks that each answer has the header Server-Time, and that all
// failures have the same JSON form.
func TestEveryAnswerHasServerTime(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	wall := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s.options.Now = func() time.Time { return wall }
	close(s.stopped) // ends the event stream at once
	h := s.Handler()
	token := s.tokens.of(Account{Workspace: "demo", User: "ana", Client: clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")})
	for _, c := range []struct {
		method, path, token string
		status              int
		code, allow         string
	}{
		{"GET", "/v1/health", "", 200, "", ""},
		{"HEAD", "/v1/health", "", 200, "", ""},
		{"GET", "/v1/pull", token, 200, "", ""}, // the body is empty
		{"GET", "/v1/pull", "", 401, "unauthorized", ""},
		{"GET", "/v1/pull?after=1", token, 409, "cursor_ahead", ""},
		{"GET", "/v1/events", token, 200, "", ""},
		{"POST", "/v1/push", token, 200, "", ""},
		{"POST", "/v1/join", "", 400, "malformed", ""},
		{"GET", "/v1/push", token, 405, "method_not_allowed", "POST"},
		{"GET", "/v1/join", "", 405, "method_not_allowed", "POST"},
		{"POST", "/v1/pull", token, 405, "method_not_allowed", "GET, HEAD"},
		{"OPTIONS", "/v1/events", "", 405, "method_not_allowed", "GET, HEAD"},
		{"DELETE", "/v1/health", "", 405, "method_not_allowed", "GET, HEAD"},
		{"GET", "/v1/nothing", "", 404, "not_found", ""},
		{"GET", "/v1/", token, 404, "not_found", ""},
	} {
		body := map[string]string{"/v1/push": "[]"}[c.path]
		r := httptest.NewRequest(c.method, c.path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+c.token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		what := c.method + " " + c.path
		require.Equal(t, c.status, w.Code, what)
		require.Equal(t, "2026-03-02T12:00:00.000000000Z", w.Header().Get("Server-Time"), what)
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"), what)
		require.Equal(t, c.allow, w.Header().Get("Allow"), what)
		if c.code != "" {
			var failure struct{ Code, Detail string }
			require.Equal(t, "application/json", w.Header().Get("Content-Type"), what)
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &failure), what)
			require.Equal(t, c.code, failure.Code, what)
			require.NotEmpty(t, failure.Detail, what)
		}
		if c.path == "/v1/push" && c.status == 200 {
			require.Contains(t, w.Body.String(), `"serverTime":"2026-03-02T12:00:00.000000000Z"`)
		}
	}
}

// TestServerTimeIsTheTimeOfTheAnswer checks that Server-Time is read when the answer begins, not
// when the request arrives.
func TestServerTimeIsTheTimeOfTheAnswer(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	wall := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s.options.Now = func() time.Time { return wall }
	w := httptest.NewRecorder()
	s.handle(func(w http.ResponseWriter, r *http.Request) error {
		wall = wall.Add(time.Minute)
		return nil
	}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	require.Equal(t, "2026-03-02T12:01:00.000000000Z", w.Header().Get("Server-Time"))
}

// TestPagesHaveNoGapAndNoRepetition checks that a client that pulls page by page gets each record
// exactly once, for several page sizes.
func TestPagesHaveNoGapAndNoRepetition(t *testing.T) {
	url := listen(t, open(t, databasetest.SQLite(t)))
	ana := joined(t, url, "demo", "")
	for i := range 7 {
		ana.push(ana.set(board.Tasks, fmt.Sprint(i), board.Title, "x"))
	}
	for _, limit := range []int{1, 2, 3, 7, 8, 100_000} {
		var seqs []int64
		for after := int64(0); ; {
			page := ana.pull(fmt.Sprintf("%d&limit=%d", after, limit))
			if len(page) == 0 {
				break
			}
			require.LessOrEqual(t, len(page), limit)
			for _, l := range page {
				seqs = append(seqs, l.Seq)
			}
			after = page[len(page)-1].Seq
		}
		require.Equal(t, []int64{1, 2, 3, 4, 5, 6, 7}, seqs)
	}
	require.Empty(t, ana.pull("7"))

	if testing.Short() {
		return // the rest stores 10,000 records, and does not test concurrency
	}
	for i := range maxPage / maxItems {
		many := make([]record.Mutation, maxItems)
		for j := range many {
			many[j] = ana.set(board.Tasks, fmt.Sprint(i, "/", j), board.Title, "x")
		}
		ana.push(many...)
	}
	require.Len(t, ana.pull("0"), defaultPage)
	all := ana.pull("0&limit=100000")
	require.Len(t, all, maxPage)
	for i, l := range all {
		require.EqualValues(t, i+1, l.Seq)
	}
	require.Len(t, ana.pull(fmt.Sprint(maxPage)), 7)
}

// TestBrokenPageIsAnErrorToTheClient checks that a client cannot mistake a page that the server
// failed to read to its end for a whole page.
func TestBrokenPageIsAnErrorToTheClient(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	url := listen(t, s)
	ana := joined(t, url, "demo", "")
	for i := range chunkRecords + 1 {
		ana.push(ana.set(board.Tasks, fmt.Sprint(i), board.Title, "x"))
	}
	corrupt := func(seq int) {
		_, err := s.database.db.Exec(`UPDATE records SET data = '{' WHERE seq = $1`, seq)
		require.NoError(t, err)
	}
	corrupt(chunkRecords + 1) // in the second chunk
	r, err := http.NewRequest("GET", url+"/v1/pull", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+ana.Token)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, 200, answer.StatusCode)
	_, err = io.ReadAll(answer.Body)
	require.Error(t, err)

	corrupt(1)
	status, text := ana.request("GET", "/v1/pull", "")
	require.Equal(t, 503, status)
	require.JSONEq(t, `{"code":"unavailable"}`, text)
}
