package server

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/memory"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// TestMetricsCountOnACluster checks that the metrics of a Frontend count what this Backend answers.
func TestMetricsCountOnACluster(t *testing.T) {
	s := open(t, memory.New(), Options{})
	front, err := syncserver.NewFrontend(t.Context(), admitting{s}, syncserver.Options{
		Authenticate: func(*http.Request) (Account, error) {
			return Account{Workspace: workspace, User: ana.String(), Client: ana, Issued: s.wall()}, nil
		},
		Log: slog.New(slog.DiscardHandler), Now: s.options.Now,
	})
	require.NoError(t, err)
	for range 2 {
		body := write(t, "1", clock.TimestampOf(noon)-5e9, "paint")
		_, err = ask(front.Handler(), ana, httptest.NewRequest(http.MethodPost, "/v1/push?v=2", strings.NewReader(string(body)+"\n")))
		require.NoError(t, err)
	}
	_, err = ask(front.Handler(), ana, httptest.NewRequest(http.MethodGet, "/v1/pull?cursor=", nil))
	require.NoError(t, err)

	answer := httptest.NewRecorder()
	front.Metrics().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, line := range []string{
		"pushes_total 2", `items_total{code="",verdict="accepted"} 2`, `decisions_total{step="first write"} 1`,
		`decisions_total{step="same write"} 1`, "clock_skew_seconds_sum 10", `pulls_total{begin="first"} 1`, "healthy 1",
	} {
		require.Contains(t, answer.Body.String(), "\nfieldlww_"+line+"\n")
	}
}
