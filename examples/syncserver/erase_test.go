package main

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
)

// TestKilledErasureClaimsNothing kills the command erase at different moments, while two servers run
// on the database, and clients push to both, also to the erased record. A command that says that it
// has erased a record must have left none of its text anywhere. A command that is run again must
// finish.
func TestKilledErasureClaimsNothing(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { killErasures(t, databasetest.SQLite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { killErasures(t, databasetest.Postgres(t)) })
}

func killErasures(t *testing.T, database string) {
	rounds := 12
	if testing.Short() {
		rounds = 4
	}
	servers, addresses := startTwo(t, database)
	var enough atomic.Bool
	var pushing sync.WaitGroup
	w := newPusher(t, addresses)
	pushing.Go(func() { w.loop(&enough) })
	erases := eraser{t: t, database: database, file: filepath.Join(t.TempDir(), "erasures"), pusher: newPusher(t, addresses)}
	whole := erases.round(0, time.Hour)
	killed := 0
	for i := range rounds {
		if erases.round(i+1, whole*time.Duration(i)/time.Duration(rounds)) == 0 {
			killed++
		}
	}
	enough.Store(true)
	pushing.Wait()
	require.NotZero(t, killed)
	require.Empty(t, databasetest.Residue(t, database, "covert", "hushed"))
	require.NotEmpty(t, databasetest.Residue(t, database, erases.ID.String()), "the search finds what was not erased")
	for _, p := range servers {
		require.NoError(t, p.Stop())
		require.NotContains(t, p.Log(), "covert")
	}
	require.Empty(t, databasetest.Residue(t, database, "covert", "hushed"))
}

// TestRestoredBackupIsErasedAgain erases a record, and then copies an older file over the database.
// The command restored must erase the record again before the server starts. The file has an old
// value in free pages, because an earlier version did not overwrite deleted data.
func TestRestoredBackupIsErasedAgain(t *testing.T) {
	database := databasetest.SQLite(t)
	p := start(t, database, "-journal=false")
	c := newPusher(t, [2]string{p.Address, p.Address})
	write := func(text string) record.Mutation {
		at := clock.Stamp{Time: clock.TimestampOf(time.Now()), Client: c.ID}
		m, err := record.New(record.Key{Table: board.Tasks, ID: "gone"}).Edit(at).Set(board.Title, text).Mutation()
		require.NoError(t, err)
		return m
	}
	require.True(t, c.push(write("covert")))
	run := func(args ...string) string {
		out, err := program.Command(append(args, "-db", database)...).CombinedOutput()
		require.NoError(t, err, string(out))
		return string(out)
	}
	require.NoError(t, p.Stop())
	db, err := sql.Open("sqlite", database)
	require.NoError(t, err)
	_, err = db.Exec(`CREATE TABLE old AS SELECT '` + strings.Repeat("covert", 5000) + `' AS text; DROP TABLE old`)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	backup, err := os.ReadFile(database)
	require.NoError(t, err)
	require.Contains(t, string(backup), "covert")
	out, err := program.Command("restored", "-db", database, "-erasures", database+".typo").CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), database+".typo: no such file")
	unchanged, err := os.ReadFile(database)
	require.NoError(t, err)
	require.Equal(t, backup, unchanged)
	require.Contains(t, run("restored"), "no file "+database+".erasures remembers erasures")
	out, err = program.Command("erase", "-db", database, "nosuch", board.Tasks, "gone").CombinedOutput()
	require.Error(t, err)
	require.NotContains(t, string(out), "journal")
	require.NoFileExists(t, database+".erasures")
	erased := run("erase", "demo", board.Tasks, "gone", "wrong")
	require.Contains(t, erased, "tasks/gone: erased\ntasks/wrong: not stored: check the table and the ID")
	require.Contains(t, erased, "1 record, 0 violation rows and 0 journal lines were erased; keep the file "+database+".erasures")
	require.Contains(t, run("erase", "demo", board.Tasks, "gone"), "tasks/gone: already erased; the files were rewritten\n0 records")
	require.Empty(t, databasetest.Residue(t, database, "covert"))

	require.NoError(t, os.WriteFile(database, backup, 0o600))
	d, err := server.OpenDatabase(t.Context(), database)
	require.NoError(t, err)
	s, err := server.New(t.Context(), d, server.Options{Erasures: database + ".erasures"})
	require.NoError(t, err)
	_, again, err := s.Restored(t.Context())
	require.NoError(t, err)
	require.Equal(t, server.Erased{Records: 1}, again)
	require.NoError(t, d.Close())
	require.NotEmpty(t, databasetest.Residue(t, database, "covert"), "the command was killed before it rewrote the file")
	require.Contains(t, run("restored"), "0 records, 0 violation rows and 0 journal lines were erased again")
	require.Empty(t, databasetest.Residue(t, database, "covert"))

	require.NoError(t, os.WriteFile(database, backup, 0o600))
	restored := run("restored")
	require.Contains(t, restored, "1 record, 0 violation rows and 0 journal lines were erased again")
	require.NotContains(t, restored, "remembers erasures")
	require.Empty(t, databasetest.Residue(t, database, "covert"))
	require.NoError(t, p.StartAgain())
	require.False(t, c.push(write("late")))
	require.Contains(t, run("restored"), "0 records, 0 violation rows and 0 journal lines were erased again")
}

// TestErasuresOfPostgresNeedAFile checks what the commands say without the flag -erasures.
func TestErasuresOfPostgresNeedAFile(t *testing.T) {
	database := databasetest.Postgres(t)
	d, err := server.OpenDatabase(t.Context(), database)
	require.NoError(t, err)
	require.NoError(t, d.Close())
	out, err := program.Command("restored", "-db", database).CombinedOutput()
	require.NoError(t, err)
	require.Contains(t, string(out), "warning: nothing was erased again, because PostgreSQL needs the flag -erasures")
	out, err = program.Command("erase", "-db", database, "demo", board.Tasks, "gone").CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "use the flag -erasures")
}

// eraser runs the command erase.
type eraser struct {
	t              *testing.T
	database, file string
	*pusher
}

// round pushes a record and erases it with a command that is killed after the given time. Then it
// runs the command again until it ends. The result is how long the first command took, or 0 if it was
// killed.
func (e *eraser) round(n int, after time.Duration) (took time.Duration) {
	e.t.Helper()
	id, text := fmt.Sprint("gone-", n), fmt.Sprintf("covert-%d.", n)
	var items []record.Mutation
	for i := range 3 {
		at := clock.Stamp{Time: clock.TimestampOf(time.Now()), Client: e.ID}
		m, err := record.New(record.Key{Table: board.Tasks, ID: id}).Edit(at).Set(board.Notes, strings.Repeat(text, 1+1000*i)).
			Set(fmt.Sprintf("tag/hushed-%d.", n), true).Mutation()
		require.NoError(e.t, err)
		require.True(e.t, e.push(m))
		items = append(items, m)
	}
	begun := time.Now()
	if e.run(id, after) {
		took = time.Since(begun)
		require.Empty(e.t, databasetest.Residue(e.t, e.database, text, fmt.Sprintf("hushed-%d.", n)))
	}
	for _, m := range items {
		e.push(m) // a retry
	}
	require.True(e.t, e.run(id, time.Hour))
	for _, m := range items {
		require.False(e.t, e.push(m))
	}
	return took
}

// run runs the command, kills it after the given time, and reports whether it says that it has erased
// the record.
func (e *eraser) run(id string, after time.Duration) bool {
	e.t.Helper()
	cmd := program.Command("erase", "-db", e.database, "-erasures", e.file, "demo", board.Tasks, id)
	var out, log strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &log
	require.NoError(e.t, cmd.Start())
	timer := time.AfterFunc(after, func() { cmd.Process.Kill() })
	err := cmd.Wait()
	timer.Stop()
	require.NotContains(e.t, out.String()+log.String(), "covert")
	erased := strings.Contains(out.String(), "were erased")
	if !erased {
		require.Error(e.t, err)
		require.Empty(e.t, log.String(), "the command failed by itself")
	}
	return erased
}
