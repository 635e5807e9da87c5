package server

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Rewrite writes the files of the database again, so that they no longer hold what was deleted or
// replaced before. Call it after Server.Erase. It takes as long as copying the database, and needs as
// much free space; pushes fail with the status 503 meanwhile, and their clients retry. Other processes
// may use the database. Rewrite fails if a transaction of another process keeps an old state of the
// database for longer than a minute, such as the transaction of a backup. Repeat it then.
//
// SQLite overwrites deleted data, but may keep copies of it between the rows of a page, and a file
// that an earlier version has written has old data in free pages. So Rewrite rebuilds the file, and
// truncates the write-ahead log. On PostgreSQL it rebuilds the tables.
func (d *Database) Rewrite(ctx context.Context) error {
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if d.postgres {
		err = rewriteTables(ctx, conn)
	} else {
		err = d.rewriteFile(ctx, conn)
	}
	if err != nil {
		return fmt.Errorf("rewrite the database: %w", err)
	}
	return d.check()
}

// rewriteFile rebuilds an SQLite file, and truncates its write-ahead log.
func (d *Database) rewriteFile(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, `VACUUM`); err != nil {
		return err
	}
	var busy, pages, moved int
	if err := conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &moved); err != nil {
		return err
	}
	if busy != 0 {
		return errors.New("a reader keeps the write-ahead log from being truncated")
	}
	return nil
}

// rewriteTables rebuilds the tables that hold values or hashes of values, and their statistics,
// which hold values too.
func rewriteTables(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, set, `{"lock_timeout": "0", "statement_timeout": "0"}`, false); err != nil {
		return err
	}
	err := awaitTransactions(ctx, conn)
	if err == nil {
		_, err = conn.ExecContext(ctx, `VACUUM (FULL, ANALYZE) records, journal, segments, scopes, unchecked, ledgers`)
	}
	settings, _ := json.Marshal(postgresSettings(defaultTimeouts())) // strings always have a JSON form
	_, reset := conn.ExecContext(context.WithoutCancel(ctx), set, string(settings), false)
	return errors.Join(err, reset)
}

// maxOldTransaction is how long Rewrite waits for earlier transactions on PostgreSQL.
const maxOldTransaction = time.Minute

// awaitTransactions waits until no transaction can see rows that were deleted before, because
// PostgreSQL keeps such rows.
func awaitTransactions(ctx context.Context, conn *sql.Conn) error {
	var now string
	if err := conn.QueryRowContext(ctx, `SELECT pg_current_xact_id()::xid::text`).Scan(&now); err != nil {
		return err
	}
	for end := time.Now().Add(maxOldTransaction); ; {
		var before int
		err := conn.QueryRowContext(ctx, `
			SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND greatest(age(backend_xid), age(backend_xmin)) > age($1::xid)`, now).Scan(&before)
		if err != nil || before == 0 {
			return err
		}
		if time.Now().After(end) {
			return errors.New("an earlier transaction of another process is still running")
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
