package main

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	sqlitedriver "modernc.org/sqlite"
)

// TestReadAndWriteNeedsLockBeforeLoad: two transactions read the same record, merge, and
// write. If the second one reads before the first one has committed, it must wait, or a
// write is lost: here, the title with the later stamp, which the first one wrote.
func TestReadAndWriteNeedsLockBeforeLoad(t *testing.T) {
	plainSelect := func(l layout) layout {
		l.lock = nil
		l.statements.load = `SELECT seq, tbl, id, data FROM documents WHERE $1::text <> ''`
		return l
	}
	// The statement that reads also takes the lock, so it waits after it has looked up
	// the other rows.
	lockWhileReading := func(l layout) layout {
		l.lock = l.lock[:1]
		l.statements.load = `
			SELECT f.seq, f.tbl, f.id, f.field, f.value, f.at, f.client
			FROM records AS r JOIN fields AS f USING (tbl, id) WHERE $1::text <> ''
			FOR UPDATE OF r`
		return l
	}
	for _, c := range []struct {
		name   string
		layout layout
		keeps  bool
	}{
		{"documents, SELECT without a lock", plainSelect(documents(documentsPostgres())), false},
		{"fields, lock and load in one statement", lockWhileReading(fields(fieldsPostgres())), false},
		{"documents", documents(documentsPostgres()), true},
		{"columns", columns(columnsPostgres()), true},
		{"fields", fields(fieldsPostgres()), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serverOn(t, postgres(t), c.layout)
			store(t, s, titled(t, "a", "Before", clock.Stamp{Time: at(0), Client: ana}))
			interleave(t, s,
				titled(t, "a", "The later title", clock.Stamp{Time: at(2), Client: ana}),
				titled(t, "a", "An older title", clock.Stamp{Time: at(1), Client: ben}))
			a, _ := stateOf(t, s).Get(task("a"))
			title, _ := a.Get("title")
			require.Equal(t, c.keeps, title.Stamp.Time == at(2), "%v", a)
		})
	}
}

// store merges one record in its own transaction.
func store(t *testing.T, s *server, r record.Record) {
	t.Helper()
	tx := begin(t, s.db)
	mergeAndSave(t, s, tx, load(t, s, tx), r)
	require.NoError(t, tx.Commit())
}

// interleave merges two versions of the task "a" into the stored one. The second
// transaction begins to read after the first one has read. The first one goes on when the
// second has read or waits for the first.
func interleave(t *testing.T, s *server, first, second record.Record) {
	t.Helper()
	tx1, tx2 := begin(t, s.db), begin(t, s.db)
	pid := backend(t, tx2)
	read1 := load(t, s, tx1)
	read2 := make(chan merge.Collection, 1)
	go func() { read2 <- load(t, s, tx2) }()
	waitFor(func() bool { return len(read2) > 0 || isBlocked(t, s.db, pid) })
	mergeAndSave(t, s, tx1, read1, first)
	require.NoError(t, tx1.Commit())
	mergeAndSave(t, s, tx2, <-read2, second)
	require.NoError(t, tx2.Commit())
}

// load returns the stored task "a".
func load(t *testing.T, s *server, tx *sql.Tx) merge.Collection {
	p, err := s.layout.load(context.Background(), tx, []record.Key{task("a")})
	if err != nil {
		t.Error(err)
	}
	return p.records
}

// mergeAndSave joins a record to the records that were read, and saves the result.
func mergeAndSave(t *testing.T, s *server, tx *sql.Tx, read merge.Collection, r record.Record) {
	t.Helper()
	push := s.engine.Prepare(merge.Request{AnyClient: true, Wall: noon(), Items: []record.Item{{Mutation: record.Mutation{Data: r}}}})
	answer, err := push.Apply(merge.Stored{Records: read.Lookup(push.Keys())})
	require.NoError(t, err)
	require.NoError(t, s.save(context.Background(), tx, answer.Updates))
}

// TestLocksInKeyOrderDoNotDeadlock: transactions that lock the same records in different
// orders wait for each other, until PostgreSQL ends one of them. If all transactions lock
// in the order of the keys, PostgreSQL ends none of them.
func TestLocksInKeyOrderDoNotDeadlock(t *testing.T) {
	for _, c := range []struct {
		name          string
		first, second []string
		deadlocks     bool
	}{
		{"in the order of the batches", []string{"a", "b"}, []string{"b", "a"}, true},
		{"in the order of the keys", keysOf(t, "a", "b"), keysOf(t, "b", "a"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serverOn(t, postgres(t), documents(documentsPostgres()))
			tx1, tx2 := begin(t, s.db), begin(t, s.db)
			pid := backend(t, tx2)
			require.NoError(t, tryLock(s, tx1, c.first[:1]))
			result := make(chan error, 1)
			go func() {
				// Roll back here, so that the other transaction can go on.
				result <- errors.Join(tryLock(s, tx2, c.second), tx2.Rollback())
			}()
			waitFor(func() bool { return len(result) > 0 || isBlocked(t, s.db, pid) })
			err := errors.Join(tryLock(s, tx1, c.first[1:]), tx1.Rollback(), <-result)
			require.Equal(t, c.deadlocks, codeOf(err) == "40P01", "%v", err)
			if !c.deadlocks {
				require.NoError(t, err)
			}
		})
	}
}

// keysOf returns the IDs in the order of Push.Keys, in which records should be locked.
func keysOf(t *testing.T, ids ...string) (sorted []string) {
	t.Helper()
	request := merge.Request{Actor: ana, Wall: noon()}
	for _, id := range ids {
		r := titled(t, id, "Paint", clock.Stamp{Time: at(0), Client: ana})
		request.Items = append(request.Items, record.Item{Mutation: record.Mutation{Data: r}})
	}
	for _, key := range new(merge.Engine).Prepare(request).Keys() {
		sorted = append(sorted, key.ID)
	}
	return sorted
}

// tryLock locks tasks one by one.
func tryLock(s *server, tx *sql.Tx, ids []string) error {
	for _, id := range ids {
		if _, err := s.layout.load(context.Background(), tx, []record.Key{task(id)}); err != nil {
			return err
		}
	}
	return nil
}

// TestDeferredSQLiteTransactionCannotWriteAfterAnother: a transaction that did not begin
// IMMEDIATE and has read can no longer write once another transaction has written.
// Waiting does not help.
func TestDeferredSQLiteTransactionCannotWriteAfterAnother(t *testing.T) {
	db := sqlite(t)
	s := serverOn(t, db, documents(documentsSQLite()))
	deferred, err := db.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true}) // begins DEFERRED
	require.NoError(t, err)
	defer deferred.Rollback()
	load(t, s, deferred)
	store(t, s, titled(t, "a", "Paint", clock.Stamp{Time: at(0), Client: ana}))
	_, err = takeSequences(context.Background(), deferred, 1)
	var busy *sqlitedriver.Error
	require.ErrorAs(t, err, &busy)
	require.Equal(t, 517, busy.Code(), "want the code of SQLITE_BUSY_SNAPSHOT")

	// No other transaction can write after the first read of an IMMEDIATE one.
	load(t, s, begin(t, db))
	other, err := db.Conn(context.Background())
	require.NoError(t, err)
	defer other.Close()
	_, err = other.ExecContext(context.Background(), `PRAGMA busy_timeout = 0`)
	require.NoError(t, err)
	_, err = other.ExecContext(context.Background(), `BEGIN IMMEDIATE`)
	require.ErrorAs(t, err, &busy)
	require.Equal(t, 5, busy.Code(), "want the code of SQLITE_BUSY")
}

// backend returns the ID of the process that serves a transaction.
func backend(t *testing.T, tx *sql.Tx) (pid int) {
	t.Helper()
	require.NoError(t, tx.QueryRow(`SELECT pg_backend_pid()`).Scan(&pid))
	return pid
}

// isBlocked reports whether a process waits for a lock that another process holds.
func isBlocked(t *testing.T, db *sql.DB, pid int) (blocked bool) {
	t.Helper()
	require.NoError(t, db.QueryRow(`SELECT cardinality(pg_blocking_pids($1)) > 0`, pid).Scan(&blocked))
	return blocked
}

// waitFor waits until the condition holds.
func waitFor(condition func() bool) {
	for !condition() {
		time.Sleep(time.Millisecond)
	}
}

// codeOf returns the SQLSTATE of an error, or "" if it has none.
func codeOf(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
