package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// served returns a target whose requests pass through a handler before they come to a server on SQLite.
func served(t *testing.T, through func(http.Handler) http.Handler) *target {
	t.Helper()
	database, err := server.OpenDatabase(t.Context(), filepath.Join(t.TempDir(), "load.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, database.Close()) })
	s, err := server.New(t.Context(), database, server.Options{
		Guard: board.Guard(), Rules: board.Rules(), RulesVersion: board.RulesVersion, Open: open,
		Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	h := httptest.NewServer(through(s.Handler()))
	t.Cleanup(h.Close)
	target := newTarget("test", h.URL)
	target.invite = s.Invitation
	return target
}

// pushes calls f with the number of each push, from 1, and passes on the request if f returns true.
func pushes(f func(n int64, w http.ResponseWriter) bool) func(http.Handler) http.Handler {
	var n atomic.Int64
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, "/v1/push") || f(n.Add(1), w) {
				next.ServeHTTP(w, r)
			}
		})
	}
}

func small() (cell, options) {
	return cell{clients: 2, workspaces: 3, records: 20}, options{rounds: 2, slice: 100 * time.Millisecond}
}

func TestHonestServerIsMeasured(t *testing.T) {
	c, o := small()
	honest := served(t, pushes(func(int64, http.ResponseWriter) bool { return true }))
	require.NoError(t, c.measure(t.Context(), o, []*target{honest, honest}))
	c.records = 30 // more records in the same workspaces
	require.NoError(t, c.measure(t.Context(), o, []*target{honest}))
}

// TestAcknowledgedWriteThatIsMissingIsFound checks that a server that acknowledges pushes without storing them
// fails the run.
func TestAcknowledgedWriteThatIsMissingIsFound(t *testing.T) {
	c, o := small()
	liar := served(t, pushes(func(n int64, w http.ResponseWriter) bool {
		lies := n > 3 && n%3 == 0 // the first pushes fill the workspaces
		if lies {
			w.Write([]byte(`{"results":[{"index":0,"verdict":"accepted"}]}`))
		}
		return !lies
	}))
	require.ErrorContains(t, c.measure(t.Context(), o, []*target{liar}), "MISSING")
}

// TestPushThatIsRefusedForNowIsSentAgain checks that refusals are counted by their status, and are not an error.
func TestPushThatIsRefusedForNowIsSentAgain(t *testing.T) {
	c, o := small()
	full := served(t, pushes(func(n int64, w http.ResponseWriter) bool {
		if n == 5 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return n != 5
	}))
	clients, err := c.prepare(t.Context(), full)
	require.NoError(t, err)
	s := sample{refused: make(refused)}
	require.NoError(t, c.slice(t.Context(), o.slice, turn{full, clients, &s}))
	require.Equal(t, "1 with status 503", s.refused.String())
	for _, w := range full.workspaces {
		require.NoError(t, w.check(t.Context()))
	}
}

func TestPushThatIsRefusedPermanentlyFailsTheRun(t *testing.T) {
	c, o := small()
	strict := served(t, pushes(func(n int64, w http.ResponseWriter) bool {
		if n > 3 {
			w.Write([]byte(`{"results":[{"index":0,"verdict":"refused","code":"forbidden"}]}`))
		}
		return n <= 3
	}))
	require.ErrorContains(t, c.measure(t.Context(), o, []*target{strict}), "forbidden")
}

func TestPullsAndEventsAreMeasured(t *testing.T) {
	honest := served(t, pushes(func(int64, http.ResponseWriter) bool { return true }))
	o := options{rounds: 1, pulled: 30}
	require.NoError(t, measurePulls(t.Context(), o, []*target{honest}))
	require.NoError(t, measureLive(t.Context(), o, []*target{honest}))
}

// TestRetriesOfTheServerAreCountedInEachRound checks that retries before the first round do not count.
func TestRetriesOfTheServerAreCountedInEachRound(t *testing.T) {
	c, o := small()
	var asked atomic.Int64
	busy := served(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/debug/retries" {
				next.ServeHTTP(w, r)
				return
			}
			fmt.Fprintln(w, 100+7*asked.Add(1))
		})
	})
	clients, err := c.prepare(t.Context(), busy)
	require.NoError(t, err)
	s := sample{refused: make(refused)}
	require.NoError(t, c.round(t.Context(), o, turn{busy, clients, &s}))
	require.NoError(t, c.round(t.Context(), o, turn{busy, clients, &s}))
	require.Equal(t, "14", s.retried())
	require.Empty(t, new(sample).retried())
}

func TestQuantileIsReachedByItsPart(t *testing.T) {
	var sorted []time.Duration
	for i := range 100 {
		sorted = append(sorted, time.Duration(i+1))
	}
	require.EqualValues(t, 50, quantile(sorted, 0.5))
	require.EqualValues(t, 99, quantile(sorted, 0.99))
	require.EqualValues(t, 100, quantile(sorted, 1))
	require.EqualValues(t, 1, quantile(sorted[:1], 0.5))
}

func TestRatioIsOfEachRound(t *testing.T) {
	require.Equal(t, "×2.00 (0.50–4.00)", ratio([]float64{4, 1, 2}, []float64{1, 2, 1}, true))
	require.Empty(t, ratio(nil, nil, false))
}
