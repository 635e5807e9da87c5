package main

import (
	"context"
	"database/sql"

	"github.com/fieldlww/fieldlww/clock"
)

// ledger creates what a server keeps beside the records: the mark of each client,
// which is the greatest stamp that was accepted from it, and the last sequence.
//
// Its SQL is the same for SQLite and PostgreSQL. STRICT and COLLATE "C" are missing
// for that reason only; no text is compared here but for being equal.
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

// lockMark returns the mark of a client, zero if nothing was accepted from it yet,
// and keeps other pushes of that client out until the transaction ends. Updating a row
// to what it is locks it; and unlike SELECT ... FOR UPDATE the statement can insert it.
func lockMark(ctx context.Context, tx *sql.Tx, client clock.ClientID) (clock.Stamp, error) {
	mark := clock.Stamp{Client: client}
	err := tx.QueryRowContext(ctx, `
		INSERT INTO marks (client, at) VALUES ($1, 0)
		ON CONFLICT (client) DO UPDATE SET at = marks.at
		RETURNING at`, client).Scan(&mark.Time)
	return mark, err
}

// saveMark stores a mark, whose row exists and is locked.
func saveMark(ctx context.Context, tx *sql.Tx, mark clock.Stamp) error {
	_, err := tx.ExecContext(ctx, `UPDATE marks SET at = $2 WHERE client = $1`, mark.Client, mark.Time)
	return err
}

// takeSequences returns the first of n new sequences.
//
// It must be the last lock that a transaction takes. Whoever wants the next sequence
// waits for the row until this transaction has ended, so sequences become visible in
// their order, and a puller that has seen one has seen all below it. After it the
// transaction has only to save and to commit, so nobody waits for long.
//
// nextval() of a PostgreSQL sequence waits for nobody. It gives 7 to one transaction
// and 8 to another one that commits first; a puller then sees 8, takes it as its cursor,
// and never asks for 7. An identity column and a stamp have the same fault.
func takeSequences(ctx context.Context, tx *sql.Tx, n int) (first int64, err error) {
	var last int64
	err = tx.QueryRowContext(ctx, `UPDATE counter SET seq = seq + $1 RETURNING seq`, n).Scan(&last)
	return last - int64(n) + 1, err
}
