package server

import (
	"context"
	"log/slog"
	"math"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
)

// open returns a server on a database, with the rules of the board and an open workspace.
func open(t *testing.T, name string) *Server {
	t.Helper()
	d, err := OpenDatabase(context.Background(), name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	s, err := New(context.Background(), d, Options{
		Guard: board.Guard(), Rules: board.Rules(), TableMaxRecord: board.MaxRecords(), Open: "demo", Journal: true, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	// Tests push and pull more within a second than the quotas allow.
	for _, q := range []*quotas{s.pushes, s.pulls, s.joins} {
		q.member, q.group = math.Inf(1), math.Inf(1)
	}
	return s
}

// listen makes a server listen and returns its URL. Its Watch retains nothing, however long the test takes.
func listen(t *testing.T, s *Server) string {
	t.Helper()
	s.retainAfter = 24 * time.Hour
	ctx, stop := context.WithCancel(context.Background())
	go s.Watch(ctx)
	h := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		stop()
		h.Close()
	})
	return h.URL
}
