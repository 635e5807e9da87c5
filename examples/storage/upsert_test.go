package main

import (
	"database/sql"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/stretchr/testify/require"
)

// legacy is a table that had titles before it had stamps.
const legacy = `
	CREATE TABLE t (id TEXT PRIMARY KEY, title TEXT, at BIGINT);
	INSERT INTO t (id, title) VALUES ('a', 'legacy')`

// Conditional upserts, as in programs that merge in SQL. Each returns the title that it
// stored, or no row if it stored none.
const (
	upsertNewer = `
		INSERT INTO t (id, title, at) VALUES ('a', $1, $2)
		ON CONFLICT (id) DO UPDATE SET title = excluded.title, at = excluded.at
		WHERE excluded.at > t.at
		RETURNING title`
	upsertNewerOrFirst = `
		INSERT INTO t (id, title, at) VALUES ('a', $1, $2)
		ON CONFLICT (id) DO UPDATE SET title = excluded.title, at = excluded.at
		WHERE t.at IS NULL OR excluded.at > t.at
		RETURNING title`
)

// TestNullStampBeatsEveryWrite: a comparison with NULL is not true, so a row without a
// stamp wins against every write, forever.
func TestNullStampBeatsEveryWrite(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, db *sql.DB) {
		exec(t, db, legacy)
		_, returned := upsert(t, db, upsertNewer, "new", at(0))
		require.False(t, returned)
		require.Equal(t, "legacy", titleIn(t, db))

		title, returned := upsert(t, db, upsertNewerOrFirst, "new", at(0))
		require.True(t, returned)
		require.Equal(t, "new", title)
		require.Equal(t, "new", titleIn(t, db))
	})
}

// TestLosingUpsertReturnsNoRow: an upsert that loses returns no row, although the row
// exists.
func TestLosingUpsertReturnsNoRow(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, db *sql.DB) {
		exec(t, db, legacy)
		_, returned := upsert(t, db, upsertNewerOrFirst, "later", at(2))
		require.True(t, returned)
		_, returned = upsert(t, db, upsertNewerOrFirst, "older", at(1))
		require.False(t, returned)
		require.Equal(t, "later", titleIn(t, db))
	})
}

// upsert runs an upsert, and returns the title of the row that it returns, if any.
func upsert(t *testing.T, db *sql.DB, statement, title string, at clock.Timestamp) (got string, returned bool) {
	t.Helper()
	err := db.QueryRow(statement, title, at).Scan(&got)
	if err != nil {
		require.ErrorIs(t, err, sql.ErrNoRows)
	}
	return got, err == nil
}

// titleIn returns the stored title.
func titleIn(t *testing.T, db *sql.DB) (title string) {
	t.Helper()
	require.NoError(t, db.QueryRow(`SELECT title FROM t WHERE id = 'a'`).Scan(&title))
	return title
}
