package main

import (
	"database/sql"
	"database/sql/driver"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// fields keeps one row for each field. A change to one field of a large record writes and
// sends only that field, and SQL can query who wrote each field and when.
//
// The value column holds JSON. NULL is a deleted field, the text null is the value null,
// and an absent field has no row, so no further column is needed to tell them apart.
func fields(sql statements) layout {
	return layout{"one row per field", sql, scanField, encodeFields}
}

// fieldsSQLite is the SQL of the fields layout for SQLite.
func fieldsSQLite() statements {
	return statements{
		schema: `
			CREATE TABLE IF NOT EXISTS fields (
				tbl    TEXT NOT NULL,
				id     TEXT NOT NULL,
				field  TEXT NOT NULL,
				value  TEXT,                     -- JSON, or NULL if the field is deleted
				at     INTEGER NOT NULL,
				client TEXT NOT NULL,
				seq    INTEGER NOT NULL,
				PRIMARY KEY (tbl, id, field)
			) STRICT, WITHOUT ROWID;
			CREATE INDEX IF NOT EXISTS fields_by_seq ON fields (seq);`,
		load: `
			SELECT f.seq, f.tbl, f.id, f.field, f.value, f.at, f.client
			FROM json_each($1) AS k
			JOIN fields AS f ON f.tbl = k.value->>'tbl' AND f.id = k.value->>'id'`,
		save: `
			INSERT INTO fields (tbl, id, field, value, at, client, seq)
			SELECT value->>'tbl', value->>'id', value->>'field', value->>'value',
				value->>'at', value->>'client', value->>'seq'
			FROM json_each($1) WHERE true
			ON CONFLICT (tbl, id, field) DO UPDATE SET
				value = excluded.value, at = excluded.at, client = excluded.client, seq = excluded.seq`,
		pull: fieldsPull,
	}
}

// fieldsPostgres is the SQL of the fields layout for PostgreSQL. The rows of fields cannot serve as
// the lock of a record, because a new field has no row yet. So each record has a row in
// the table records, which is its lock.
func fieldsPostgres() statements {
	return statements{
		schema: `
			CREATE TABLE IF NOT EXISTS records (
				tbl TEXT COLLATE "C" NOT NULL,
				id  TEXT COLLATE "C" NOT NULL,
				PRIMARY KEY (tbl, id)
			);
			CREATE TABLE IF NOT EXISTS fields (
				tbl    TEXT COLLATE "C" NOT NULL,
				id     TEXT COLLATE "C" NOT NULL,
				field  TEXT COLLATE "C" NOT NULL,
				value  TEXT,                     -- JSON, or NULL if the field is deleted
				at     BIGINT NOT NULL,
				client TEXT COLLATE "C" NOT NULL,
				seq    BIGINT NOT NULL,
				PRIMARY KEY (tbl, id, field)
			);
			CREATE INDEX IF NOT EXISTS fields_by_seq ON fields (seq);`,
		lock: []string{`
			INSERT INTO records (tbl, id)
			SELECT tbl, id FROM json_to_recordset($1::json) AS k (tbl TEXT, id TEXT)
			ORDER BY tbl COLLATE "C", id COLLATE "C"
			ON CONFLICT DO NOTHING`, `
			SELECT FROM json_to_recordset($1::json) AS k (tbl TEXT, id TEXT)
			JOIN records AS r USING (tbl, id)
			ORDER BY r.tbl, r.id
			FOR UPDATE OF r`},
		// This must be a separate statement. A statement that waits for a lock reads the
		// locked rows again, but sees all other rows as they were before it waited.
		load: `
			SELECT f.seq, f.tbl, f.id, f.field, f.value, f.at, f.client
			FROM json_to_recordset($1::json) AS k (tbl TEXT, id TEXT)
			JOIN fields AS f USING (tbl, id)`,
		save: `
			INSERT INTO fields (tbl, id, field, value, at, client, seq)
			SELECT tbl, id, field, value, at, client, seq
			FROM json_to_recordset($1::json)
				AS u (tbl TEXT, id TEXT, field TEXT, value TEXT, at BIGINT, client TEXT, seq BIGINT)
			ON CONFLICT (tbl, id, field) DO UPDATE SET
				value = excluded.value, at = excluded.at, client = excluded.client, seq = excluded.seq`,
		pull: fieldsPull,
	}
}

// fieldsPull counts sequences rather than rows, because a page must not end between two
// fields that were stored under one sequence. It asks for a range of sequences: for seq
// IN (SELECT …), PostgreSQL would read the whole table.
const fieldsPull = `
	SELECT seq, tbl, id, field, value, at, client FROM fields
	WHERE seq > $1 AND seq <= (
		SELECT max(seq) FROM (SELECT DISTINCT seq FROM fields WHERE seq > $1 ORDER BY seq LIMIT $2) AS page
	)`

// scanField reads (seq, tbl, id, field, value, at, client).
func scanField(rows *sql.Rows, found *contents) (seq int64, err error) {
	var key record.Key
	var name string
	var w record.FieldValue
	err = rows.Scan(&seq, &key.Table, &key.ID, &name, &w.Value, &w.Stamp.Time, &w.Stamp.Client)
	if err != nil {
		return 0, err
	}
	_, err = found.Write(key, name, w)
	return seq, err
}

// fieldRow is a row that save stores.
type fieldRow struct {
	keyRow
	Field  string         `json:"field"`
	Value  driver.Value   `json:"value"`
	At     int64          `json:"at"` // the column holds the integer, but the JSON of a Timestamp is its text
	Client clock.ClientID `json:"client"`
	Seq    int64          `json:"seq"`
}

// encodeFields returns a row for each field that an update changes.
func encodeFields(u update) (rows []any, err error) {
	key := u.After.Key()
	for name, c := range merge.Changes(u.Before, u.After) {
		if !c.Won() {
			continue
		}
		w := c.Incoming
		row := fieldRow{
			keyRow: keyRow{key.Table, key.ID}, Field: name,
			At: int64(w.Stamp.Time), Client: w.Stamp.Client, Seq: u.seq,
		}
		if row.Value, err = w.Value.Value(); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}
