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

// TestFittingValuesAreOrdinaryColumns: a value that fits its column is stored there in
// its own type, for any query. Anything else, such as a deletion or a field without a
// column, is kept in rest. The next value that fits is stored in the column again.
func TestFittingValuesAreOrdinaryColumns(t *testing.T) {
	for name, open := range columnsServers() {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			edit := func(minute int) *record.Edit {
				return record.New(task("a")).Edit(clock.Stamp{Time: at(minute), Client: ana})
			}
			for _, c := range []struct {
				edit *record.Edit
				want string
			}{
				{edit(0).Set("title", "Paint").Set("estimate", 3).Set("color", "green"), "Paint"},
				{edit(1).Set("title", nil), "NULL"},
				{edit(2).Set("title", "Repair"), "Repair"},
				{edit(3).Delete("title"), "NULL"},
				{edit(4).Set("title", []string{"a", "list"}), "NULL"},
				{edit(4).Set("title", "Oil"), "NULL"}, // a collision, in which the greater text wins
				{edit(5).Set("title", "Oil"), "Oil"},
			} {
				m, err := c.edit.Mutation()
				require.NoError(t, err)
				push(t, s, m.Data)
				require.Equal(t, c.want, titleWhereEstimateIs3(t, s.db))
			}
			a, _ := stateOf(t, s).Get(task("a"))
			require.Equal(t, map[string]any{"title": "Oil", "estimate": int64(3), "color": "green"}, a.Map())
		})
	}
}

// titleWhereEstimateIs3 runs a query such as other programs write.
func titleWhereEstimateIs3(t *testing.T, db *sql.DB) (title string) {
	t.Helper()
	require.NoError(t, db.QueryRow(`SELECT coalesce(title, 'NULL') FROM tasks WHERE estimate > 2`).Scan(&title))
	return title
}

// TestExistingTableIsStampedOnce: a table that other programs fill gets the columns of the server.
// The start marks each old row, and the first sweep stamps it and gives it a sequence. A push that
// comes first keeps the values that it does not write.
func TestExistingTableIsStampedOnce(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, db *sql.DB) {
		exec(t, db, `CREATE TABLE tasks (id TEXT PRIMARY KEY, title TEXT, estimate BIGINT, done BOOLEAN, owner TEXT)`)
		exec(t, db, `INSERT INTO tasks VALUES ('a', 'legacy', 0, NULL, 'Ana'), ('b', NULL, NULL, NULL, NULL), ('c', NULL, 3, NULL, NULL)`)
		exec(t, db, `ALTER TABLE tasks ADD deleted BOOLEAN`)
		l := extended(t, db)
		exec(t, db, `INSERT INTO tasks (id, estimate, deleted) VALUES ('d', 4, NULL), ('e', NULL, true)`) // by a program that is in use

		s := serverOn(t, db, l)
		require.Zero(t, stateOf(t, s).Len())
		push(t, s, titled(t, "c", "by Ana", clock.Stamp{Time: at(1), Client: ana}))
		require.NoError(t, s.sweep(context.Background()))
		want := map[string]map[string]any{
			"a": {"title": "legacy", "estimate": int64(0)}, "c": {"title": "by Ana", "estimate": int64(3)}, "d": {"estimate": int64(4)}, "e": {},
		}
		got := make(map[string]map[string]any)
		for r := range stateOf(t, s).All() {
			got[r.Key().ID] = r.Map()
			require.Equal(t, r.Key().ID == "e", r.Deleted())
		}
		require.Equal(t, want, got)
		require.Equal(t, s.id, titleOf(t, s).Stamp.Client)
		exec(t, db, `UPDATE tasks SET owner = 'Ben' WHERE id = 'a'`)
		require.Empty(t, dirtyRows(t, s), "a column that does not sync")

		// Each start marks the rows that no trigger has noticed, and no others.
		if strings.HasSuffix(t.Name(), "SQLite") {
			exec(t, db, `DROP TRIGGER z_sync_insert`)
		} else {
			exec(t, db, `ALTER TABLE tasks DISABLE TRIGGER z_sync_insert`)
		}
		exec(t, db, `INSERT INTO tasks (id, done) VALUES ('f', true)`)
		exec(t, db, `UPDATE tasks SET title = 'changed', done = true WHERE id = 'a'`)
		again := serverOn(t, db, l)
		require.Equal(t, []string{"a", "f"}, dirtyRows(t, again))
		require.Equal(t, record.MustOf("legacy"), titleOf(t, again).Value, "before the sweep")
	})
}

// extended adds the columns of the server to a table, and returns the layout for it.
func extended(t *testing.T, db *sql.DB) layout {
	t.Helper()
	l, document := columns(columnsPostgres()), "JSON"
	if strings.HasSuffix(t.Name(), "SQLite") {
		l, document = columns(columnsSQLite()), "TEXT"
	}
	for _, c := range stampedColumns() {
		exec(t, db, `ALTER TABLE tasks ADD `+c.name+`_at BIGINT`)
		exec(t, db, `ALTER TABLE tasks ADD `+c.name+`_by TEXT`)
	}
	exec(t, db, `ALTER TABLE tasks ADD rest `+document)
	exec(t, db, `ALTER TABLE tasks ADD was `+strings.Replace(document, "JSON", "JSONB", 1))
	exec(t, db, `ALTER TABLE tasks ADD seq BIGINT NOT NULL DEFAULT 0`)
	return l
}

// columnsServers returns, for each database, a function that opens a server with shadow
// columns.
func columnsServers() map[string]func(*testing.T) *server {
	return map[string]func(*testing.T) *server{
		"SQLite":     func(t *testing.T) *server { return serverOn(t, sqlite(t), columns(columnsSQLite())) },
		"PostgreSQL": func(t *testing.T) *server { return serverOn(t, postgres(t), columns(columnsPostgres())) },
	}
}
