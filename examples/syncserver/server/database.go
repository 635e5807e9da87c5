package server

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Database is the database of one or more Servers.
type Database struct {
	db       *sql.DB
	postgres bool
	file     *file // nil on PostgreSQL
}

// OpenDatabase opens a PostgreSQL database by its URL, or an SQLite database by its file name, and
// creates the missing file, tables, columns and indexes.
func OpenDatabase(ctx context.Context, name string) (*Database, error) {
	return openDatabase(ctx, name, defaultTimeouts())
}

// timeouts bounds how long a transaction delays other transactions if its process hangs or is
// frozen during the transaction. The database enforces the timeouts, so they do not depend on the
// process. Each is shorter than the next, and all are shorter than pushTimeout. So if a
// frozen process has locked a workspace, a push that waits for it gets the lock before timing out.
type timeouts struct {
	idle      time.Duration // between two statements of a transaction
	lock      time.Duration // to wait for a lock
	statement time.Duration // for a statement, including the wait for its locks
}

func defaultTimeouts() timeouts {
	return timeouts{idle: 10 * time.Second, lock: 20 * time.Second, statement: 25 * time.Second}
}

func openDatabase(ctx context.Context, name string, t timeouts) (*Database, error) {
	d := &Database{postgres: IsPostgres(name)}
	if d.postgres {
		connector, err := postgresConnector(name, t)
		if err != nil {
			return nil, err
		}
		return d, d.open(ctx, connector)
	}
	var err error
	if d.file, err = openFile(name, t); err != nil {
		return nil, err
	}
	return d, d.open(ctx, d.file)
}

// open connects to the database, and creates the missing tables, columns and indexes.
func (d *Database) open(ctx context.Context, connector driver.Connector) error {
	d.db = sql.OpenDB(connector)
	d.db.SetMaxOpenConns(maxConnections)
	d.db.SetMaxIdleConns(maxConnections)
	err := d.migrate(ctx)
	if err == nil {
		err = d.recountAll(ctx)
	}
	if err == nil && d.file != nil {
		var mode string
		if err = d.db.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode); err == nil {
			err = d.file.watchLog(mode)
		}
	}
	if err != nil {
		d.db.Close()
		return fmt.Errorf("open database: %w", err)
	}
	return nil
}

// maxConnections is the maximum number of connections that a server has to its database.
const maxConnections = 16

// IsPostgres reports whether the name of a database is the URL of a PostgreSQL database.
func IsPostgres(name string) bool {
	return strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://")
}

// Close closes the database.
func (d *Database) Close() error { return d.db.Close() }

// check returns an error if the SQLite file was removed or replaced, so that writes would be lost.
func (d *Database) check() error {
	if d.file == nil {
		return nil
	}
	return d.file.check()
}

// transaction runs f in a transaction, and commits it if f returns no error.
//
// On PostgreSQL the isolation level is READ COMMITTED, the default. So the statements after the one
// that locks the workspace see everything that was committed before the lock was granted. A
// stricter level would read an older snapshot.
func (d *Database) transaction(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // has no effect after Commit
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return d.check() // before the commit is acknowledged
}

// rows completes a statement that has a JSON array as $1. It replaces JSON_ROWS with the function
// by which the database reads the array, as a table r with a column named value. It replaces
//
//	LOOKUP table AS t ON condition
//
// with a join that, for each row of the tables before it, looks up the matching rows in an index.
// The join fixes this order: a planner does not know how short the array is, so sooner or later it
// would read the whole table or the whole workspace.
//
// A statement that deletes rows selects them, for the same reason, with
//
//	WHERE ONE_OF table AS t ON condition
//
// It also replaces JSON_MAP and JSON_LIST with the functions that make a JSON object of names and values,
// and a JSON array of values, of all rows.
func (d *Database) rows(statement string) string {
	list, join := `json_each($1) AS r`, `CROSS JOIN $1 AS $2 ON $3`
	object, array := `json_group_object`, `json_group_array`
	these := `rowid IN (SELECT $2.rowid FROM json_each($$1) AS r CROSS JOIN $1 AS $2 ON $3)`
	if d.postgres {
		list = `json_array_elements($1::json) AS r (value)`
		join = `CROSS JOIN LATERAL (SELECT * FROM $1 AS $2 WHERE $3 OFFSET 0) AS $2`
		object, array = `json_object_agg`, `json_agg`
		these = `ctid = ANY (ARRAY(SELECT $2.ctid FROM json_array_elements($$1::json) AS r (value) CROSS JOIN LATERAL (SELECT $2.ctid FROM $1 AS $2 WHERE $3 OFFSET 0) AS $2))`
	}
	statement = strings.NewReplacer("JSON_ROWS", list, "JSON_MAP", object, "JSON_LIST", array).Replace(statement)
	return oneOf.ReplaceAllString(lookup.ReplaceAllString(statement, join), these)
}

var (
	lookup = regexp.MustCompile(`LOOKUP (\w+) AS (\w+) ON (.+)`)
	oneOf  = regexp.MustCompile(`ONE_OF (\w+) AS (\w+) ON (.+)`)
)

// secret returns the key that signs the tokens. The first server on the database creates the key.
func (d *Database) secret(ctx context.Context) (key string, err error) {
	err = d.transaction(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO secrets (one, key) VALUES (1, $1) ON CONFLICT DO NOTHING`, rand.Text())
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT key FROM secrets`).Scan(&key)
	})
	return key, err
}

// workspaces returns the names of the workspaces to which something was pushed and for which a
// condition in SQL holds.
func (d *Database) workspaces(ctx context.Context, condition string, args ...any) ([]string, error) {
	return d.names(ctx, `SELECT name FROM workspaces WHERE seq > 0 AND `+condition+` ORDER BY name`, args...)
}

// names returns the names that a query selects.
func (d *Database) names(ctx context.Context, query string, args ...any) (names []string, err error) {
	rows, err := d.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}
