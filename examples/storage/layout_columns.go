package main

import (
	"database/sql"
	"maps"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// columns keeps the fields of a task in ordinary columns that any query can use, and
// next to each column the time and the client of its write. It is meant for existing
// tables.
//
// A typed column holds null and values of its type. It cannot hold a deletion or a
// value of another kind, and a field that a newer client adds has no column at all. The
// document rest keeps all of these, so nothing is refused. The stamp of a column is
// NULL if its field is in rest or was never written.
//
// Each table that clients write to needs a database table of this kind. Here tasks is the
// only one.
func columns(sql statements) layout {
	return layout{"shadow columns", sql, scanColumns, encodeColumns}
}

// columnsSQLite is the SQL of the columns layout for SQLite. Its CHECKs forbid a value
// without a stamp, as in a row that was written before the stamp columns existed: a merge
// treats such a value as absent.
func columnsSQLite() statements {
	return statements{
		schema: `
			CREATE TABLE IF NOT EXISTS tasks (
				id       TEXT PRIMARY KEY,
				title    TEXT,    title_at    INTEGER, title_by    TEXT,
				estimate INTEGER, estimate_at INTEGER, estimate_by TEXT,
				done     INTEGER, done_at     INTEGER, done_by     TEXT,
				rest     TEXT,
				seq      INTEGER NOT NULL,
				CONSTRAINT title_stamped    CHECK (title    IS NULL OR title_at    IS NOT NULL),
				CONSTRAINT estimate_stamped CHECK (estimate IS NULL OR estimate_at IS NOT NULL),
				CONSTRAINT done_stamped     CHECK (done     IS NULL OR done_at     IS NOT NULL)
			) STRICT;
			CREATE INDEX IF NOT EXISTS tasks_by_seq ON tasks (seq);`,
		load: columnsSelect + `
			WHERE id IN (SELECT value->>'id' FROM json_each($1))`,
		save: `
			INSERT INTO tasks (id, title, title_at, title_by, estimate, estimate_at, estimate_by,
				done, done_at, done_by, rest, seq)
			SELECT value->>'id', value->>'title', value->>'title_at', value->>'title_by',
				value->>'estimate', value->>'estimate_at', value->>'estimate_by',
				value->>'done', value->>'done_at', value->>'done_by',
				value->>'rest', value->>'seq'
			FROM json_each($1) WHERE true` + columnsReplace,
		pull: columnsSelect + `
			WHERE seq > $1 ORDER BY seq LIMIT $2`,
	}
}

// columnsPostgres is the SQL of the columns layout for PostgreSQL.
func columnsPostgres() statements {
	return statements{
		schema: `
			CREATE TABLE IF NOT EXISTS tasks (
				id       TEXT COLLATE "C" PRIMARY KEY,
				title    TEXT,    title_at    BIGINT, title_by    TEXT COLLATE "C",
				estimate BIGINT,  estimate_at BIGINT, estimate_by TEXT COLLATE "C",
				done     BOOLEAN, done_at     BIGINT, done_by     TEXT COLLATE "C",
				rest     JSON,
				seq      BIGINT NOT NULL DEFAULT 0,
				CONSTRAINT title_stamped    CHECK (title    IS NULL OR title_at    IS NOT NULL),
				CONSTRAINT estimate_stamped CHECK (estimate IS NULL OR estimate_at IS NOT NULL),
				CONSTRAINT done_stamped     CHECK (done     IS NULL OR done_at     IS NOT NULL)
			);
			CREATE INDEX IF NOT EXISTS tasks_by_seq ON tasks (seq);`,
		lock: []string{`
			INSERT INTO tasks (id)
			SELECT id FROM json_to_recordset($1::json) AS k (id TEXT)
			ORDER BY id COLLATE "C"
			ON CONFLICT DO NOTHING`},
		load: columnsSelect + columnsOfKeys + `
			ORDER BY id
			FOR UPDATE OF tasks`,
		unlocked: columnsSelect + columnsOfKeys,
		save: `
			INSERT INTO tasks (id, title, title_at, title_by, estimate, estimate_at, estimate_by,
				done, done_at, done_by, rest, seq)
			SELECT id, title, title_at, title_by, estimate, estimate_at, estimate_by,
				done, done_at, done_by, rest::json, seq
			FROM json_to_recordset($1::json) AS u (id TEXT, title TEXT, title_at BIGINT, title_by TEXT,
				estimate BIGINT, estimate_at BIGINT, estimate_by TEXT,
				done BOOLEAN, done_at BIGINT, done_by TEXT, rest TEXT, seq BIGINT)` + columnsReplace,
		pull: columnsSelect + `
			WHERE seq > $1 ORDER BY seq LIMIT $2`,
	}
}

// columnsSelect is the beginning of the statements load and pull.
const columnsSelect = `
			SELECT seq, id, title, title_at, title_by, estimate, estimate_at, estimate_by,
				done, done_at, done_by, rest
			FROM tasks`

// columnsOfKeys is the condition of the statement load for PostgreSQL.
const columnsOfKeys = `
			WHERE id IN (SELECT id FROM json_to_recordset($1::json) AS k (id TEXT))`

// columnsReplace is the end of the statement save.
const columnsReplace = `
			ON CONFLICT (id) DO UPDATE SET
				title = excluded.title, title_at = excluded.title_at, title_by = excluded.title_by,
				estimate = excluded.estimate, estimate_at = excluded.estimate_at, estimate_by = excluded.estimate_by,
				done = excluded.done, done_at = excluded.done_at, done_by = excluded.done_by,
				rest = excluded.rest, seq = excluded.seq`

// tasksTable is the table whose records this layout stores.
const tasksTable = "tasks"

// scanColumns reads (seq, id, three columns for each field, rest).
func scanColumns(rows *sql.Rows, fold *merge.Fold) (seq int64, err error) {
	key := record.Key{Table: tasksTable}
	title, estimate, done := column{name: "title"}, column{name: "estimate"}, column{name: "done"}
	var rest record.Record
	err = rows.Scan(&seq, &key.ID,
		&title.value, &title.stamp.Time, &title.stamp.Client,
		&estimate.value, &estimate.stamp.Time, &estimate.stamp.Client,
		&done.value, &done.stamp.Time, &done.stamp.Client, &rest)
	if err != nil {
		return 0, err
	}
	fold.Add(rest.WithKey(key))
	for _, c := range []column{title, estimate, done} {
		if c.stamp.IsZero() {
			continue
		}
		w, err := c.write()
		if err != nil {
			return 0, err
		}
		if _, err := fold.Write(key, c.name, w); err != nil {
			return 0, err
		}
	}
	return seq, nil
}

// column holds the three columns of one field.
type column struct {
	name  string
	value any
	stamp clock.Stamp
}

// write returns the write in the columns. SQLite has no booleans: it returns 0 or 1.
func (c column) write() (record.FieldValue, error) {
	if n, ok := c.value.(int64); ok && c.name == "done" {
		c.value = n != 0
	}
	v, err := record.Of(c.value)
	return record.FieldValue{Value: v, Stamp: c.stamp}, err
}

// encodeColumns returns the one row of an update.
func encodeColumns(u update) ([]any, error) {
	key := u.After.Key()
	row := map[string]any{"id": key.ID, "seq": u.seq}
	rest := make(map[string]record.FieldValue)
	for name, w := range u.After.All() {
		if !fits(name, w.Value) {
			rest[name] = w
			continue
		}
		row[name] = w.Value.Any()
		row[name+"_at"] = int64(w.Stamp.Time)
		row[name+"_by"] = w.Stamp.Client
	}
	var b record.Builder
	r, err := b.Record(key, maps.All(rest))
	row["rest"] = string(r.AppendJSON(nil))
	return []any{row}, err
}

// fits reports whether the field has a column that can hold the value.
func fits(name string, v record.Value) bool {
	null := v.Kind() == record.KindNull
	switch name {
	case "title":
		s, ok := v.Text()
		return null || ok && !strings.Contains(s, "\x00") // PostgreSQL has no text with U+0000
	case "estimate":
		_, ok := v.Int()
		return null || ok
	case "done":
		_, ok := v.Bool()
		return null || ok
	}
	return false
}
