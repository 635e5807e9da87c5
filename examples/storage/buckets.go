package main

import (
	"context"
	"database/sql"
	"math"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// division makes a server divide its records into buckets: each client reads and writes
// only the records of the buckets that it was granted. It works with every layout, because
// a Func sees the merged record, and the log has only keys.
//
// In a server that flags violations too, Checker.Buckets must be the same Func, and the
// Func must return the Buckets of violation.Parse for a violation row.
type division struct {
	of buckets.Func
	logStatements
}

// divide makes the server divide its records from now on, before it answers any request.
// Records that were stored before get their first rows of the log.
//
// The Func must not change afterwards. Package server of examples/syncserver shows what a
// server must do if it changes: file all records again, and begin a new epoch.
func (s *server) divide(ctx context.Context, d *division) error {
	s.division = d
	return s.transaction(ctx, nil, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, d.schema); err != nil {
			return err
		}
		// Every save takes the counter, so holding it keeps other transactions from
		// saving.
		if _, err := takeSequences(ctx, tx, 0); err != nil {
			return err
		}
		var filed bool
		err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM log)`).Scan(&filed)
		if err != nil || filed {
			return err
		}
		all, err := s.layout.pull(ctx, tx, window{limit: math.MaxInt})
		if err != nil {
			return err
		}
		var updates []merge.Update
		for r := range all.records.All() {
			updates = append(updates, merge.Update{Before: record.New(r.Key()), After: r})
		}
		numbered, err := number(ctx, tx, updates)
		if err != nil {
			return err
		}
		return d.file(ctx, tx, numbered)
	})
}

// file stores the rows of the log for updates: one for each bucket that the record is in,
// and one for each bucket that it leaves. Call it in the transaction that saves the updates.
func (d *division) file(ctx context.Context, tx *sql.Tx, updates []update) error {
	rows := make([]logRow, 0, len(updates))
	for _, u := range updates {
		key := u.After.Key()
		in, left := d.of.Moves(u.Update, 0)
		for _, bucket := range slices.Concat(in, left) {
			rows = append(rows, logRow{keyRow{key.Table, key.ID}, bucket, u.seq})
		}
	}
	return execRows(ctx, tx, d.add, rows)
}

// logRow is a row of the log.
type logRow struct {
	keyRow
	Bucket string `json:"bucket"`
	Seq    int64  `json:"seq"`
}

// limit adds the rights of a client to the state to which its push is applied. Call it
// after lockMark: no right of the client can then be revoked before the push has ended.
func (d *division) limit(ctx context.Context, tx *sql.Tx, stored *merge.Stored) error {
	granted, err := grants(ctx, tx, stored.Watermarks[0].Client)
	rights := buckets.Rights{Of: d.of, Read: func(bucket string) bool {
		_, has := granted[bucket]
		return has
	}}
	stored.MayRead, stored.MayWrite = rights.MayRead, rights.MayWrite
	return err
}

// grants returns the buckets of a client, each with the sequence of its grant.
func grants(ctx context.Context, tx *sql.Tx, client clock.ClientID) (map[string]int64, error) {
	rows, err := tx.QueryContext(ctx, `SELECT bucket, granted FROM members WHERE client = $1`, client)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	granted := make(map[string]int64)
	for rows.Next() {
		var bucket string
		var seq int64
		if err := rows.Scan(&bucket, &seq); err != nil {
			return nil, err
		}
		granted[bucket] = seq
	}
	return granted, rows.Err()
}

// grant permits a client to read the records of a bucket and to add records to it. The
// grant takes a sequence of its own, also if the client had the bucket before: a client
// whose cursor is lower loads the bucket.
func (s *server) grant(ctx context.Context, client clock.ClientID, bucket string) error {
	return s.transaction(ctx, nil, func(tx *sql.Tx) error {
		seq, err := takeSequences(ctx, tx, 1)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO members (client, bucket, granted) VALUES ($1, $2, $3)
			ON CONFLICT DO NOTHING`, client, bucket, seq)
		return err
	})
}

// revoke takes a bucket from a client, however many records it has. When revoke has
// returned, no push of the client that was judged by the old rights is still running.
func (s *server) revoke(ctx context.Context, client clock.ClientID, bucket string) error {
	return s.transaction(ctx, nil, func(tx *sql.Tx) error {
		if _, err := lockMark(ctx, tx, client); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM members WHERE client = $1 AND bucket = $2`, client, bucket)
		return err
	})
}

// byProject is a sample Func: a task is in the bucket of its project. Tasks without a
// project are in the bucket "".
func byProject(task record.Record) []string {
	w, _ := task.Get("project")
	project, ok := w.Value.Text()
	if !ok || project == "" {
		return []string{""}
	}
	return []string{"project/" + project}
}
