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

// frozenIn is the environment variable that names the database in which a helper process locks the
// workspace demo. The value of frozenHow selects what the process does with the lock.
const frozenIn, frozenHow = "FIELDLWW_TEST_FROZEN_IN", "FIELDLWW_TEST_FROZEN_HOW"

// short has short timeouts, for tests that wait until they expire.
var short = timeouts{idle: time.Second, lock: 5 * time.Second, statement: 6 * time.Second}

// TestHelperProcessThatHangs is not a test but the helper process that the other tests freeze. It
// locks the workspace and hangs.
func TestHelperProcessThatHangs(t *testing.T) {
	name := os.Getenv(frozenIn)
	if name == "" {
		t.Skip("this is a helper process for other tests")
	}
	d, err := openDatabase(context.Background(), name, short)
	require.NoError(t, err)
	hang := func() {
		fmt.Println("hangs")
		select {}
	}
	if os.Getenv(frozenHow) == "pushing" {
		// A rule runs within the transaction; the guard does not.
		hangs := violation.PerRecord{Table: board.Tasks, Wrong: func(record.Record) (string, error) {
			hang()
			return "", nil
		}}
		s, err := New(context.Background(), d, Options{Rules: &violation.Checker{Rules: map[string]violation.Rule{"hangs": hangs}}})
		require.NoError(t, err)
		_, err = s.push(context.Background(), bound(s, ghost), Pushed{Body: ghostly(t)})
		require.NoError(t, err)
	}
	err = d.locked(context.Background(), &session{workspace: "demo"}, func(tx *session) error {
		// This is more data than the network buffers hold, and it is never read.
		rows, err := tx.tx.Query(`SELECT repeat('x', 1000000) FROM generate_series(1, 100)`)
		require.NoError(t, err)
		defer rows.Close()
		hang()
		return nil
	})
	require.NoError(t, err)
}

// ghost is the client whose push never ends.
var ghost = clock.ClientID{1}

// ghostly returns the push of ghost.
func ghostly(t *testing.T) []byte {
	c := client{t: t, ID: ghost}
	return c.set(board.Tasks, "a", board.Title, "x").AppendJSON(nil)
}

// freeze starts a process that locks the workspace demo of a database, and freezes it with SIGSTOP.
func freeze(t *testing.T, database, how string) *os.Process {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^TestHelperProcessThatHangs$", "-test.v")
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

// openShort returns a server with the short timeouts.
func openShort(t *testing.T, name string) *Server {
	d, err := openDatabase(context.Background(), name, short)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	s, err := New(context.Background(), d, Options{Guard: board.Guard(), Rules: board.Rules(), TableMaxRecord: board.MaxRecords(), Open: "demo", Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return s
}

// TestFrozenProcessLosesItsLock checks that PostgreSQL takes the workspace lock from a process that
// is frozen between two statements or while it reads. A waiting push of another process must not
// fail.
func TestFrozenProcessLosesItsLock(t *testing.T) {
	for _, how := range []string{"pushing", "reading"} {
		t.Run(how, func(t *testing.T) {
			name := databasetest.Postgres(t)
			s := openShort(t, name)
			ana := joined(t, listen(t, s), "demo", "")
			freeze(t, name, how)
			m := ana.set(board.Tasks, "b", board.Title, "x")
			require.Equal(t, "accepted", ana.push(m).Results[0].Verdict)
			require.Len(t, ana.pull("0"), 1, "the transaction of the frozen process was not rolled back")
		})
	}
}

// TestPushIsRefusedTemporarilyWhileSQLiteIsLocked: SQLite does not end the transaction of a frozen
// process. A push that finds the file locked must fail with the status 503, and succeed after the
// other process has ended.
func TestPushIsRefusedTemporarilyWhileSQLiteIsLocked(t *testing.T) {
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
	require.Empty(t, ana.pull("0"), "a pull during the lock found a record that was not committed")
	requireHealth(t, s, ana, 503)
	require.NoError(t, other.Kill())
	_, err = other.Wait()
	require.NoError(t, err)
	require.Equal(t, "accepted", ana.push(m).Results[0].Verdict)
}

// TestEachConnectionHasTheTimeouts checks that each connection has the settings of this package,
// even if the URL asks for others, and that each timeout is shorter than the next.
func TestEachConnectionHasTheTimeouts(t *testing.T) {
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
	// A transaction that may take a long time can lift the other timeouts, but not the idle
	// timeout.
	require.NoError(t, d.transaction(context.Background(), func(tx *sql.Tx) error {
		require.NoError(t, liftTimeouts(context.Background(), tx))
		var lock, idle string
		require.NoError(t, tx.QueryRow(`SELECT current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout')`).Scan(&lock, &idle))
		require.Equal(t, []string{"0", "10s"}, []string{lock, idle})
		return nil
	}))
}
