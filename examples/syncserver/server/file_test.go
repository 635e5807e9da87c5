package server

import (
	"context"
	"os"
	"testing"

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
