package server

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
)

// TestRewriteFailsWhileAnOldStateIsRead reads the database in a transaction that began before a
// value was replaced. Until the transaction ends, the files keep the value, so Rewrite must fail.
func TestRewriteFailsWhileAnOldStateIsRead(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		ctx, database := context.Background(), name(t)
		s := open(t, database)
		s.options.Journal = false
		ana := joined(t, listen(t, s), "demo", "")
		ana.push(ana.set(board.Tasks, "a", board.Title, "covert"))
		reader, err := s.database.db.Conn(ctx)
		require.NoError(t, err)
		defer reader.Close()
		begin := `BEGIN` // and then a query of another table, which locks no table that is rewritten
		if s.database.postgres {
			begin = `BEGIN ISOLATION LEVEL REPEATABLE READ`
		}
		for _, statement := range []string{begin, `SELECT count(*) FROM secrets`} {
			_, err = reader.ExecContext(ctx, statement)
			require.NoError(t, err)
		}
		ana.push(ana.set(board.Tasks, "a", board.Title, "kept"))

		short := defaultTimeouts()
		short.lock = 100 * time.Millisecond
		impatient, err := openDatabase(ctx, database, short)
		require.NoError(t, err)
		defer impatient.Close()
		soon, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		defer cancel()
		require.Error(t, impatient.Rewrite(soon))
		require.NotEmpty(t, databasetest.Residue(t, database, "covert"))
		_, err = reader.ExecContext(ctx, `ROLLBACK`)
		require.NoError(t, err)
		require.NoError(t, s.database.Rewrite(ctx))
		require.Empty(t, databasetest.Residue(t, database, "covert"))
	})
}

// TestReplacedValueIsOverwritten replaces a large value. Its pages in an SQLite file become free, and
// must not keep it.
func TestReplacedValueIsOverwritten(t *testing.T) {
	database := databasetest.SQLite(t)
	s := open(t, database)
	s.options.Journal = false
	ana := joined(t, listen(t, s), "demo", "")
	for _, text := range []string{strings.Repeat("covert ", 5000), "kept"} {
		ana.push(ana.set(board.Tasks, "a", board.Notes, text))
	}
	_, err := s.database.db.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`)
	require.NoError(t, err)
	require.Empty(t, databasetest.Residue(t, database, "covert"))
}
