package server

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// frozenIn is the variable that names the database in which a process of these tests takes
// the workspace demo, and frozenHow says what it does then.
const frozenIn, frozenHow = "FIELDLWW_TEST_FROZEN_IN", "FIELDLWW_TEST_FROZEN_HOW"

// short are timeouts for tests that wait for them to pass.
var short = timeouts{idle: time.Second, lock: 5 * time.Second, statement: 6 * time.Second}

// TestFrozen is the process that the other tests stop. It holds the workspace and does not
// come back.
func TestFrozen(t *testing.T) {
	name := os.Getenv(frozenIn)
	if name == "" {
		t.Skip("is a part of other tests")
	}
	d, err := openDatabase(context.Background(), name, short)
	require.NoError(t, err)
	hang := func() {
		fmt.Println("hangs")
		select {}
	}
	if os.Getenv(frozenHow) == "pushing" {
		// A rule is asked within the transaction, unlike the guard.
		hangs := violation.PerRecord{Table: board.Tasks, Wrong: func(record.Record) (string, error) {
			hang()
			return "", nil
		}}
		s, err := New(context.Background(), d, Options{Rules: &violation.Checker{Rules: map[string]violation.Rule{"hangs": hangs}}})
		require.NoError(t, err)
		_, err = s.push(context.Background(), member{"demo", ghost}, ghostly(t))
		require.NoError(t, err)
	}
	_, err = d.locked(context.Background(), "demo", func(tx *session) error {
		// More than the network holds, of which nothing is read.
		rows, err := tx.tx.Query(`SELECT repeat('x', 1000000) FROM generate_series(1, 100)`)
		require.NoError(t, err)
		defer rows.Close()
		hang()
		return nil
	})
	require.NoError(t, err)
}

// ghost is the client whose push is never finished.
var ghost = clock.ClientID{1}

// ghostly returns its push.
func ghostly(t *testing.T) []byte {
	c := client{t: t, ID: ghost}
	return c.set(board.Tasks, "a", board.Title, "x").AppendJSON(nil)
}

// freeze starts a process that takes the workspace demo of a database, and stops it there.
func freeze(t *testing.T, database, how string) *os.Process {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^TestFrozen$", "-test.v")
	c.Env = append(os.Environ(), frozenIn+"="+database, frozenHow+"="+how)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "hangs" {
	}
	require.Equal(t, "hangs", lines.Text())
	require.NoError(t, c.Process.Signal(syscall.SIGSTOP))
	return c.Process
}

// openShort returns a server with short timeouts.
func openShort(t *testing.T, name string) *Server {
	d, err := openDatabase(context.Background(), name, short)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	s, err := New(context.Background(), d, Options{Guard: board.Guard(), Rules: board.Rules(), TableMaxRecord: board.MaxRecords(), Open: "demo", Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return s
}

// TestFrozenProcessLetsGo: a process that is frozen while it has a workspace, between two
// statements or while it reads, loses it, and a push of another process does not even fail.
func TestFrozenProcessLetsGo(t *testing.T) {
	for _, how := range []string{"pushing", "reading"} {
		t.Run(how, func(t *testing.T) {
			name := databasetest.Postgres(t)
			s := openShort(t, name)
			ana := joined(t, listen(t, s), "demo", "")
			freeze(t, name, how)
			m := ana.set(board.Tasks, "b", board.Title, "x")
			require.Equal(t, "accepted", ana.push(m).Results[0].Verdict)
			require.Len(t, ana.pull("0"), 1, "what the frozen process had begun is gone")
		})
	}
}

// TestFrozenWriterOfFile: SQLite knows no such timeouts. A push that finds the file taken is
// told to come again, and succeeds when the other process is gone.
func TestFrozenWriterOfFile(t *testing.T) {
	name := databasetest.SQLite(t)
	brief := short
	brief.lock = 100 * time.Millisecond
	d, err := openDatabase(context.Background(), name, brief)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	s, err := New(context.Background(), d, Options{Open: "demo", Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	ana := joined(t, listen(t, s), "demo", "")
	other := freeze(t, name, "pushing")
	m := ana.set(board.Tasks, "b", board.Title, "x")
	status, text := ana.request("POST", "/v1/push", string(m.AppendJSON(nil)))
	require.Equal(t, 503, status, text)
	require.Empty(t, ana.pull("0"), "who only reads does not wait")
	requireHealth(t, s, ana, 503)
	require.NoError(t, other.Kill())
	_, err = other.Wait()
	require.NoError(t, err)
	require.Equal(t, "accepted", ana.push(m).Results[0].Verdict)
}

// TestPostgresSettings: each connection has the settings of this package, also where the URL
// asks for others, and each timeout leaves time for what is to come after it.
func TestPostgresSettings(t *testing.T) {
	url := databasetest.Postgres(t) + "&statement_timeout=0&Lock_Timeout=0&options=-c%20idle_in_transaction_session_timeout%3D0"
	d, err := OpenDatabase(context.Background(), url)
	require.NoError(t, err)
	defer d.Close()
	var open []*sql.Conn
	for range maxConnections {
		c, err := d.db.Conn(context.Background())
		require.NoError(t, err)
		open = append(open, c)
		for name, want := range map[string]string{
			"idle_in_transaction_session_timeout": "10s", "lock_timeout": "20s", "statement_timeout": "25s",
			"tcp_user_timeout": "10000", "jit": "off",
		} {
			var got string
			require.NoError(t, c.QueryRowContext(context.Background(), "SHOW "+name).Scan(&got))
			require.Equal(t, want, got, name)
		}
	}
	for _, c := range open {
		require.NoError(t, c.Close())
	}
	limits := defaultTimeouts()
	require.Less(t, limits.idle, limits.lock)
	require.Less(t, limits.lock, limits.statement)
	require.Less(t, limits.statement, pushTimeout)
	// Only what may last is done without them.
	require.NoError(t, d.transaction(context.Background(), func(tx *sql.Tx) error {
		require.NoError(t, liftTimeouts(context.Background(), tx))
		var lock, idle string
		require.NoError(t, tx.QueryRow(`SELECT current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout')`).Scan(&lock, &idle))
		require.Equal(t, []string{"0", "10s"}, []string{lock, idle})
		return nil
	}))
}
