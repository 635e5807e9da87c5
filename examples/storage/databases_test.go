package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/stretchr/testify/require"
)

// The clients of the tests.
var (
	ana = clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	ben = clock.MustParseClientID("91aa04d7-53f0-4d6e-9a4f-6c2b8e7f5a20")
)

// noon is the wall clock of the servers in the tests.
func noon() time.Time { return at(0).Time() }

// sqlite returns an empty SQLite database.
func sqlite(t *testing.T) *sql.DB {
	t.Helper()
	db, err := openSQLite(filepath.Join(t.TempDir(), "test.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// postgresURL returns the URL of an empty schema in PostgreSQL, or skips the test.
func postgresURL(t *testing.T) string {
	t.Helper()
	url := os.Getenv("FIELDLWW_POSTGRES")
	if url == "" {
		t.Skip("SKIPPED, NOT PASSED: set FIELDLWW_POSTGRES to the URL of a PostgreSQL server, " +
			"or run ./postgres.sh go test ./...")
	}
	db, err := openPostgres(url)
	require.NoError(t, err)
	schema := "test_" + strings.ToLower(rand.Text())
	_, err = db.Exec("CREATE SCHEMA " + schema)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := db.Exec("DROP SCHEMA " + schema + " CASCADE")
		require.NoError(t, err)
		require.NoError(t, db.Close())
	})
	switch {
	case !strings.Contains(url, "://"):
		return url + " search_path=" + schema
	case strings.Contains(url, "?"):
		return url + "&search_path=" + schema
	}
	return url + "?search_path=" + schema
}

// postgres returns an empty schema in PostgreSQL, or skips the test.
func postgres(t *testing.T) *sql.DB {
	t.Helper()
	db, err := openPostgres(postgresURL(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// onEachDatabase runs a test on SQLite and on PostgreSQL.
func onEachDatabase(t *testing.T, test func(*testing.T, *sql.DB)) {
	t.Run("SQLite", func(t *testing.T) { test(t, sqlite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, postgres(t)) })
}

// onEachLayout runs a test with a server for each layout on both databases.
func onEachLayout(t *testing.T, test func(*testing.T, *server)) {
	t.Run("SQLite", func(t *testing.T) {
		for _, l := range sqliteLayouts() {
			t.Run(l.name, func(t *testing.T) { test(t, serverOn(t, sqlite(t), l)) })
		}
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		for _, l := range postgresLayouts() {
			t.Run(l.name, func(t *testing.T) { test(t, serverOn(t, postgres(t), l)) })
		}
	})
}

// serverOn returns a server whose wall clock always shows noon.
func serverOn(t *testing.T, db *sql.DB, l layout) *server {
	t.Helper()
	s, err := newServer(db, l, noon)
	require.NoError(t, err)
	return s
}

// stateOf returns the whole state of a server, as a new device pulls it.
func stateOf(t *testing.T, s *server) merge.Collection {
	t.Helper()
	var d device
	require.NoError(t, d.pull(context.Background(), s))
	return d.seen
}

// begin begins a transaction, which is rolled back when the test ends, if not before.
func begin(t *testing.T, db *sql.DB) *sql.Tx {
	t.Helper()
	tx, err := db.Begin()
	require.NoError(t, err)
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

// exec runs a statement.
func exec(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	_, err := db.Exec(statement, args...)
	require.NoError(t, err)
}

// task returns the key of a task.
func task(id string) record.Key { return record.Key{Table: tasksTable, ID: id} }

// titled returns a task with a title and no other field.
func titled(t *testing.T, id, title string, stamp clock.Stamp) record.Record {
	t.Helper()
	m, err := record.New(task(id)).Edit(stamp).Set("title", title).Mutation()
	require.NoError(t, err)
	return m.Data
}

// batchOf returns records as the body of a push.
func batchOf(records ...record.Record) []byte {
	return merge.Collect(records...).AppendLines(nil)
}
