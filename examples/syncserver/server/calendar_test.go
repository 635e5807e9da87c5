package server

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// calendar is a server with a wall clock that a test sets.
type calendar struct {
	*Server
	t    *testing.T
	wall time.Time
}

// openCalendar opens a server whose wall clock shows noon on some day.
func openCalendar(t *testing.T, database string) *calendar {
	c := &calendar{Server: open(t, database), t: t, wall: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	c.options.Now = func() time.Time { return c.wall }
	return c
}

// pass lets days pass, and applies the retention on each of them.
func (c *calendar) pass(days int) {
	c.t.Helper()
	for range days {
		c.wall = c.wall.Add(sampleEvery)
		require.NoError(c.t, c.Retain(context.Background()))
	}
}

// fenced returns the fence of the workspace demo.
func (c *calendar) fenced() fence {
	c.t.Helper()
	_, f, err := c.database.state(context.Background(), "demo")
	require.NoError(c.t, err)
	return f
}

// edit returns a mutation that a client makes from the record that its author saw. Its stamp has the
// time of the server's wall clock.
func (c *calendar) edit(by *client, shown record.Record, change func(*record.Edit)) record.Mutation {
	c.t.Helper()
	e := shown.Edit(clock.Stamp{Time: clock.TimestampOf(c.wall), Client: by.ID})
	change(e)
	m, err := e.Mutation()
	require.NoError(c.t, err)
	return m
}

func title(text string) func(*record.Edit) {
	return func(e *record.Edit) { e.Set(board.Title, text) }
}

func deleteRecord(e *record.Edit) { e.DeleteRecord() }

func task(id string) record.Record { return record.New(record.Key{Table: board.Tasks, ID: id}) }

// data returns the stored JSON of the records of the table tasks, by ID.
func (c *calendar) data() map[string]string {
	c.t.Helper()
	rows, err := c.database.db.Query(`SELECT id, data FROM records WHERE workspace = 'demo' AND tbl = 'tasks'`)
	require.NoError(c.t, err)
	defer rows.Close()
	all := make(map[string]string)
	for rows.Next() {
		var id, data string
		require.NoError(c.t, rows.Scan(&id, &data))
		all[id] = data
	}
	require.NoError(c.t, rows.Err())
	return all
}

// normals returns the normal forms of all stored records.
func (c *calendar) normals() map[record.Key]record.Record {
	c.t.Helper()
	f := c.fenced()
	rows, err := c.database.db.Query(`SELECT tbl, id, data FROM records WHERE workspace = 'demo'`)
	require.NoError(c.t, err)
	defer rows.Close()
	all := make(map[record.Key]record.Record)
	for rows.Next() {
		var key record.Key
		var r record.Record
		require.NoError(c.t, rows.Scan(&key.Table, &key.ID, &r))
		if r = merge.Purge(r.WithKey(key), f.stamp, f.level); r.Len() > 0 {
			all[key] = r
		}
	}
	require.NoError(c.t, rows.Err())
	return all
}

// count returns the number of rows of a table.
func (c *calendar) count(table string) (n int) {
	c.t.Helper()
	require.NoError(c.t, c.database.db.QueryRow(`SELECT count(*) FROM `+table).Scan(&n))
	return n
}

// countSamples returns the number of samples of the workspace demo.
func (c *calendar) countSamples() (n int) {
	c.t.Helper()
	require.NoError(c.t, c.database.db.QueryRow(`SELECT count(*) FROM samples WHERE workspace = 'demo'`).Scan(&n))
	return n
}

func (c *calendar) exec(statement string) {
	c.t.Helper()
	_, err := c.database.db.Exec(statement)
	require.NoError(c.t, err)
}

// tables returns the names of all tables.
func (c *calendar) tables() (names []string) {
	c.t.Helper()
	query := `SELECT name FROM sqlite_schema WHERE type = 'table'`
	if c.database.postgres {
		query = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`
	}
	rows, err := c.database.db.Query(query)
	require.NoError(c.t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		require.NoError(c.t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(c.t, rows.Err())
	return names
}
