package main

import (
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
)

// TestMetricsAreNotServedToClients checks that the metrics are at the address of -metrics, and not at the address of
// the clients.
func TestMetricsAreNotServedToClients(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	free.Close()
	p, err := program.Start(databasetest.SQLite(t), "-metrics", free.Addr().String())
	require.NoError(t, err)
	defer p.Kill()
	get := func(url string) (int, string) {
		answer, err := http.Get(url)
		require.NoError(t, err)
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return answer.StatusCode, string(text)
	}
	status, text := get("http://" + free.Addr().String() + "/metrics")
	require.Equal(t, 200, status)
	require.Contains(t, text, "\nfieldlww_pushes_total 0\n")
	for _, path := range []string{"/metrics", "/v1/metrics"} {
		status, _ = get("http://" + p.Address + path)
		require.Equal(t, 404, status, path)
	}
	require.NoError(t, p.Stop())
}
