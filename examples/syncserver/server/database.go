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

// Database is where a Server stores things. It may be shared by several.
type Database struct {
	db       *sql.DB
	postgres bool
	file     *file // of SQLite
}

// OpenDatabase opens PostgreSQL by a URL, or else SQLite by the name of a file, and
// creates what is missing there.
func OpenDatabase(ctx context.Context, name string) (*Database, error) {
	return openDatabase(ctx, name, defaultTimeouts())
}

// timeouts bound how long a transaction holds up others if its process stops in the middle
// or is frozen. The database enforces them, so they hold whatever becomes of the process.
// Each is shorter than the next, and all are shorter than pushTimeout: a push that waits for
// a workspace that a frozen process has gets it, and does not fail.
type timeouts struct {
	idle      time.Duration // between two statements of a transaction
	lock      time.Duration // until a lock is had
	statement time.Duration // for a statement, with the wait for its locks
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

// open connects, and creates what is missing.
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

// maxConnections is how many connections to its database a server has.
const maxConnections = 16

// IsPostgres reports whether the name of a database is the URL of one in PostgreSQL.
func IsPostgres(name string) bool {
	return strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://")
}

// Close closes the database.
func (d *Database) Close() error { return d.db.Close() }

// check returns an error if what is stored would be lost, because the file was removed.
func (d *Database) check() error {
	if d.file == nil {
		return nil
	}
	return d.file.check()
}

// transaction runs f in a transaction, which is committed if f returns no error.
//
// On PostgreSQL it is READ COMMITTED, the default: what comes after the lock reads what
// was committed when the lock was had. A stricter level would read what was there
// before.
func (d *Database) transaction(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // without effect after Commit
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return d.check() // before that is acknowledged
}

// rows completes a statement on a list, which is its $1. JSON_ROWS is replaced by what the
// database has to read a list, as rows r with the column value, and
//
//	LOOKUP table AS t ON condition
//
// by a join that looks up the rows of a table for each row before it, by an index. No planner
// may turn it around: both would sooner or later read the whole table, or the whole workspace,
// since they do not know how short the list is.
func (d *Database) rows(statement string) string {
	list, join := `json_each($1) AS r`, `CROSS JOIN $1 AS $2 ON $3`
	if d.postgres {
		list = `json_array_elements($1::json) AS r (value)`
		join = `CROSS JOIN LATERAL (SELECT * FROM $1 AS $2 WHERE $3 OFFSET 0) AS $2`
	}
	return lookup.ReplaceAllString(strings.Replace(statement, "JSON_ROWS", list, 1), join)
}

var lookup = regexp.MustCompile(`LOOKUP (\w+) AS (\w+) ON (.+)`)

// secret returns the key that signs tokens. Whoever opens the database first makes it.
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
