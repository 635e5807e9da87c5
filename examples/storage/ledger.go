package main

import (
	"context"
	"database/sql"

	"github.com/fieldlww/fieldlww/clock"
)

// ledger creates the tables that a server keeps besides the records: marks, with the
// watermark of each client, which is the greatest stamp accepted from it; and counter,
// with the last sequence.
//
// The SQL is the same for SQLite and PostgreSQL, which is the only reason why it has
// neither STRICT nor COLLATE "C". Text in these tables is compared for equality only.
const ledger = `
	CREATE TABLE IF NOT EXISTS marks (
		client TEXT PRIMARY KEY,
		at     BIGINT NOT NULL
	);
	CREATE TABLE IF NOT EXISTS counter (
		one INTEGER PRIMARY KEY CHECK (one = 1),
		seq BIGINT NOT NULL
	);
	INSERT INTO counter (one, seq) VALUES (1, 0) ON CONFLICT DO NOTHING;`

// lockMark returns the watermark of a client, zero if nothing was accepted from it yet, and
// keeps other pushes of that client out until the transaction ends. Updating a row to its
// own value locks it. Unlike a SELECT with FOR UPDATE, this statement can insert the row
// too.
func lockMark(ctx context.Context, tx *sql.Tx, client clock.ClientID) (clock.Stamp, error) {
	mark := clock.Stamp{Client: client}
	err := tx.QueryRowContext(ctx, `
		INSERT INTO marks (client, at) VALUES ($1, 0)
		ON CONFLICT (client) DO UPDATE SET at = marks.at
		RETURNING at`, client).Scan(&mark.Time)
	return mark, err
}

// saveMark stores a watermark, whose row exists and is locked.
func saveMark(ctx context.Context, tx *sql.Tx, mark clock.Stamp) error {
	_, err := tx.ExecContext(ctx, `UPDATE marks SET at = $2 WHERE client = $1`, mark.Client, mark.Time)
	return err
}

// takeSequences returns the first of n new sequences.
//
// It must be the last lock that a transaction takes. A transaction that wants the next
// sequence waits for the row until this one has ended. So sequences become visible in
// order, and a puller that has seen one has seen all below it. After this lock, a
// transaction has only to save and to commit, so the wait is short.
//
// nextval() of a PostgreSQL sequence does not wait. It gives 7 to one transaction and 8
// to another one that commits first. A puller then sees 8, takes it as its cursor, and
// never asks for 7. Identity columns and stamps have the same fault.
func takeSequences(ctx context.Context, tx *sql.Tx, n int) (first int64, err error) {
	var last int64
	err = tx.QueryRowContext(ctx, `UPDATE counter SET seq = seq + $1 RETURNING seq`, n).Scan(&last)
	return last - int64(n) + 1, err
}
