package main

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/stretchr/testify/require"
)

// TestForeignWriteThatTheCollationHides: a column may take texts that differ for equal. A foreign
// write between two such texts is a write like any other.
func TestForeignWriteThatTheCollationHides(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, db *sql.DB) {
		collation := "NOCASE"
		if strings.HasSuffix(t.Name(), "PostgreSQL") {
			collation = "nocase"
			if _, err := db.Exec(`CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`); err != nil {
				t.Skipf("SKIPPED, NOT PASSED: this PostgreSQL has no such collation: %v", err)
			}
		}
		exec(t, db, `CREATE TABLE tasks (id TEXT PRIMARY KEY, title TEXT COLLATE `+collation+`, estimate BIGINT, done BOOLEAN, deleted BOOLEAN)`)
		s := serverOn(t, db, extended(t, db))
		push(t, s, titled(t, "a", "paint", clock.Stamp{Time: at(0), Client: ana}))
		before := titleOf(t, s)
		exec(t, db, `UPDATE tasks SET title = 'Paint'`)
		require.Equal(t, before, titleOf(t, s), "before the sweep")
		require.NoError(t, s.sweep(context.Background()))
		require.Equal(t, `"Paint"`, seen(t, s)["title"])
		require.NotEqual(t, before.Stamp, titleOf(t, s).Stamp)
	})
}

// TestForeignWriteOfAReplicationRole: logical replication, and programs that write in its role, fire
// the triggers too.
func TestForeignWriteOfAReplicationRole(t *testing.T) {
	s := serverOn(t, postgres(t), columns(columnsPostgres()))
	pushAs(t, s, ana, titled(t, "a", "Paint", clock.Stamp{Time: at(0), Client: ana}), titled(t, "b", "Oil", clock.Stamp{Time: at(0), Client: ana}))
	before := stateOf(t, s)
	as := func(statement string) error {
		tx := begin(t, s.db)
		if _, err := tx.Exec(`SET LOCAL session_replication_role = replica`); err != nil {
			t.Skipf("SKIPPED, NOT PASSED: the user of FIELDLWW_POSTGRES cannot take this role: %v", err)
		}
		if _, err := tx.Exec(statement); err != nil {
			return err
		}
		return tx.Commit()
	}
	require.NoError(t, as(`UPDATE tasks SET title = 'Sand' WHERE id = 'a'`))
	require.NoError(t, as(`INSERT INTO tasks (id, title) VALUES ('c', 'Wax')`))
	require.NoError(t, as(`DELETE FROM tasks WHERE id = 'b'`))
	require.ErrorContains(t, as(`UPDATE tasks SET title_at = 1`), "only the sync server writes")
	require.ErrorContains(t, as(`INSERT INTO tasks (id, seq) VALUES ('d', -1)`), "only the sync server writes")
	require.ErrorContains(t, as(`TRUNCATE tasks`), "only the sync server writes")
	require.Equal(t, before.Digest(), stateOf(t, s).Digest(), "before the sweep")
	require.NoError(t, s.sweep(context.Background()))
	require.Equal(t, `"Sand"`, seen(t, s)["title"])
	b, _ := stateOf(t, s).Get(task("b"))
	require.True(t, b.Deleted())
	require.Equal(t, 3, stateOf(t, s).Len())
}

// TestForeignValueInATableThatIsNotStrict: such a table of SQLite takes infinite numbers and blobs.
// They become texts, and stop neither pulls nor later writes.
func TestForeignValueInATableThatIsNotStrict(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		db := sqlite(t)
		exec(t, db, `CREATE TABLE tasks (id TEXT PRIMARY KEY, title TEXT, estimate INTEGER, done BOOLEAN, deleted BOOLEAN)`)
		s := serverOn(t, db, extended(t, db))
		push(t, s, titled(t, "a", "Paint", clock.Stamp{Time: at(0), Client: ana}))
		exec(t, db, `UPDATE tasks SET estimate = -9e999, title = x'4f696c'`)
		require.Equal(t, map[string]string{"title": `"Paint"`}, seen(t, s), "before the sweep")
		require.NoError(t, s.sweep(context.Background()))
		require.Equal(t, map[string]string{"title": `"Oil"`, "estimate": `"-Inf"`}, seen(t, s))

		exec(t, db, `INSERT INTO tasks (id, title, estimate) VALUES ('b', x'4f69', 9e999)`)
		exec(t, db, `UPDATE tasks SET title = title || 'l', estimate = 1`)
		exec(t, db, `UPDATE tasks SET title = x'57'`)
		exec(t, db, `UPDATE tasks SET title = 'Wax'`)
		require.NoError(t, s.sweep(context.Background()))
		for _, id := range []string{"a", "b"} {
			r, _ := stateOf(t, s).Get(task(id))
			require.Equal(t, map[string]any{"title": "Wax", "estimate": int64(1)}, r.Map())
		}
	})
}

// TestForeignNumberThatIsNone: a column of your own may be DOUBLE PRECISION. NaN and infinite numbers in it become texts, and
// stop neither pulls nor sweeps.
func TestForeignNumberThatIsNone(t *testing.T) {
	db := postgres(t)
	exec(t, db, `CREATE TABLE tasks (id TEXT PRIMARY KEY, title TEXT, estimate DOUBLE PRECISION, done BOOLEAN, deleted BOOLEAN)`)
	l := extended(t, db)
	l.check = "" // it wants BIGINT
	s := serverOn(t, db, l)
	push(t, s, titled(t, "a", "Paint", clock.Stamp{Time: at(0), Client: ana}))
	for _, number := range []string{"NaN", "Infinity", "-Infinity"} {
		exec(t, db, `UPDATE tasks SET estimate = $1 WHERE id = 'a'`, number)
		require.Equal(t, 1, stateOf(t, s).Len(), "before the sweep")
		require.NoError(t, s.sweep(context.Background()))
		want := strings.Replace(number, "Infinity", "Inf", 1)
		if number == "Infinity" {
			want = "+Inf"
		}
		require.Equal(t, map[string]string{"title": `"Paint"`, "estimate": strconv.Quote(want)}, seen(t, s))
	}
}

// TestStartReplacesTheTriggers: the triggers of an earlier version, which know fewer columns, do not
// stay.
func TestStartReplacesTheTriggers(t *testing.T) {
	for name, open := range columnsServers() {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			push(t, s, titled(t, "a", "Paint", clock.Stamp{Time: at(0), Client: ana}))
			if name == "SQLite" {
				exec(t, s.db, `DROP TRIGGER z_sync_update;
					CREATE TRIGGER z_sync_update AFTER UPDATE OF done ON tasks BEGIN SELECT 1; END`)
			} else {
				exec(t, s.db, `CREATE OR REPLACE FUNCTION z_sync_update() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`)
			}
			again := serverOn(t, s.db, s.layout)
			exec(t, s.db, `UPDATE tasks SET title = 'Oil'`)
			require.Equal(t, map[string]string{"title": `"Paint"`}, seen(t, again), "before the sweep")
			require.NoError(t, again.sweep(context.Background()))
			require.Equal(t, map[string]string{"title": `"Oil"`}, seen(t, again))
		})
	}
}
