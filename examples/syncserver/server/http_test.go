package server

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/board"
	"github.com/fieldlww/fieldlww/record"
)

// jsonOf returns the value of a JSON text.
func jsonOf(t *testing.T, text string) record.Value {
	t.Helper()
	v, err := record.ParseValue([]byte(text))
	require.NoError(t, err)
	return v
}

// TestPushIsIdempotent: the same push again is accepted, and changes nothing.
func TestPushIsIdempotent(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, name func(*testing.T) string) {
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

// TestViolation: who books a room that is taken is told so at once, everybody pulls it,
// and a normal write resolves it. An audit has nothing to add.
func TestViolation(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		url := listen(t, s)
		ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
		tomorrow := time.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
		taken := func(hour int) record.Value {
			from := tomorrow.Add(time.Duration(hour) * time.Hour)
			return record.MustOf(map[string]any{"room": "Lind", "start": from, "end": from.Add(time.Hour)})
		}
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
	})
}

// TestAudit: what was stored without rules is found by an audit, and from then on by the
// pushes as well.
func TestAudit(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		url := listen(t, s)
		ana := joined(t, url, "demo", "")
		from := time.Now().UTC().Truncate(time.Hour).Add(48 * time.Hour)
		taken := record.MustOf(map[string]any{"room": "Lind", "start": from, "end": from.Add(time.Hour)})
		ana.push(ana.set(board.Meetings, "a", "slot", taken), ana.set(board.Meetings, "b", "slot", taken))
		_, err := s.database.db.Exec(`DELETE FROM scopes; DELETE FROM records WHERE tbl = 'violations'`)
		require.NoError(t, err)

		report, err := s.Audit(context.Background(), "demo")
		require.NoError(t, err)
		require.Equal(t, 1, report.Open)
		require.Len(t, report.Updates, 1)
		lines := ana.pull("0")
		require.Equal(t, "open", lines[len(lines)-1].Data.Map()["status"])
		require.Len(t, ana.push(ana.set(board.Meetings, "c", "slot", taken)).Violations, 2)
	})
}

// TestBadRequests: what is no request is refused as a whole, with a code, and leaves
// nothing.
func TestBadRequests(t *testing.T) {
	url := listen(t, open(t, sqlite(t)))
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
		{"GET", "/v1/pull?after=x", "", 400, "malformed"},
		{"GET", "/v1/pull?after=-1", "", 400, "malformed"},
		{"GET", "/v1/pull?limit=1e3", "", 400, "malformed"},
	} {
		status, text := ana.request(c.method, c.path, c.body)
		require.Equal(t, c.status, status, text)
		var failure struct{ Code string }
		require.NoError(t, json.Unmarshal([]byte(text), &failure))
		require.Equal(t, c.code, failure.Code)
	}
	status, _ := ana.request("GET", "/v1/push", "")
	require.Equal(t, 405, status)
	require.Empty(t, ana.pull("0"))
}

// TestPages: pages follow each other without a gap or a repetition, whatever their size.
func TestPages(t *testing.T) {
	url := listen(t, open(t, sqlite(t)))
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
	require.Empty(t, ana.pull("0&limit=0"))
	require.Empty(t, ana.pull("99"))
}

// TestHealth: the server says that it is well, and what time it is; without its database
// it is not.
func TestHealth(t *testing.T) {
	s := open(t, sqlite(t))
	url := listen(t, s)
	c := client{t: t, url: url}
	status, text := c.request("GET", "/v1/health", "")
	require.Equal(t, 200, status)
	require.Contains(t, text, `"status":"ok","serverTime":"`)
	require.NoError(t, s.database.Close())
	status, text = c.request("GET", "/v1/health", "")
	require.Equal(t, 503, status)
	require.JSONEq(t, `{"code":"unavailable"}`, text)
}

// TestEvents: a client hears how far the workspace is, at once and at each change, also
// if it was another process that made it, and not of other workspaces.
func TestEvents(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, name func(*testing.T) string) {
		database := name(t)
		here, there := open(t, database), open(t, database)
		ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
		defer stop()
		url, elsewhere := listen(t, here), listen(t, there)
		ana := joined(t, url, "demo", "")
		invite, err := here.Invitation("other")
		require.NoError(t, err)
		other := joined(t, elsewhere, "other", invite)

		r, err := http.NewRequestWithContext(ctx, "GET", url+"/v1/events", nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+ana.Token)
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer answer.Body.Close()
		require.Equal(t, "text/event-stream", answer.Header.Get("Content-Type"))
		events := bufio.NewScanner(answer.Body)
		next := func() string {
			for events.Scan() {
				if text := events.Text(); text != "" {
					return text
				}
			}
			return fmt.Sprint("ended: ", events.Err())
		}
		require.Equal(t, "data: 0", next())
		ana.push(ana.set(board.Tasks, "a", board.Title, "1"))
		require.Equal(t, "data: 1", next())
		other.push(other.set(board.Tasks, "a", board.Title, "1"), other.set(board.Tasks, "b", board.Title, "1"))
		remote := *ana
		remote.url = elsewhere
		remote.push(remote.set(board.Tasks, "a", board.Title, "2"))
		require.Equal(t, "data: 2", next())
	})
}
