package main

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/stretchr/testify/require"
)

// TestDefaultDoesNotBeatAPush: the row that locks a new record takes no default of its columns. In a
// foreign INSERT that leaves a column out, the default is the value of the row.
func TestDefaultDoesNotBeatAPush(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, db *sql.DB) {
		exec(t, db, `CREATE TABLE tasks (id TEXT PRIMARY KEY, title TEXT DEFAULT 'untitled', estimate BIGINT DEFAULT 7,
			done BOOLEAN DEFAULT TRUE, deleted BOOLEAN DEFAULT FALSE, owner TEXT NOT NULL DEFAULT 'Ana')`)
		s := serverOn(t, db, extended(t, db))
		push(t, s, titled(t, "a", "new", clock.Stamp{Time: at(0), Client: ana}))
		require.Equal(t, map[string]string{"title": `"new"`}, seen(t, s))
		require.Empty(t, dirtyRows(t, s))

		require.NoError(t, s.write(context.Background(), task("b"), func(e *record.Edit) error {
			e.Set("title", "b")
			return nil
		}))
		b, _ := stateOf(t, s).Get(task("b"))
		require.Equal(t, map[string]any{"title": "b"}, b.Map())

		exec(t, db, `INSERT INTO tasks (id, estimate) VALUES ('c', 1)`)
		require.NoError(t, s.sweep(context.Background()))
		c, _ := stateOf(t, s).Get(task("c"))
		require.Equal(t, map[string]any{"title": "untitled", "estimate": int64(1), "done": true}, c.Map())
	})
}

// TestStartNamesUnfitColumns: a server over a table that cannot hold what devices push does not start.
func TestStartNamesUnfitColumns(t *testing.T) {
	const rest = `, estimate BIGINT, done BOOLEAN, deleted BOOLEAN`
	cases := map[string]struct{ columns, sqlite, postgres string }{
		"fits":       {`id TEXT PRIMARY KEY NOT NULL, title VARCHAR, owner TEXT NOT NULL DEFAULT ''` + rest, "", ""},
		"key":        {`id BIGINT PRIMARY KEY, title TEXT` + rest, "id has the type integer, not text", "id has the type bigint, not text"},
		"default":    {`id TEXT PRIMARY KEY, title TEXT NOT NULL DEFAULT ''` + rest, "title is NOT NULL", "title is NOT NULL"},
		"no default": {`id TEXT PRIMARY KEY, title TEXT, owner TEXT NOT NULL` + rest, "owner is NOT NULL without a default", "owner is NOT NULL without a default"},
		"length":     {`id TEXT PRIMARY KEY, title VARCHAR(8)` + rest, "", "title has the type character varying(8), not text"},
		"kinds": {`id TEXT PRIMARY KEY, title TEXT, estimate REAL NOT NULL, done TEXT, deleted BOOLEAN`,
			"done has the type text, not integer; estimate has the type REAL, not integer; estimate is NOT NULL",
			"done has the type text, not boolean; estimate has the type real, not bigint; estimate is NOT NULL"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			onEachDatabase(t, func(t *testing.T, db *sql.DB) {
				exec(t, db, `CREATE TABLE tasks (`+c.columns+`)`)
				want := c.postgres
				if strings.HasSuffix(t.Name(), "SQLite") {
					want = c.sqlite
				}
				_, err := newServer(db, extended(t, db), noon)
				if want == "" {
					require.NoError(t, err)
					return
				}
				require.ErrorContains(t, err, "cannot hold what devices push: "+want)
			})
		})
	}
}
