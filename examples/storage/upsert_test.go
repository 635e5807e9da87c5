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

// The conditional upserts of those who merge in SQL. Each returns the title that is
// stored, if it is that of this statement.
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

// TestNullStamp: a comparison with NULL is not true, so a row without a stamp wins
// over every write, for ever.
func TestNullStamp(t *testing.T) {
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

// TestReturning: an upsert that loses returns no row. That is not to say that there is
// none.
func TestReturning(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, db *sql.DB) {
		exec(t, db, legacy)
		_, returned := upsert(t, db, upsertNewerOrFirst, "later", at(2))
		require.True(t, returned)
		_, returned = upsert(t, db, upsertNewerOrFirst, "older", at(1))
		require.False(t, returned)
		require.Equal(t, "later", titleIn(t, db))
	})
}

// upsert runs an upsert, and returns the row that it returns, if it does.
func upsert(t *testing.T, db *sql.DB, statement, title string, at clock.Timestamp) (got string, returned bool) {
	t.Helper()
	err := db.QueryRow(statement, title, at).Scan(&got)
	if err != nil {
		require.ErrorIs(t, err, sql.ErrNoRows)
	}
	return got, err == nil
}

// titleIn returns the title that is stored.
func titleIn(t *testing.T, db *sql.DB) (title string) {
	t.Helper()
	require.NoError(t, db.QueryRow(`SELECT title FROM t WHERE id = 'a'`).Scan(&title))
	return title
}
