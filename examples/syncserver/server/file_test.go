package server

import (
	"context"
	"database/sql"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
)

// TestDatabaseFileIsPrivate checks that only the owner may read the file, and that an invalid file
// name is refused.
func TestDatabaseFileIsPrivate(t *testing.T) {
	for _, name := range []string{"", ":memory:", "host=localhost password=x"} {
		_, err := OpenDatabase(context.Background(), name)
		require.Error(t, err, name)
	}
	name := databasetest.SQLite(t)
	open(t, name)
	info, err := os.Stat(name)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
}

// TestServerWithLostFileAcknowledgesNothing checks a server whose database file or log was removed
// or replaced. It must acknowledge no push, create no new file, and report the loss in its health.
// When the file is back, it must work again.
func TestServerWithLostFileAcknowledgesNothing(t *testing.T) {
	for what, lose := range map[string]func(t *testing.T, name string){
		"file removed":  func(t *testing.T, name string) { require.NoError(t, os.Rename(name, name+".away")) },
		"file replaced": func(t *testing.T, name string) { replace(t, name) },
		"log removed": func(t *testing.T, name string) {
			require.NoError(t, os.Rename(name+"-wal", name+".away"))
		},
		"log index removed": func(t *testing.T, name string) {
			require.NoError(t, os.Rename(name+"-shm", name+".away"))
		},
	} {
		t.Run(what, func(t *testing.T) {
			name := databasetest.SQLite(t)
			s := open(t, name)
			ana := joined(t, listen(t, s), "demo", "")
			ana.push(ana.set(board.Tasks, "a", board.Title, "x"))
			requireHealth(t, s, ana, 200)
			lose(t, name)
			body := string(ana.set(board.Tasks, "b", board.Title, "x").AppendJSON(nil))
			status, text := ana.request("POST", "/v1/push", body)
			require.Equal(t, 503, status, text)
			require.NotContains(t, text, name)
			status, text = ana.request("GET", "/v1/pull?after=0", "")
			require.Equal(t, 503, status, text)
			requireHealth(t, s, ana, 503)
			if what == "file removed" {
				require.NoError(t, os.Rename(name+".away", name))
				status, text = ana.request("POST", "/v1/push", body)
				require.Equal(t, 200, status, text)
				requireHealth(t, s, ana, 200)
				require.NoError(t, os.Remove(name))
				s.database.db.SetMaxIdleConns(0) // so that Ping needs a new connection
				require.Error(t, s.database.db.Ping())
				require.NoFileExists(t, name)
			}
		})
	}
}

// replace replaces a file with a copy of it.
func replace(t *testing.T, name string) {
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(name+".copy", data, 0o600))
	require.NoError(t, os.Rename(name+".copy", name))
}

// TestConnectWaitsForTheLock: SQLite does not always wait for busy_timeout while it opens a file, which
// the test imitates with a short timeout.
func TestConnectWaitsForTheLock(t *testing.T) {
	name := databasetest.SQLite(t)
	other, err := sql.Open("sqlite", name)
	require.NoError(t, err)
	defer other.Close()
	other.SetMaxOpenConns(1)
	_, err = other.Exec(`CREATE TABLE t (x); BEGIN EXCLUSIVE`)
	require.NoError(t, err)

	f, err := openFile(name, timeouts{lock: time.Millisecond})
	require.NoError(t, err)
	_, err = f.Connect(context.Background())
	require.True(t, isBusy(err), "%v", err)
	f.wait = time.Hour
	connected := make(chan error)
	go func() {
		c, err := f.Connect(context.Background())
		if err == nil {
			err = c.Close()
		}
		connected <- err
	}()
	select {
	case err := <-connected:
		require.Fail(t, "Connect did not wait", "%v", err)
	case <-time.After(50 * time.Millisecond):
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = f.Connect(ctx)
	require.True(t, isBusy(err), "%v", err)
	_, err = other.Exec(`COMMIT`)
	require.NoError(t, err)
	require.NoError(t, <-connected)
}

// TestFreshFileIsOpenedSeveralTimesAtOnce opens new files from several Databases at once.
func TestFreshFileIsOpenedSeveralTimesAtOnce(t *testing.T) {
	for range 30 {
		name := databasetest.SQLite(t)
		failed := make(chan error)
		const databases = 4
		for range databases {
			go func() {
				d, err := OpenDatabase(context.Background(), name)
				if err == nil {
					err = d.Close()
				}
				failed <- err
			}()
		}
		for range databases {
			require.NoError(t, <-failed)
		}
	}
}
