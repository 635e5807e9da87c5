package main

import (
	"context"
	"database/sql"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/stretchr/testify/require"
)

// TestPullerSkipsLateCommitWithNextval: the numbers of a PostgreSQL sequence are not in the
// order of the commits. A puller that reads between two commits skips the later one.
func TestPullerSkipsLateCommitWithNextval(t *testing.T) {
	db := postgres(t)
	exec(t, db, `CREATE TABLE t (title TEXT, seq BIGINT GENERATED ALWAYS AS IDENTITY)`)
	early, late := begin(t, db), begin(t, db)
	_, err := late.Exec(`INSERT INTO t (title) VALUES ('numbered first, committed last')`)
	require.NoError(t, err)
	_, err = early.Exec(`INSERT INTO t (title) VALUES ('numbered last, committed first')`)
	require.NoError(t, err)

	require.NoError(t, early.Commit())
	titles, cursor := poll(t, db, 0)
	require.Equal(t, []string{"numbered last, committed first"}, titles)
	require.NoError(t, late.Commit())
	titles, _ = poll(t, db, cursor)
	require.Empty(t, titles, "the row is committed, but its number is below the cursor of this puller")
}

// poll returns the titles with a sequence above the cursor, and the next cursor.
func poll(t *testing.T, db *sql.DB, cursor int64) (titles []string, _ int64) {
	t.Helper()
	rows, err := db.Query(`SELECT title, seq FROM t WHERE seq > $1 ORDER BY seq`, cursor)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var title string
		require.NoError(t, rows.Scan(&title, &cursor))
		titles = append(titles, title)
	}
	require.NoError(t, rows.Err())
	return titles, cursor
}

// TestPullerSkipsNothingWithCounter: the second transaction gets no sequence before the
// first one has committed, so a puller skips nothing, whenever it reads.
func TestPullerSkipsNothingWithCounter(t *testing.T) {
	for _, l := range postgresLayouts() {
		t.Run(l.name, func(t *testing.T) {
			s := serverOn(t, postgres(t), l)
			first, second := begin(t, s.db), begin(t, s.db)
			pid := backend(t, second)
			saveTitle(t, s, first, "a")
			done := make(chan bool, 1)
			go func() {
				saveTitle(t, s, second, "b")
				done <- true
			}()
			waitFor(func() bool { return len(done) > 0 || isBlocked(t, s.db, pid) })
			require.Empty(t, done, "a sequence was taken before the one below it was committed")
			var phone device
			require.NoError(t, phone.pull(context.Background(), s))
			require.Zero(t, phone.cursor)

			require.NoError(t, first.Commit())
			<-done
			require.NoError(t, phone.pull(context.Background(), s))
			require.EqualValues(t, 1, phone.cursor)
			require.NoError(t, second.Commit())
			require.NoError(t, phone.pull(context.Background(), s))
			require.Equal(t, 2, phone.seen.Len())
		})
	}
}

// TestRollbackLeavesNoGap: the counter is an ordinary row, so a rollback restores it.
// No puller has seen the sequence, so it may be used again.
func TestRollbackLeavesNoGap(t *testing.T) {
	onEachLayout(t, func(t *testing.T, s *server) {
		tx := begin(t, s.db)
		saveTitle(t, s, tx, "a")
		require.NoError(t, tx.Rollback())
		push(t, s, titled(t, "b", "Paint", clock.Stamp{Time: at(0), Client: ana}))
		p, err := s.pull(context.Background(), 0, 10)
		require.NoError(t, err)
		require.EqualValues(t, 1, p.cursor)
	})
}

// saveTitle saves a new task in a transaction that stays open.
func saveTitle(t *testing.T, s *server, tx *sql.Tx, id string) {
	r := titled(t, id, "Paint", clock.Stamp{Time: at(0), Client: ana})
	if err := s.save(context.Background(), tx, []merge.Update{{After: r}}); err != nil {
		t.Error(err)
	}
}
