package main

import (
	"database/sql"
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

// TestLegacyRowMustBeStamped: shadow columns refuse a value without a stamp, which a
// merge would treat as absent. Stamping it once, with the client ID of the server, makes
// it take part in merges and pulls.
func TestLegacyRowMustBeStamped(t *testing.T) {
	for name, open := range columnsServers() {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			_, err := s.db.Exec(`INSERT INTO tasks (id, title, seq) VALUES ('a', 'legacy', 1)`)
			require.ErrorContains(t, err, "title_stamped")
			exec(t, s.db, `INSERT INTO tasks (id, title, title_at, title_by, seq) VALUES ('a', 'legacy', $1, $2, 1)`,
				at(0), ben)
			want := titled(t, "a", "legacy", clock.Stamp{Time: at(0), Client: ben})
			require.Equal(t, string(batchOf(want)), string(stateOf(t, s).AppendLines(nil)))
		})
	}
}

// columnsServers returns, for each database, a function that opens a server with shadow
// columns.
func columnsServers() map[string]func(*testing.T) *server {
	return map[string]func(*testing.T) *server{
		"SQLite":     func(t *testing.T) *server { return serverOn(t, sqlite(t), columns(columnsSQLite())) },
		"PostgreSQL": func(t *testing.T) *server { return serverOn(t, postgres(t), columns(columnsPostgres())) },
	}
}
