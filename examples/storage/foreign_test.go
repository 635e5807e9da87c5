package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/stretchr/testify/require"
)

// seen returns the fields of the task a that a new device sees, as JSON. A deletion has none.
func seen(t *testing.T, s *server) map[string]string {
	t.Helper()
	a, _ := stateOf(t, s).Get(task("a"))
	fields := make(map[string]string)
	for name, w := range a.All() {
		fields[name] = w.Value.JSON()
	}
	return fields
}

// TestForeignWritesArriveAsWhatTheyAre: what the shell of the database writes to the columns, devices
// pull after a sweep. Before it, they pull the record as it was.
func TestForeignWritesArriveAsWhatTheyAre(t *testing.T) {
	type fields = map[string]string
	stored := fields{"title": `"Paint"`, "estimate": "3", "done": "", "color": `"green"`}
	with := func(changes fields) fields {
		all := fields{}
		for _, f := range []fields{stored, changes} {
			for name, v := range f {
				all[name] = v
			}
		}
		return all
	}
	cases := []struct {
		script string // of the task ID
		want   fields
	}{
		{`UPDATE tasks SET title = 'Oil' WHERE id = 'ID'`, with(fields{"title": `"Oil"`})},
		{`UPDATE tasks SET title = '"<é>''\n' WHERE id = 'ID'`, with(fields{"title": `"\"<é>'\\n"`})},
		{`UPDATE tasks SET title = '' WHERE id = 'ID'`, with(fields{"title": `""`})},
		{`UPDATE tasks SET estimate = 0 WHERE id = 'ID'`, with(fields{"estimate": "0"})},
		{`UPDATE tasks SET estimate = 9223372036854775807 WHERE id = 'ID'`, with(fields{"estimate": "9223372036854775807"})},
		{`UPDATE tasks SET title = NULL WHERE id = 'ID'`, with(fields{"title": "null"})},
		{`UPDATE tasks SET done = false WHERE id = 'ID'`, with(fields{"done": "false"})},
		{`UPDATE tasks SET title = 'Oil', estimate = 4 WHERE id = 'ID'`, with(fields{"title": `"Oil"`, "estimate": "4"})},
		{`UPDATE tasks SET title = 'Oil' WHERE id = 'ID'; UPDATE tasks SET title = 'Sand', done = true WHERE id = 'ID'`, with(fields{"title": `"Sand"`, "done": "true"})},
		{`UPDATE tasks SET title = 'Oil' WHERE id = 'ID'; UPDATE tasks SET title = 'Paint' WHERE id = 'ID'`, stored},
		{`UPDATE tasks SET title = 'Paint', estimate = 3 WHERE id = 'ID'`, stored},
		{`UPDATE tasks SET done = NULL WHERE id = 'ID'`, stored},
		{`UPDATE tasks SET id = id, title = 'Oil', title_at = title_at, title_by = title_by, rest = rest, was = was, seq = seq WHERE id = 'ID'`,
			with(fields{"title": `"Oil"`})},
		{`INSERT INTO tasks (id, title) VALUES ('ID', 'Oil') ON CONFLICT (id) DO UPDATE SET title = excluded.title`,
			with(fields{"title": `"Oil"`})},
		{`INSERT INTO tasks (id, title) VALUES ('ID', 'Oil') ON CONFLICT (id) DO UPDATE SET title = excluded.title;
			INSERT INTO tasks (id, title) VALUES ('ID', 'Sand') ON CONFLICT (id) DO UPDATE SET title = excluded.title`,
			with(fields{"title": `"Sand"`})},
		{`DELETE FROM tasks WHERE id = 'ID'`, with(fields{"$deleted": "true"})},
		{`UPDATE tasks SET title = 'Oil' WHERE id = 'ID'; DELETE FROM tasks WHERE id = 'ID'`, with(fields{"title": `"Oil"`, "$deleted": "true"})},
		{`DELETE FROM tasks WHERE id = 'ID'; UPDATE tasks SET deleted = NULL WHERE id = 'ID'`, stored},
	}
	onEachShell(t, func(t *testing.T, s *server, sh shell) {
		var body []record.Record
		var script strings.Builder
		for i, c := range cases {
			id := fmt.Sprint("c", i)
			m, err := record.New(task(id)).Edit(clock.Stamp{Time: at(0), Client: ana}).
				Set("title", "Paint").Set("estimate", 3).Delete("done").Set("color", "green").Mutation()
			require.NoError(t, err)
			body = append(body, m.Data)
			script.WriteString(strings.ReplaceAll(c.script, "ID", id) + ";\n")
		}
		pushAs(t, s, ana, body...)
		before := stateOf(t, s)
		sh.run(script.String())
		require.Equal(t, before.Digest(), stateOf(t, s).Digest(), "before the sweep")
		require.NoError(t, s.sweep(context.Background()))
		state := stateOf(t, s)
		for i, c := range cases {
			old, _ := before.Get(task(fmt.Sprint("c", i)))
			now, _ := state.Get(old.Key())
			got := make(fields)
			for name, w := range now.All() {
				got[name] = w.Value.JSON()
				previous, _ := old.Get(name)
				require.Equal(t, w.Value == previous.Value, w.Stamp == previous.Stamp, "%s: the stamp of %s", c.script, name)
			}
			require.Equal(t, c.want, got, c.script)
		}
		require.Empty(t, dirtyRows(t, s))
		require.NoError(t, s.sweep(context.Background()))
		require.Equal(t, state.Digest(), stateOf(t, s).Digest(), "a second sweep")
	})
}

// TestForeignRowBecomesARecord: a foreign INSERT gets stamps and a sequence. Its NULLs are absent
// fields, because the row does not tell whether they were written.
func TestForeignRowBecomesARecord(t *testing.T) {
	onEachShell(t, func(t *testing.T, s *server, sh shell) {
		push(t, s, titled(t, "b", "Paint", clock.Stamp{Time: at(0), Client: ana}))
		sh.run(`INSERT INTO tasks (id, title, done) VALUES ('a', '', false);`)
		require.Empty(t, seen(t, s))
		require.NoError(t, s.sweep(context.Background()))
		require.Equal(t, map[string]string{"title": `""`, "done": "false"}, seen(t, s))

		sh.run(`INSERT INTO tasks (id, title) VALUES ('c', 'mistake'); DELETE FROM tasks WHERE id = 'c';`)
		require.NoError(t, s.sweep(context.Background()))
		require.Equal(t, 2, stateOf(t, s).Len(), "a row that is deleted before it was stamped makes no record")
	})
}

// TestDeletedRowKeepsItsID: a deletion is a write like any other. A later one restores the record.
func TestDeletedRowKeepsItsID(t *testing.T) {
	onEachShell(t, func(t *testing.T, s *server, sh shell) {
		push(t, s, titled(t, "a", "Paint", clock.Stamp{Time: at(0), Client: ana}))
		sh.run(`DELETE FROM tasks WHERE id = 'a';`)
		require.Equal(t, "0", sh.run(`SELECT count(*) FROM tasks WHERE deleted IS NOT TRUE;`))
		require.NoError(t, s.sweep(context.Background()))
		_, err := sh.try(`INSERT INTO tasks (id, title) VALUES ('a', 'Oil');`)
		require.Error(t, err)
		require.Contains(t, strings.ToLower(err.Error()), "unique")

		sh.run(`UPDATE tasks SET title = 'Oil' WHERE id = 'a';`)
		require.NoError(t, s.sweep(context.Background()))
		a, _ := stateOf(t, s).Get(task("a"))
		require.True(t, a.Deleted(), "a write to a deleted record does not restore it")

		sh.run(`UPDATE tasks SET deleted = false WHERE id = 'a';`)
		require.NoError(t, s.sweep(context.Background()))
		require.Equal(t, map[string]string{"title": `"Oil"`, "$deleted": "false"}, seen(t, s))
	})
}

// TestForeignWriteIsStampedBeforeAPush: a push to a dirty row merges with the foreign value, which
// counts as made when the push arrives. The devices learn of lost edits.
func TestForeignWriteIsStampedBeforeAPush(t *testing.T) {
	onEachShell(t, func(t *testing.T, s *server, sh shell) {
		push(t, s, titled(t, "a", "Paint", clock.Stamp{Time: at(0), Client: ana}))
		phone := device{id: ana}
		require.NoError(t, phone.pull(context.Background(), s))
		edit := func(minute int, name string, v any) string {
			m, err := phone.edit("a", at(minute)).Set(name, v).Mutation()
			require.NoError(t, err)
			answer, err := s.push(context.Background(), ana, m.AppendJSON(nil))
			require.NoError(t, err)
			return string(answer)
		}

		sh.run(`UPDATE tasks SET title = 'Oil' WHERE id = 'a';`)
		require.NotContains(t, edit(1, "estimate", 3), "lost_edit")
		require.Equal(t, map[string]string{"title": `"Oil"`, "estimate": "3"}, seen(t, s))
		require.Empty(t, dirtyRows(t, s))

		require.Contains(t, edit(2, "title", "Sand"), "lost_edit", "a later edit by an author who has not seen the foreign write")
		require.Equal(t, `"Sand"`, seen(t, s)["title"])

		sh.run(`UPDATE tasks SET title = 'Wax' WHERE id = 'a';`)
		require.NoError(t, phone.pull(context.Background(), s))
		require.NoError(t, s.sweep(context.Background()))
		phone.seen = stateOf(t, s)
		require.NotContains(t, edit(3, "title", "Varnish"), "lost_edit", "its author has pulled the foreign write")

		sh.run(`UPDATE tasks SET title = 'Tar' WHERE id = 'a';`)
		require.NoError(t, s.sweep(context.Background()))
		late, err := record.New(task("a")).Edit(clock.Stamp{Time: at(1), Client: ben}).Set("title", "Old").Mutation()
		require.NoError(t, err)
		answer, err := s.push(context.Background(), ben, late.AppendJSON(nil))
		require.NoError(t, err)
		require.Contains(t, string(answer), "lost_edit", "an edit made offline before the foreign write")
		require.Equal(t, `"Tar"`, seen(t, s)["title"])
	})
}

// TestServerWriteStampsForeignValues: the server's own write of one field keeps the foreign value of
// another one.
func TestServerWriteStampsForeignValues(t *testing.T) {
	onEachShell(t, func(t *testing.T, s *server, sh shell) {
		push(t, s, titled(t, "a", "Paint", clock.Stamp{Time: at(0), Client: ana}))
		sh.run(`UPDATE tasks SET estimate = 7 WHERE id = 'a';`)
		require.NoError(t, s.write(context.Background(), task("a"), func(e *record.Edit) error {
			w, _ := e.Seen().Get("estimate")
			require.Equal(t, record.MustOf(7), w.Value)
			e.Set("title", "Oil")
			return nil
		}))
		require.Equal(t, map[string]string{"title": `"Oil"`, "estimate": "7"}, seen(t, s))

		sh.run(`UPDATE tasks SET estimate = 8 WHERE id = 'a';`)
		require.NoError(t, s.write(context.Background(), task("a"), func(e *record.Edit) error { return nil }))
		require.Equal(t, "8", seen(t, s)["estimate"], "an edit that writes nothing")
	})
}

// TestOneSweepStampsAllRows: a sweep goes on until no row is dirty.
func TestOneSweepStampsAllRows(t *testing.T) {
	s := serverOn(t, sqlite(t), columns(columnsSQLite()))
	exec(t, s.db, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250) INSERT INTO tasks (id, title) SELECT i, 'Oil' FROM n`)
	require.NoError(t, s.sweep(context.Background()))
	require.Empty(t, dirtyRows(t, s))
	require.Equal(t, 250, stateOf(t, s).Len())
}

// TestForeignWriterCannotWriteServerColumns: the database refuses a foreign write to stamps and
// sequences, and whatever would drop them.
func TestForeignWriterCannotWriteServerColumns(t *testing.T) {
	onEachShell(t, func(t *testing.T, s *server, sh shell) {
		push(t, s, titled(t, "a", "Paint", clock.Stamp{Time: at(0), Client: ana}))
		before := stateOf(t, s)
		scripts := []string{
			`UPDATE tasks SET was = '{"title": ["Oil", 1, null]}';`,
			`UPDATE tasks SET title = 'Oil', was = '{"title": ["Oil", 1, null]}';`,
			`UPDATE tasks SET title = 'Oil', title_at = title_at + 1;`,
			`UPDATE tasks SET title_by = 'me';`,
			`UPDATE tasks SET id = 'b';`,
			`UPDATE tasks SET title = 'Oil', seq = 0;`,
			`UPDATE tasks SET title = 'Oil', rest = '{}', estimate_at = 1;`,
			`UPDATE tasks SET rest = '{"color": 1}';`,
			`UPDATE tasks SET title = 'Oil'; UPDATE tasks SET was = NULL;`,
			`UPDATE tasks SET title = 'Oil'; UPDATE tasks SET was = '{"title": ["Sand", 1, null]}';`,
			`UPDATE tasks SET title = 'Oil'; UPDATE tasks SET estimate = 1, was = '{"title": ["Oil", 1, null]}';`,
			`INSERT INTO tasks (id, title, title_at) VALUES ('b', 'Oil', 1);`,
			`INSERT INTO tasks (id, title, seq) VALUES ('b', 'Oil', 100);`,
		}
		if sh.program == "psql" {
			scripts = append(scripts, `TRUNCATE tasks;`)
		} else {
			scripts = append(scripts, `INSERT OR REPLACE INTO tasks (id, title) VALUES ('a', 'Oil');`)
		}
		for _, script := range scripts {
			_, err := sh.try(script)
			require.Error(t, err, script)
			require.Regexp(t, "only the sync server writes|INSERT OR REPLACE would drop", err.Error(), script)
			require.Equal(t, before.Digest(), stateOf(t, s).Digest(), script)
		}
	})
}

// TestForeignValueThatNoColumnCanKeep: SQLite lets a program store text with U+0000 or without valid
// UTF-8. Such a value moves to rest, or is repaired, and stops no sweep. An ID that no record can
// have is left out.
func TestForeignValueThatNoColumnCanKeep(t *testing.T) {
	s := serverOn(t, sqlite(t), columns(columnsSQLite()))
	sh := shellOf(t, s)
	push(t, s, titled(t, "a", "Paint", clock.Stamp{Time: at(0), Client: ana}))
	for text, want := range map[string]string{"'x' || char(0)": `"x\u0000"`, "CAST(x'61ff' AS TEXT)": `"a�"`} {
		sh.run(`INSERT INTO tasks (id, title) VALUES ('', 'no ID') ON CONFLICT DO NOTHING; UPDATE tasks SET title = ` + text + ` WHERE id = 'a';`)
		require.NoError(t, s.sweep(context.Background()))
		require.Equal(t, map[string]string{"title": want}, seen(t, s))
		require.Equal(t, 1, stateOf(t, s).Len())
	}
}

// TestForeignWriteMovesBetweenBuckets: a foreign write that moves a record leaves its old bucket, also
// if a push is what stamps it.
func TestForeignWriteMovesBetweenBuckets(t *testing.T) {
	byDone := func(r record.Record) []string {
		done, _ := r.Get("done")
		if b, _ := done.Value.Bool(); b {
			return []string{"done"}
		}
		return []string{"open"}
	}
	for _, how := range []string{"sweep", "push", "write of the server"} {
		t.Run(how, func(t *testing.T) {
			onEachShell(t, func(t *testing.T, s *server, sh shell) {
				ctx := context.Background()
				require.NoError(t, s.divide(ctx, &division{byDone, logOf(t)}))
				for client, buckets := range map[clock.ClientID][]string{ana: {"open", "done"}, ben: {"open"}} {
					for _, bucket := range buckets {
						require.NoError(t, s.grant(ctx, client, bucket))
					}
				}
				push(t, s, titled(t, "a", "Paint", clock.Stamp{Time: at(0), Client: ana}))
				phone := &member{device: &device{id: ben}}
				require.NoError(t, phone.pull(ctx, s))
				require.Equal(t, []string{"a"}, phone.ids())

				sh.run(`UPDATE tasks SET done = true WHERE id = 'a';`)
				switch how {
				case "sweep":
					require.NoError(t, s.sweep(ctx))
				case "write of the server":
					require.NoError(t, s.write(ctx, task("a"), retitle("Oil")))
				default:
					push(t, s, titled(t, "a", "Oil", clock.Stamp{Time: at(1), Client: ana}))
				}
				require.NoError(t, phone.pull(ctx, s))
				require.Empty(t, phone.ids())
			})
		})
	}
}

// TestForeignRoleNeedsOnlyItsColumns: a role that may write nothing but the columns of values can do
// all that a foreign writer does, without the search path of the server.
func TestForeignRoleNeedsOnlyItsColumns(t *testing.T) {
	s := serverOn(t, postgres(t), columns(columnsPostgres()))
	var schema string
	require.NoError(t, s.db.QueryRow(`SELECT current_schema()`).Scan(&schema))
	role := "role_" + schema
	if _, err := s.db.Exec(`CREATE ROLE ` + role); err != nil {
		t.Skipf("SKIPPED, NOT PASSED: the user of FIELDLWW_POSTGRES cannot create a role: %v", err)
	}
	t.Cleanup(func() { exec(t, s.db, `DROP OWNED BY `+role+`; DROP ROLE `+role) })
	exec(t, s.db, `GRANT USAGE ON SCHEMA `+schema+` TO `+role+`;
		GRANT SELECT, DELETE, INSERT (id, title, estimate, done), UPDATE (title, estimate, done, deleted) ON tasks TO `+role)
	push(t, s, titled(t, "a", "Paint", clock.Stamp{Time: at(0), Client: ana}))
	as := func(statement string) error {
		tx := begin(t, s.db)
		exec := func(statement string) error { _, err := tx.Exec(statement); return err }
		require.NoError(t, exec(`SET LOCAL ROLE `+role+`; SET LOCAL search_path = pg_catalog`))
		if err := exec(statement); err != nil {
			return err
		}
		return tx.Commit()
	}
	require.NoError(t, as(`INSERT INTO `+schema+`.tasks (id, title) VALUES ('b', 'Oil')`))
	require.NoError(t, as(`UPDATE `+schema+`.tasks SET title = 'Sand' WHERE id = 'a'`))
	require.NoError(t, as(`DELETE FROM `+schema+`.tasks WHERE id = 'a'`))
	require.ErrorContains(t, as(`UPDATE `+schema+`.tasks SET seq = seq + 1`), "permission denied")
	require.NoError(t, s.sweep(context.Background()))
	require.Equal(t, map[string]string{"title": `"Sand"`, "$deleted": "true"}, seen(t, s))
	require.Equal(t, 2, stateOf(t, s).Len())
}
