package server

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// series is one collection of metrics: the values by name and labels, without the metrics of the process.
type series map[string]float64

// collected reads the metrics of a server, as a collector does.
func collected(t *testing.T, s *Frontend) series {
	t.Helper()
	answer := httptest.NewRecorder()
	s.Metrics().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	require.Equal(t, 200, answer.Code, answer.Body)
	all := make(series)
	for line := range strings.Lines(answer.Body.String()) {
		if !strings.HasPrefix(line, namespace) {
			continue
		}
		line = strings.TrimSpace(line)
		end := strings.LastIndex(line, " ")
		value, err := strconv.ParseFloat(line[end+1:], 64)
		require.NoError(t, err, line)
		all[strings.TrimPrefix(line[:end], namespace+"_")] = value
	}
	return all
}

// since returns the counts that have changed since an earlier collection, and leaves out times and bytes.
func (s series) since(before series) series {
	measured := regexp.MustCompile(`^(push_seconds_(bucket|sum)|.*bytes_total)`)
	changed := make(series)
	for name, value := range s {
		if value != before[name] && !measured.MatchString(name) {
			changed[name] = value - before[name]
		}
	}
	return changed
}

// TestMetricsCountAStory compares the metrics with the counts of a story whose every push and pull is known.
func TestMetricsCountAStory(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	wall := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s.options.Now = func() time.Time { return wall }
	url := listen(t, s)
	ana, ben := joined(t, url, "demo", ""), joined(t, url, "demo", "")
	first := collected(t, s.Frontend)
	require.EqualValues(t, 1, first["healthy"])
	require.Zero(t, first["pushes_total"])
	require.Contains(t, first, `items_total{code="too_far_ahead",verdict="refused"}`, "a known code has no series before it occurs")

	write := func(by *client, id string, ago time.Duration) record.Mutation {
		at := clock.Stamp{Time: clock.TimestampOf(wall.Add(-ago)), Client: by.ID}
		m, err := record.New(record.Key{Table: board.Tasks, ID: id}).Edit(at).Set(board.Title, at).Mutation()
		require.NoError(t, err)
		return m
	}
	edit := write(ana, "1", time.Hour/2)
	ana.push2(edit, write(ana, "2", 20*time.Second)) // 20 s ago
	ana.push2(edit)                                  // a retry, 30 min ago
	unaware := write(ben, "1", 2*time.Hour)
	unaware.Base = map[string]clock.Stamp{board.Title: {}}
	replies := ben.push2(unaware, ben.set("x", "1", "y", "z")) // 2 h ago, and a refused item
	require.Equal(t, []merge.Code{merge.LostEdit}, replies[0].Notes)
	require.Equal(t, merge.Code("unknown_table"), replies[1].Code, "a code of the app")
	require.Equal(t, merge.TooFarAhead, ben.push2(write(ben, "3", -2*time.Hour))[0].Code) // 2 h ahead
	ana.request("GET", "/v1/pull?after=0", "")
	ana.request("GET", "/v1/pull?after=1", "") // 1 behind
	_, text := ana.request("GET", "/v1/pull?cursor=", "")
	cursor := regexp.MustCompile(`"cursor":"([^"]*)"`).FindStringSubmatch(text)[1]
	ana.push2(write(ana, "4", 5*time.Second), write(ana, "5", 3*time.Second))
	ana.request("GET", "/v1/pull?cursor="+cursor, "") // 2 behind
	ana.request("GET", "/v1/pull?cursor=other.1", "")
	ana.request("POST", "/v1/push?v=2", "{")
	ana.request("GET", "/v1/pull?cursor=!", "")

	got := collected(t, s.Frontend)
	want := series{
		"pushes_total": 5, "push_seconds_count": 5,
		`items_total{code="",verdict="accepted"}`:                    6,
		`items_total{code="unknown_table",verdict="refused"}`:        1,
		`items_total{code="too_far_ahead",verdict="refused"}`:        1,
		`notes_total{code="lost_edit"}`:                              1,
		`lost_edits_total`:                                           1,
		`decisions_total{step="first write"}`:                        4,
		`decisions_total{step="same write"}`:                         1,
		`decisions_total{step="time"}`:                               1,
		`clock_skew_seconds_sum`:                                     20 + 1800 + 7200 - 7200 + 3,
		`pulls_total{begin="first"}`:                                 2,
		`pulls_total{begin="next"}`:                                  2,
		`pulls_total{begin="reset"}`:                                 1,
		`pull_lag_sequences_sum`:                                     1 + 2,
		`failures_total{code="malformed",route="POST /v1/push"}`:     1,
		`failures_total{code="invalid_cursor",route="GET /v1/pull"}`: 1,
	}
	for name, counts := range map[string]map[string]float64{
		"clock_skew_seconds": {"-3600": 1, "-60": 1, "-10": 1, "-1": 1, "1": 1, "10": 2, "60": 3, "3600": 4, "86400": 5, "604800": 5, "+Inf": 5},
		"pull_lag_sequences": {"1": 1, "10": 2, "100": 2, "1000": 2, "10000": 2, "100000": 2, "+Inf": 2},
	} {
		for bound, n := range counts {
			want[fmt.Sprintf("%s_bucket{le=%q}", name, bound)] = n
		}
		want[name+"_count"] = counts["+Inf"]
	}
	require.Equal(t, want, got.since(first))
	require.Positive(t, got["push_seconds_sum"])
	require.Positive(t, got["pushed_bytes_total"])
	require.Positive(t, got["pulled_bytes_total"])
}

// TestPullOfManyChunksCountsOnce checks that a pull counts when it begins, and not with each chunk.
func TestPullOfManyChunksCountsOnce(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	c := joined(t, listen(t, s), "demo", "")
	for id := range 3 * firstRecords {
		c.push2(c.set(board.Tasks, fmt.Sprint(id), board.Title, "x"))
	}
	_, text := c.request("GET", "/v1/pull?cursor=", "")
	require.Greater(t, strings.Count(text, `"cursor":`), 1)
	got := collected(t, s.Frontend)
	require.EqualValues(t, 1, got[`pulls_total{begin="first"}`])
	require.Zero(t, got[`pulls_total{begin="next"}`])
}

// brokenRule is a rule that always fails.
type brokenRule struct{}

func (brokenRule) Scopes(record.Record) ([]string, error) { return []string{"all"}, nil }

func (brokenRule) Check(violation.Group) (violation.Findings, error) {
	return violation.Findings{}, errors.New("broken")
}

// TestMetricsCountFailedRules checks that a rule counts once for each push, and each write of the server, that it could
// not check.
func TestMetricsCountFailedRules(t *testing.T) {
	d := open(t, databasetest.SQLite(t)).database
	rules := &violation.Checker{Rules: map[string]violation.Rule{"broken": brokenRule{}}}
	s := withRules(t, d, rules, "broken")
	c := joined(t, listen(t, s), "demo", "")
	for id := range 3 {
		c.push2(c.set(board.Tasks, fmt.Sprint(id), board.Title, "x"), c.set(board.Tasks, fmt.Sprint(id+10), board.Title, "x"))
	}
	for _, title := range []string{"y", "y"} { // the second one changes nothing
		_, err := s.Write(t.Context(), "demo", record.Key{Table: board.Tasks, ID: "1"}, func(e *record.Edit) error {
			e.SetMap(map[string]any{board.Title: title})
			return nil
		})
		require.NoError(t, err)
	}
	got := collected(t, s.Frontend)
	require.EqualValues(t, 4, got[`rule_failures_total{rule="broken"}`])
	require.EqualValues(t, 1, got["server_writes_total"])
	require.EqualValues(t, 3, got["pushes_total"])
	require.EqualValues(t, 1, got["unchecked_rules"])
}

// TestClientsCannotAddMetrics sends what differs each time in all that a client chooses, to an app that even copies the
// text of clients into codes. The number of series stays below a bound, and each of them is a plain text.
func TestClientsCannotAddMetrics(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	s.engine.Guard = func(_ clock.ClientID, m record.Mutation) error {
		title, _ := m.Data.Get(board.Title)
		text, _ := title.Value.Text()
		return &merge.Refusal{Code: merge.Code(text)}
	}
	url := listen(t, s)
	c := joined(t, url, "demo", "")
	var most int
	for round := range 200 {
		text := fmt.Sprintf("code_%d", round)
		switch round % 4 {
		case 0:
			text = strings.Repeat("é", round+1)
		case 1:
			text += "\"} 1\nfieldlww_pushes_total 7"
		}
		c.push2(c.set(text, text, board.Title, text), c.set(board.Tasks, text, text, text))
		c.request(fmt.Sprintf("M%d", round), "/v1/push", "")
		c.request("GET", fmt.Sprintf("/v1/%d?cursor=%d", round, round), "")
		c.request("POST", "/v1/join", fmt.Sprintf(`{"workspace":"w%d","invite":"%d"}`, round, round))
		if round == 99 {
			most = len(collected(t, s.Frontend))
		}
	}
	all := collected(t, s.Frontend)
	require.Len(t, all, most, "clients have added series")
	require.Less(t, most, 200)
	codes := 0
	for name := range all {
		require.Regexp(t, `^[a-z_]+(\{([a-z]+="[A-Za-z0-9_+. /-]*",?)+\})?$`, name)
		if strings.HasPrefix(name, `items_total{code="code_`) {
			codes++
		}
	}
	require.Equal(t, 20, codes)
	require.Positive(t, all[`items_total{code="other",verdict="refused"}`])
}

// TestMetricsKnowAllCodes compares the codes that have a series from the beginning with the codes of the library.
func TestMetricsKnowAllCodes(t *testing.T) {
	source, err := os.ReadFile("../../../merge/code.go")
	require.NoError(t, err)
	var known []string
	for _, code := range append(refusals(), notes()...) {
		known = append(known, string(code))
	}
	slices.Sort(known)
	require.Equal(t, slices.Compact(slices.Sorted(slices.Values(cells(string(source), `^\t\w+ +Code = "(.*)"`)))), slices.Compact(known))
}
