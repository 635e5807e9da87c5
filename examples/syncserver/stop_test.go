package main

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
)

// TestGracefulStopEndsEventStreams checks that a server that is asked to stop ends its event
// streams and exits without an error. The tokens of its clients stay valid for the next server on
// the same database.
func TestGracefulStopEndsEventStreams(t *testing.T) {
	database := databasetest.SQLite(t)
	p := start(t, database)
	c := newPusher(t, [2]string{p.Address, p.Address})
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	r, err := http.NewRequestWithContext(ctx, "GET", "http://"+p.Address+"/v1/events", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+c.Token)
	stream, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer stream.Body.Close()

	require.NoError(t, p.Stop())
	text, err := io.ReadAll(stream.Body)
	require.NoError(t, err, "the stream was cut off or did not end")
	require.Equal(t, "data: 0\n\n", string(text))

	require.NoError(t, p.StartAgain())
	text, err = c.request("GET", "/v1/pull?cursor=", nil)
	require.NoError(t, err)
	require.NotContains(t, string(text), `"table"`)
}

// TestLocalServerRefusesOtherHostNames checks that a server on a loopback address does not
// answer under any other host name, which could be the name of a foreign web page.
func TestLocalServerRefusesOtherHostNames(t *testing.T) {
	p := start(t, databasetest.SQLite(t))
	for host, status := range map[string]int{
		p.Address: 200, "localhost:8080": 200, "localhost": 200, "[::1]:8080": 200, "127.1.2.3": 200,
		"evil.example": 421, "evil.example:8080": 421, "192.168.0.7": 421, "localhost.evil.example": 421,
	} {
		r, err := http.NewRequest("GET", "http://"+p.Address+"/v1/health", nil)
		require.NoError(t, err)
		r.Host = host
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		answer.Body.Close()
		require.Equal(t, status, answer.StatusCode, host)
	}
}
