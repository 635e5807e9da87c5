package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
)

// TestMetricsAreNotServedToClients checks that the metrics are at the address of -metrics, and not at the address of
// the clients.
func TestMetricsAreNotServedToClients(t *testing.T) {
	p, err := program.Start(databasetest.SQLite(t), "-metrics", "127.0.0.1:0")
	require.NoError(t, err)
	defer p.Kill()
	_, url, ok := strings.Cut(p.Printed, ": metrics at ")
	require.True(t, ok, p.Printed)
	url, _, _ = strings.Cut(url, "\n")
	get := func(url string) (int, string) {
		answer, err := http.Get(url)
		require.NoError(t, err)
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return answer.StatusCode, string(text)
	}
	status, text := get(url)
	require.Equal(t, 200, status)
	require.Contains(t, text, "\nfieldlww_pushes_total 0\n")
	for _, path := range []string{"/metrics", "/v1/metrics"} {
		status, _ = get("http://" + p.Address + path)
		require.Equal(t, 404, status, path)
	}
	require.NoError(t, p.Stop())
}
