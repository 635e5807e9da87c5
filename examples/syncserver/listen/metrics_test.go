package listen

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMetricsHaveAnAddressOfTheirOwn checks that metrics are served at the path /metrics alone, to collectors that use a
// host name of the site, until Close.
func TestMetricsHaveAnAddressOfTheirOwn(t *testing.T) {
	m, err := Site{Name: "syncserver", Hosts: []string{"collector.example"}}.ListenMetrics("127.0.0.1:0")
	require.NoError(t, err)
	defer m.Close()
	var out bytes.Buffer
	m.Serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "pushes 7") }), &out)
	_, url, ok := strings.Cut(strings.TrimSpace(out.String()), "syncserver: metrics at ")
	require.True(t, ok, out.String())
	get := func(url, host string) (int, string) {
		r, err := http.NewRequest("GET", url, nil)
		require.NoError(t, err)
		r.Host = host
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return answer.StatusCode, string(text)
	}
	for _, host := range []string{"localhost:9090", "collector.example:9090"} {
		status, text := get(url, host)
		require.Equal(t, 200, status)
		require.Equal(t, "pushes 7", text)
	}
	status, _ := get(url, "evil.example")
	require.Equal(t, http.StatusMisdirectedRequest, status, "a web page could read the metrics by DNS rebinding")
	status, _ = get(url+"/other", "localhost")
	require.Equal(t, 404, status)

	_, err = Site{Name: "syncserver"}.ListenMetrics(m.listener.Addr().String())
	require.ErrorContains(t, err, "-metrics 127.0.0.1:", "the message names another flag")
	m.Close()
	_, err = m.listener.Accept()
	require.ErrorIs(t, err, net.ErrClosed, "it still listens")
}

// TestMetricsThatEndAreReported: the program goes on, and its output says that there are no metrics.
func TestMetricsThatEndAreReported(t *testing.T) {
	m, err := Site{Name: "syncserver"}.ListenMetrics("127.0.0.1:0")
	require.NoError(t, err)
	var out bytes.Buffer
	m.Serve(http.NotFoundHandler(), &out)
	m.listener.Close()
	m.running.Wait()
	require.Contains(t, out.String(), "syncserver: metrics are no longer served: ")
	m.Close()
}

// TestNoMetricsWithoutAnAddress checks that a program without the flag serves no metrics, and needs no condition for it.
func TestNoMetricsWithoutAnAddress(t *testing.T) {
	m, err := Site{Name: "syncserver"}.ListenMetrics("")
	require.NoError(t, err)
	require.Nil(t, m)
	m.Serve(http.NotFoundHandler(), nil)
	m.Close()
	unused, err := Site{}.ListenMetrics("127.0.0.1:0")
	require.NoError(t, err)
	unused.Close() // without Serve, as after a start that failed
}
