package server

import (
	"context"
	"crypto/rand"
	"database/sql"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/board"
)

// onEachDatabase runs a test on SQLite and on PostgreSQL. It gets what makes empty
// databases, and returns their names.
func onEachDatabase(t *testing.T, test func(*testing.T, func(*testing.T) string)) {
	t.Run("SQLite", func(t *testing.T) { test(t, sqlite) })
	t.Run("PostgreSQL", func(t *testing.T) {
		postgres(t) // skips
		test(t, postgres)
	})
}

// sqlite returns the name of a file that is not there yet.
func sqlite(t *testing.T) string { return filepath.Join(t.TempDir(), "test.db") }

// postgres returns the URL of an empty schema in PostgreSQL, or skips the test.
func postgres(t *testing.T) string {
	t.Helper()
	url := os.Getenv("FIELDLWW_POSTGRES")
	if url == "" {
		t.Skip("SKIPPED, NOT PASSED: needs PostgreSQL, by its URL in FIELDLWW_POSTGRES; " +
			"or run ../storage/postgres.sh go test ./...")
	}
	db, err := sql.Open("pgx", url)
	require.NoError(t, err)
	schema := "test_" + strings.ToLower(rand.Text())
	_, err = db.Exec("CREATE SCHEMA " + schema)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := db.Exec("DROP SCHEMA " + schema + " CASCADE")
		require.NoError(t, err)
		require.NoError(t, db.Close())
	})
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
	}
	return url + separator + "search_path=" + schema
}

// open returns a server on a database, with the rules of the board and an open
// workspace.
func open(t *testing.T, name string) *Server {
	t.Helper()
	d, err := OpenDatabase(context.Background(), name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	s, err := New(context.Background(), d, Options{
		Guard: board.Guard(), Rules: board.Rules(), Open: "demo", Journal: true, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	return s
}

// listen makes a server listen, and returns its address.
func listen(t *testing.T, s *Server) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	go s.Watch(ctx)
	h := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		stop()
		h.Close()
	})
	return h.URL
}
