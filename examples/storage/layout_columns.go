package main

// columns keeps the fields of a task in ordinary columns that any query can use, and
// next to each column the time and the client of its write. It is meant for existing
// tables.
//
// A typed column holds null and values of its type. It cannot hold a deletion or a
// value of another kind, and a field that a newer client adds has no column at all. The
// document rest keeps all of these, so nothing is refused. The stamp of a column is
// NULL if its field is in rest or was never written. The column deleted holds the field
// $deleted, so other programs see which tasks are deleted.
//
// Programs that do not know of sync may write the columns of values: see columns_triggers.go.
//
// Each table that clients write to needs a database table of this kind. Here tasks is the
// only one.
func columns(sql statements) layout {
	return layout{"shadow columns", sql, scanColumns, encodeColumns}
}

// columnsSQLite is the SQL of the columns layout for SQLite.
func columnsSQLite() statements {
	return statements{
		schema: `
			CREATE TABLE IF NOT EXISTS tasks (
				id       TEXT PRIMARY KEY,
				title    TEXT,    title_at    INTEGER, title_by    TEXT,
				estimate INTEGER, estimate_at INTEGER, estimate_by TEXT,
				done     INTEGER, done_at     INTEGER, done_by     TEXT,
				deleted  INTEGER, deleted_at  INTEGER, deleted_by  TEXT,
				rest     TEXT,
				was      TEXT,                   -- in a dirty row, the values to which the stamps belong
				seq      INTEGER NOT NULL DEFAULT 0
			) STRICT;
			CREATE INDEX IF NOT EXISTS tasks_by_seq ON tasks (seq);
			CREATE INDEX IF NOT EXISTS tasks_dirty ON tasks (id) WHERE was IS NOT NULL;` + triggersSQLite(),
		load: columnsSelect + `
			WHERE id IN (SELECT value->>'id' FROM json_each($1))`,
		save: `
			INSERT INTO tasks (id, title, title_at, title_by, estimate, estimate_at, estimate_by,
				done, done_at, done_by, deleted, deleted_at, deleted_by, rest, seq)
			SELECT value->>'id', value->>'title', value->>'title_at', value->>'title_by',
				value->>'estimate', value->>'estimate_at', value->>'estimate_by',
				value->>'done', value->>'done_at', value->>'done_by',
				value->>'deleted', value->>'deleted_at', value->>'deleted_by',
				value->>'rest', value->>'seq'
			FROM json_each($1) WHERE true` + columnsReplace,
		pull: columnsSelect + `
			WHERE seq > $1 ORDER BY seq LIMIT $2`,
		dirty: columnsDirty,
		check: columnsCheckSQLite(),
	}
}

// columnsPostgres is the SQL of the columns layout for PostgreSQL.
func columnsPostgres() statements {
	return statements{
		// Processes that start at the same time would wait for each other's locks on the table.
		schema: `
			SELECT pg_advisory_xact_lock(hashtext('tasks'), 0);
			CREATE TABLE IF NOT EXISTS tasks (
				id       TEXT COLLATE "C" PRIMARY KEY,
				title    TEXT,    title_at    BIGINT, title_by    TEXT COLLATE "C",
				estimate BIGINT,  estimate_at BIGINT, estimate_by TEXT COLLATE "C",
				done     BOOLEAN, done_at     BIGINT, done_by     TEXT COLLATE "C",
				deleted  BOOLEAN, deleted_at  BIGINT, deleted_by  TEXT COLLATE "C",
				rest     JSON,
				was      JSONB,                  -- in a dirty row, the values to which the stamps belong
				seq      BIGINT NOT NULL DEFAULT 0
			);
			CREATE INDEX IF NOT EXISTS tasks_by_seq ON tasks (seq);
			CREATE INDEX IF NOT EXISTS tasks_dirty ON tasks (id) WHERE was IS NOT NULL;` + triggersPostgres(),
		// The NULLs keep a DEFAULT of a column out of the empty row: the triggers would take it for a
		// foreign value, which wins over the one that is pushed.
		lock: []string{`
			INSERT INTO tasks (id, ` + each("{c}", ", ") + `)
			SELECT id, ` + each("NULL", ", ") + ` FROM json_to_recordset($1::json) AS k (id TEXT)
			ORDER BY id COLLATE "C"
			ON CONFLICT DO NOTHING`},
		load: columnsSelect + columnsOfKeys + `
			ORDER BY id
			FOR UPDATE OF tasks`,
		unlocked: columnsSelect + columnsOfKeys,
		save: `
			INSERT INTO tasks (id, title, title_at, title_by, estimate, estimate_at, estimate_by,
				done, done_at, done_by, deleted, deleted_at, deleted_by, rest, seq)
			SELECT id, title, title_at, title_by, estimate, estimate_at, estimate_by,
				done, done_at, done_by, deleted, deleted_at, deleted_by, rest::json, seq
			FROM json_to_recordset($1::json) AS u (id TEXT, title TEXT, title_at BIGINT, title_by TEXT,
				estimate BIGINT, estimate_at BIGINT, estimate_by TEXT,
				done BOOLEAN, done_at BIGINT, done_by TEXT,
				deleted BOOLEAN, deleted_at BIGINT, deleted_by TEXT, rest TEXT, seq BIGINT)` + columnsReplace,
		pull: columnsSelect + `
			WHERE seq > $1 ORDER BY seq LIMIT $2`,
		// Another program may insert a row without values, so only the transaction tells an empty row.
		discard: `
			DELETE FROM tasks` + columnsOfKeys + `
				AND seq = 0 AND was IS NULL AND xmin = pg_current_xact_id()::xid`,
		dirty: columnsDirty,
		check: columnsCheckPostgres(),
	}
}

// columnsSelect is the beginning of the statements load and pull.
const columnsSelect = `
			SELECT seq, id, title, title_at, title_by, estimate, estimate_at, estimate_by,
				done, done_at, done_by, deleted, deleted_at, deleted_by, rest, was
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
				deleted = excluded.deleted, deleted_at = excluded.deleted_at, deleted_by = excluded.deleted_by,
				rest = excluded.rest, was = NULL, seq = excluded.seq`

// columnsDirty is the statement dirty.
const columnsDirty = `
			SELECT id FROM tasks WHERE was IS NOT NULL AND id > $1 ORDER BY id LIMIT $2`
