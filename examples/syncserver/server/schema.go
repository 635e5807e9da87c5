package server

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
)

// tables creates the tables that do not exist. The statements are the same for both databases.
//
// A record is stored as the text of a JSON document. So new fields need no migration, and the
// database returns exactly the bytes that were stored.
const tables = `
	CREATE TABLE IF NOT EXISTS secrets (
		one INTEGER PRIMARY KEY CHECK (one = 1),
		key TEXT NOT NULL                          -- signs the tokens
	);
	CREATE TABLE IF NOT EXISTS workspaces (
		name    TEXT PRIMARY KEY,
		seq     BIGINT NOT NULL,                   -- the last sequence
		entries BIGINT NOT NULL,                   -- the last entry of the journal
		bytes   BIGINT NOT NULL DEFAULT 0,         -- the size of all records with their keys
		lines   BIGINT NOT NULL DEFAULT 0,         -- the size of the journal: of its open entries, and of its segments
		counted BIGINT NOT NULL DEFAULT 0,         -- as summed, for an earlier version, which does not know records.purge
		summed  BIGINT NOT NULL DEFAULT 0,         -- the sequence up to which bytes, lines, records.latest and records.purge are right
		epoch   TEXT NOT NULL DEFAULT '',          -- a random name of this history; see lock
		fence_seq   BIGINT NOT NULL DEFAULT 0,     -- a pull after an earlier sequence may miss dropped records; see retention.go
		fence_stamp BIGINT NOT NULL DEFAULT 0,     -- the fence of merge.Purge
		level   BIGINT NOT NULL DEFAULT 0,         -- the level of merge.Purge
		division TEXT NOT NULL DEFAULT '',         -- by which the records are filed under buckets; see division
		departed BIGINT NOT NULL DEFAULT 0,        -- the sequence up to which departures in the table log were purged
		imports TEXT NOT NULL DEFAULT ''           -- the imports of the workspace; see registry
	);
	CREATE TABLE IF NOT EXISTS samples (
		workspace TEXT NOT NULL,
		at        BIGINT NOT NULL,                 -- the wall clock time
		seq       BIGINT NOT NULL,                 -- the last sequence at that time
		greatest  BIGINT NOT NULL,                 -- the greatest timestamp accepted by that time
		entry     BIGINT NOT NULL,                 -- the last entry of the journal at that time
		PRIMARY KEY (workspace, at)
	);
	CREATE TABLE IF NOT EXISTS loads (
		workspace TEXT NOT NULL,
		client    TEXT NOT NULL,
		fence_seq BIGINT NOT NULL,                 -- the fence when the client began to pull everything; 0 if it did not
		refused   BIGINT NOT NULL DEFAULT 0,       -- its last cursor that was refused because of the fence; 0 if none was
		PRIMARY KEY (workspace, client)
	);
	CREATE TABLE IF NOT EXISTS records (
		workspace TEXT NOT NULL,
		tbl       TEXT NOT NULL,
		id        TEXT NOT NULL,
		data      TEXT NOT NULL,
		seq       BIGINT NOT NULL,                 -- the sequence of the last change
		latest    BIGINT NOT NULL DEFAULT 0,       -- the greatest timestamp of the fields
		purge     BIGINT NOT NULL DEFAULT 0,       -- the least fence that purges a part of the record; see dueOf
		bucket    TEXT DEFAULT '',                 -- the first bucket of the record; see filing
		PRIMARY KEY (workspace, tbl, id)
	);
	CREATE TABLE IF NOT EXISTS log (
		workspace TEXT NOT NULL,
		tbl       TEXT NOT NULL,
		id        TEXT NOT NULL,
		bucket    TEXT NOT NULL,                   -- a bucket that the record is in or was in; see filing
		seq       BIGINT NOT NULL,                 -- when it entered, changed in or left the bucket
		PRIMARY KEY (workspace, tbl, id, bucket)
	);
	CREATE TABLE IF NOT EXISTS marks (
		client    TEXT PRIMARY KEY,
		at        BIGINT NOT NULL,                 -- the greatest timestamp accepted from the client
		workspace TEXT NOT NULL DEFAULT ''         -- of the client; empty in rows of an earlier version
	);
	CREATE TABLE IF NOT EXISTS ledgers (
		workspace TEXT NOT NULL,
		import    TEXT NOT NULL,                   -- the ID of an import
		tbl       TEXT NOT NULL,
		id        TEXT NOT NULL,
		ledger    TEXT NOT NULL,                   -- what its runs have seen of the row; see imports.Ledger
		PRIMARY KEY (workspace, tbl, id, import)
	);
	CREATE TABLE IF NOT EXISTS clients (
		client    TEXT PRIMARY KEY,
		workspace TEXT NOT NULL,
		"user"    TEXT NOT NULL                    -- to whom the client is bound; empty for an import
	);
	CREATE TABLE IF NOT EXISTS users (
		workspace TEXT NOT NULL,
		"user"    TEXT NOT NULL,
		changed   BIGINT NOT NULL DEFAULT 0,       -- the sequence of the last change of the membership
		issued    BIGINT NOT NULL DEFAULT 0,       -- rights of tokens that were issued later are followed; in microseconds
		ended     BIGINT NOT NULL DEFAULT 0,       -- tokens that were issued up to then are refused; in microseconds
		PRIMARY KEY (workspace, "user")
	);
	CREATE TABLE IF NOT EXISTS members (
		workspace TEXT NOT NULL,
		"user"    TEXT NOT NULL,
		bucket    TEXT NOT NULL,
		role      TEXT NOT NULL,
		granted   BIGINT NOT NULL,                 -- the sequence of the grant: a client with an earlier cursor loads the bucket
		PRIMARY KEY (workspace, "user", bucket)
	);
	CREATE TABLE IF NOT EXISTS scopes (
		workspace TEXT NOT NULL,
		rule      TEXT NOT NULL,
		name      TEXT NOT NULL,                   -- the hash of the scope name
		tbl       TEXT NOT NULL,
		id        TEXT NOT NULL,
		PRIMARY KEY (workspace, rule, name, tbl, id)
	);
	CREATE TABLE IF NOT EXISTS indexed (
		one     INTEGER PRIMARY KEY CHECK (one = 1),
		version TEXT NOT NULL                      -- of the rules by which the table scopes was built
	);
	CREATE TABLE IF NOT EXISTS unchecked (
		workspace TEXT NOT NULL,
		rule      TEXT NOT NULL,
		name      TEXT NOT NULL,                   -- the hash of the scope name; empty if the scope is unknown
		PRIMARY KEY (workspace, rule, name)
	);
	CREATE TABLE IF NOT EXISTS journal (
		workspace TEXT NOT NULL,
		entry     BIGINT NOT NULL,
		line      TEXT NOT NULL,
		PRIMARY KEY (workspace, entry)
	);
	CREATE TABLE IF NOT EXISTS segments (
		workspace TEXT NOT NULL,
		last      BIGINT NOT NULL,                 -- the last entry
		first     BIGINT NOT NULL,                 -- the first entry
		data      BYTEA NOT NULL,                  -- a gzip file of the lines of these entries of the journal
		PRIMARY KEY (workspace, last)
	);`

// indexes creates the indexes. Earlier versions had an index by workspace and sequence. A workspace with
// the one bucket "" has the same in records_by_bucket, and all others in both indexes together.
const indexes = `
	DROP INDEX IF EXISTS records_by_seq;
	CREATE UNIQUE INDEX IF NOT EXISTS records_by_bucket ON records (workspace, bucket, seq);
	CREATE UNIQUE INDEX IF NOT EXISTS records_elsewhere ON records (workspace, seq) WHERE bucket <> '';
	CREATE INDEX IF NOT EXISTS log_by_bucket ON log (workspace, bucket, seq);
	DROP INDEX IF EXISTS log_by_seq;
	CREATE INDEX IF NOT EXISTS log_by_change ON log (workspace, seq, bucket);
	CREATE INDEX IF NOT EXISTS records_by_latest ON records (workspace, latest, seq);
	CREATE INDEX IF NOT EXISTS records_by_purge ON records (workspace, purge, seq) WHERE purge <> 0;
	CREATE INDEX IF NOT EXISTS clients_by_user ON clients (workspace, "user");
	CREATE INDEX IF NOT EXISTS users_by_change ON users (workspace, changed);
	CREATE INDEX IF NOT EXISTS members_by_bucket ON members (workspace, bucket, "user");
	CREATE INDEX IF NOT EXISTS marks_by_time ON marks (workspace, at);
	CREATE INDEX IF NOT EXISTS scopes_by_key ON scopes (workspace, tbl, id);`

// additions returns the columns that the tables of earlier versions lack, in the order in which
// migrate adds them.
func additions() [][3]string {
	return [][3]string{ // table, column, definition
		{"workspaces", "bytes", "BIGINT NOT NULL DEFAULT 0"},
		{"workspaces", "lines", "BIGINT NOT NULL DEFAULT 0"},
		{"workspaces", "counted", "BIGINT NOT NULL DEFAULT 0"},
		{"records", "latest", "BIGINT NOT NULL DEFAULT 0"},
		{"marks", "workspace", "TEXT NOT NULL DEFAULT ''"},
		{"workspaces", "summed", "BIGINT NOT NULL DEFAULT 0"},
		{"workspaces", "epoch", "TEXT NOT NULL DEFAULT ''"},
		{"workspaces", "fence_seq", "BIGINT NOT NULL DEFAULT 0"},
		{"workspaces", "fence_stamp", "BIGINT NOT NULL DEFAULT 0"},
		{"workspaces", "level", "BIGINT NOT NULL DEFAULT 0"},
		{"records", "purge", "BIGINT NOT NULL DEFAULT 0"},
		{"loads", "refused", "BIGINT NOT NULL DEFAULT 0"},
		{"records", "bucket", "TEXT DEFAULT ''"},
		{"workspaces", "division", "TEXT NOT NULL DEFAULT ''"},
		{"workspaces", "departed", "BIGINT NOT NULL DEFAULT 0"},
		{"workspaces", "imports", "TEXT NOT NULL DEFAULT ''"},
	}
}

// migrate creates the missing tables, columns and indexes.
func (d *Database) migrate(ctx context.Context) error {
	return d.transaction(ctx, func(tx *sql.Tx) error {
		if d.postgres {
			if err := liftTimeouts(ctx, tx); err != nil {
				return err
			}
			// Without a lock, CREATE TABLE IF NOT EXISTS fails if two processes run it at once.
			if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(7236184502)`); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, tables); err != nil {
			return err
		}
		for _, a := range additions() {
			if err := d.add(ctx, tx, a); err != nil {
				return fmt.Errorf("add the column %s.%s: %w", a[0], a[1], err)
			}
		}
		for statement := range strings.SplitSeq(indexes, ";") {
			if err := d.index(ctx, tx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// indexName matches the name of an index in a statement that creates it.
var indexName = regexp.MustCompile(`INDEX IF NOT EXISTS (\w+)`)

// index runs a statement of indexes. PostgreSQL would lock the table even if the index exists, and a server
// that starts could then deadlock with the pushes to another one.
func (d *Database) index(ctx context.Context, tx *sql.Tx, statement string) error {
	if name := indexName.FindStringSubmatch(statement); d.postgres && name != nil {
		var exists bool
		err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_indexes WHERE schemaname = current_schema() AND indexname = $1)`, name[1]).Scan(&exists)
		if err != nil || exists {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, statement)
	return err
}

// add adds a column if it does not exist.
func (d *Database) add(ctx context.Context, tx *sql.Tx, addition [3]string) error {
	table, column, definition := addition[0], addition[1], addition[2]
	columns := `SELECT count(*) FROM pragma_table_info($1) WHERE name = $2`
	if d.postgres {
		columns = `SELECT count(*) FROM information_schema.columns
			WHERE table_schema = current_schema() AND table_name = $1 AND column_name = $2`
	}
	var found int
	if err := tx.QueryRowContext(ctx, columns, table, column).Scan(&found); err != nil || found > 0 {
		return err
	}
	_, err := tx.ExecContext(ctx, `ALTER TABLE `+table+` ADD COLUMN `+column+` `+definition)
	return err
}
