// Package databasetest creates databases for tests, and searches them.
package databasetest

import (
	"crypto/rand"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	"github.com/stretchr/testify/require"
)

// SQLite returns the name of a file that does not exist yet.
func SQLite(t *testing.T) string { return filepath.Join(t.TempDir(), "test.db") }

// Unpacked returns the name of an uncompressed copy of a gzip file, such as a database file.
func Unpacked(t *testing.T, file string) string {
	t.Helper()
	packed, err := os.ReadFile(file)
	require.NoError(t, err)
	name := SQLite(t)
	require.NoError(t, os.WriteFile(name, unpacked(t, packed), 0o600))
	return name
}

// Postgres returns the URL of an empty PostgreSQL schema, which is dropped when the test ends. It
// skips the test if FIELDLWW_POSTGRES is not set.
func Postgres(t *testing.T) string {
	t.Helper()
	url := os.Getenv("FIELDLWW_POSTGRES")
	if url == "" {
		t.Skip("SKIPPED, NOT PASSED: this test needs PostgreSQL: set FIELDLWW_POSTGRES to its URL, " +
			"or run ../storage/postgres.sh go test ./... in examples/syncserver")
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

// OnEach runs a test on SQLite and on PostgreSQL. The test gets a function that creates an empty
// database and returns its name.
func OnEach(t *testing.T, test func(*testing.T, func(*testing.T) string)) {
	t.Run("SQLite", func(t *testing.T) { test(t, SQLite) })
	t.Run("PostgreSQL", func(t *testing.T) {
		Postgres(t) // skips the test without PostgreSQL
		test(t, Postgres)
	})
}
