package server

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// tables creates the tables, unless they are there. It is the same for both databases.
//
// Records are kept as the text of one JSON document. Their fields grow without a
// migration, and the text comes back byte for byte.
const tables = `
	CREATE TABLE IF NOT EXISTS secrets (
		one INTEGER PRIMARY KEY CHECK (one = 1),
		key TEXT NOT NULL                          -- which signs tokens
	);
	CREATE TABLE IF NOT EXISTS workspaces (
		name    TEXT PRIMARY KEY,
		seq     BIGINT NOT NULL,                   -- the last one that was given
		entries BIGINT NOT NULL,                   -- the last one of the journal
		bytes   BIGINT NOT NULL DEFAULT 0,         -- of all records, with their keys
		lines   BIGINT NOT NULL DEFAULT 0          -- the bytes of all entries of the journal
	);
	CREATE TABLE IF NOT EXISTS records (
		workspace TEXT NOT NULL,
		tbl       TEXT NOT NULL,
		id        TEXT NOT NULL,
		data      TEXT NOT NULL,
		seq       BIGINT NOT NULL,                 -- at which it last changed
		latest    BIGINT NOT NULL DEFAULT 0,       -- the greatest stamp of its fields
		PRIMARY KEY (workspace, tbl, id)
	);
	CREATE TABLE IF NOT EXISTS marks (
		client    TEXT PRIMARY KEY,
		at        BIGINT NOT NULL,                 -- the greatest stamp accepted from it
		workspace TEXT NOT NULL DEFAULT ''         -- of the client; empty in old rows
	);
	CREATE TABLE IF NOT EXISTS scopes (
		workspace TEXT NOT NULL,
		rule      TEXT NOT NULL,
		name      TEXT NOT NULL,                   -- its hash
		tbl       TEXT NOT NULL,
		id        TEXT NOT NULL,
		PRIMARY KEY (workspace, rule, name, tbl, id)
	);
	CREATE TABLE IF NOT EXISTS indexed (
		one     INTEGER PRIMARY KEY CHECK (one = 1),
		version TEXT NOT NULL                      -- of the rules by which scopes was made
	);
	CREATE TABLE IF NOT EXISTS unchecked (
		workspace TEXT NOT NULL,
		rule      TEXT NOT NULL,
		name      TEXT NOT NULL,                   -- of the scope, its hash; empty if it is not known
		PRIMARY KEY (workspace, rule, name)
	);
	CREATE TABLE IF NOT EXISTS journal (
		workspace TEXT NOT NULL,
		entry     BIGINT NOT NULL,
		line      TEXT NOT NULL,
		PRIMARY KEY (workspace, entry)
	);`

// indexes creates the indexes.
const indexes = `
	CREATE UNIQUE INDEX IF NOT EXISTS records_by_seq ON records (workspace, seq);
	CREATE INDEX IF NOT EXISTS records_by_latest ON records (workspace, latest, seq);
	CREATE INDEX IF NOT EXISTS scopes_by_key ON scopes (workspace, tbl, id);`

// addition is a column that the tables of an earlier version lack.
type addition struct {
	table, column, definition string
	// fill fills the column of the rows that are there; nil leaves its default.
	fill func(context.Context, *Database, *sql.Tx) error
}

// additions returns the columns that were added, in their order.
func additions() []addition {
	return []addition{
		{"workspaces", "bytes", "BIGINT NOT NULL DEFAULT 0", fillBytes},
		{"workspaces", "lines", "BIGINT NOT NULL DEFAULT 0", fillLines},
		{"records", "latest", "BIGINT NOT NULL DEFAULT 0", fillLatest},
		{"marks", "workspace", "TEXT NOT NULL DEFAULT ''", nil},
	}
}

// migrate creates what is missing. It may take its time.
func (d *Database) migrate(ctx context.Context) error {
	return d.transaction(ctx, func(tx *sql.Tx) error {
		if d.postgres {
			if err := patient(ctx, tx); err != nil {
				return err
			}
			// CREATE TABLE IF NOT EXISTS fails if two processes run it at once.
			if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(7236184502)`); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, tables); err != nil {
			return err
		}
		for _, a := range additions() {
			if err := d.add(ctx, tx, a); err != nil {
				return fmt.Errorf("add the column %s.%s: %w", a.table, a.column, err)
			}
		}
		_, err := tx.ExecContext(ctx, indexes)
		return err
	})
}

// add adds a column, unless it is there.
func (d *Database) add(ctx context.Context, tx *sql.Tx, a addition) error {
	columns := `SELECT count(*) FROM pragma_table_info($1) WHERE name = $2`
	if d.postgres {
		columns = `SELECT count(*) FROM information_schema.columns
			WHERE table_schema = current_schema() AND table_name = $1 AND column_name = $2`
	}
	var found int
	if err := tx.QueryRowContext(ctx, columns, a.table, a.column).Scan(&found); err != nil || found > 0 {
		return err
	}
	if _, err := tx.ExecContext(ctx, `ALTER TABLE `+a.table+` ADD COLUMN `+a.column+` `+a.definition); err != nil {
		return err
	}
	if a.fill == nil {
		return nil
	}
	return a.fill(ctx, d, tx)
}

// fillBytes counts what is stored.
func fillBytes(ctx context.Context, _ *Database, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE workspaces SET bytes = (
			SELECT coalesce(sum(octet_length(tbl) + octet_length(id) + octet_length(data)), 0)
			FROM records WHERE workspace = name)`)
	return err
}

// fillLines counts what the journal has.
func fillLines(ctx context.Context, _ *Database, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE workspaces SET lines = (SELECT coalesce(sum(octet_length(line)), 0) FROM journal WHERE workspace = name)`)
	return err
}

// fillLatest looks at all records, a few at a time. The database cannot do it: PostgreSQL
// refuses to look into a document that holds U+0000.
func fillLatest(ctx context.Context, d *Database, tx *sql.Tx) error {
	type row struct {
		Workspace string `json:"workspace"`
		Seq       int64  `json:"seq"`
		Latest    int64  `json:"latest"`
	}
	for last := (row{}); ; {
		var filled []row
		rows, err := tx.QueryContext(ctx, `
			SELECT workspace, seq, data FROM records
			WHERE (workspace, seq) > ($1, $2) ORDER BY workspace, seq LIMIT 100`, last.Workspace, last.Seq)
		if err != nil {
			return err
		}
		for rows.Next() {
			var r record.Record
			if err := rows.Scan(&last.Workspace, &last.Seq, &r); err != nil {
				rows.Close()
				return err
			}
			last.Latest = int64(latestOf(r))
			filled = append(filled, last)
		}
		if err := rows.Err(); err != nil || len(filled) == 0 {
			return err
		}
		list, err := json.Marshal(filled)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, d.rows(`
			UPDATE records SET latest = CAST(r.value->>'latest' AS BIGINT) FROM JSON_ROWS
			WHERE workspace = r.value->>'workspace' AND seq = CAST(r.value->>'seq' AS BIGINT)`), string(list))
		if err != nil {
			return err
		}
	}
}

// latestOf returns the greatest time of the fields of a record.
func latestOf(r record.Record) (latest clock.Timestamp) {
	for _, w := range r.All() {
		latest = max(latest, w.Stamp.Time)
	}
	return latest
}
