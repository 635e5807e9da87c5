package main

import (
	"database/sql"

	"github.com/fieldlww/fieldlww/record"
)

// documents keeps each record as one JSON document, stamps included. New fields need no
// change to the schema. Begin with this layout.
func documents(sql statements) layout {
	return layout{"JSON document", sql, scanDocument, encodeDocument}
}

// documentsSQLite is the SQL of the documents layout for SQLite. STRICT keeps blobs out of the text
// columns. There is no lock statement, because BEGIN IMMEDIATE locks the whole database.
func documentsSQLite() statements {
	return statements{
		schema: `
			CREATE TABLE IF NOT EXISTS documents (
				tbl  TEXT NOT NULL,
				id   TEXT NOT NULL,
				data TEXT NOT NULL,
				seq  INTEGER NOT NULL,
				PRIMARY KEY (tbl, id)
			) STRICT, WITHOUT ROWID;
			CREATE INDEX IF NOT EXISTS documents_by_seq ON documents (seq);`,
		load: `
			SELECT d.seq, d.tbl, d.id, d.data
			FROM json_each($1) AS k
			JOIN documents AS d ON d.tbl = k.value->>'tbl' AND d.id = k.value->>'id'`,
		save: `
			INSERT INTO documents (tbl, id, data, seq)
			SELECT value->>'tbl', value->>'id', value->>'data', value->>'seq' FROM json_each($1) WHERE true
			ON CONFLICT (tbl, id) DO UPDATE SET data = excluded.data, seq = excluded.seq`,
		pull: `
			SELECT seq, tbl, id, data FROM documents WHERE seq > $1 ORDER BY seq LIMIT $2`,
	}
}

// documentsPostgres is the SQL of the documents layout for PostgreSQL. The column is JSON rather
// than JSONB, because JSONB refuses a string that contains U+0000. To use JSONB, give the
// engine the Guard withoutNUL.
func documentsPostgres() statements {
	return statements{
		schema: `
			CREATE TABLE IF NOT EXISTS documents (
				tbl  TEXT COLLATE "C" NOT NULL,
				id   TEXT COLLATE "C" NOT NULL,
				data JSON,                       -- NULL if the row is only a lock
				seq  BIGINT NOT NULL DEFAULT 0,
				PRIMARY KEY (tbl, id)
			);
			CREATE INDEX IF NOT EXISTS documents_by_seq ON documents (seq);`,
		// A row that does not exist cannot be locked, so an empty one is inserted. If two
		// transactions insert the same key, the second one waits here.
		lock: []string{`
			INSERT INTO documents (tbl, id)
			SELECT tbl, id FROM json_to_recordset($1::json) AS k (tbl TEXT, id TEXT)
			ORDER BY tbl COLLATE "C", id COLLATE "C"
			ON CONFLICT DO NOTHING`},
		// A row that was locked by another transaction is read again when that
		// transaction ends.
		load: documentsSelect + `
			ORDER BY d.tbl, d.id
			FOR UPDATE OF d`,
		unlocked: documentsSelect,
		save: `
			INSERT INTO documents (tbl, id, data, seq)
			SELECT tbl, id, data::json, seq
			FROM json_to_recordset($1::json) AS u (tbl TEXT, id TEXT, data TEXT, seq BIGINT)
			ON CONFLICT (tbl, id) DO UPDATE SET data = excluded.data, seq = excluded.seq`,
		pull: `
			SELECT seq, tbl, id, data FROM documents WHERE seq > $1 ORDER BY seq LIMIT $2`,
	}
}

// documentsSelect is the statement load for PostgreSQL, without its lock.
const documentsSelect = `
			SELECT d.seq, d.tbl, d.id, d.data
			FROM json_to_recordset($1::json) AS k (tbl TEXT, id TEXT)
			JOIN documents AS d USING (tbl, id)`

// scanDocument reads (seq, tbl, id, data).
func scanDocument(rows *sql.Rows, found *contents) (seq int64, err error) {
	var key record.Key
	var fields record.Record
	if err := rows.Scan(&seq, &key.Table, &key.ID, &fields); err != nil {
		return 0, err
	}
	found.Add(fields.WithKey(key))
	return seq, nil
}

// documentRow is a row that save stores.
type documentRow struct {
	keyRow
	Data string `json:"data"`
	Seq  int64  `json:"seq"`
}

// encodeDocument returns the one row of an update.
func encodeDocument(u update) ([]any, error) {
	key := u.After.Key()
	return []any{documentRow{keyRow{key.Table, key.ID}, string(u.After.AppendJSON(nil)), u.seq}}, nil
}
