package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
)

// importing returns the command that imports rows into the workspace demo.
func importing(database, rows string) *exec.Cmd {
	cmd := program.Command("import", "-db", database, "demo", board.Tasks, "crm")
	cmd.Stdin = strings.NewReader(rows)
	return cmd
}

// TestImportBesideAServer imports rows while a server runs, kills a run, and repeats it. A person edits in between.
func TestImportBesideAServer(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		database := name(t)
		p := start(t, database)
		c := newPusher(t, [2]string{p.Address, p.Address})
		const rows = 3000
		var lines bytes.Buffer
		for i := range rows {
			fmt.Fprintf(&lines, `{"id":%d,"title":"secret %d","due":null,"notes":"","points":0}`+"\n", i, i)
		}
		killed := importing(database, lines.String())
		require.NoError(t, killed.Start())
		time.Sleep(500 * time.Millisecond)
		killed.Process.Kill()
		killed.Wait()
		m, err := record.New(record.Key{Table: board.Tasks, ID: "7"}).Edit(clock.Stamp{Time: clock.TimestampOf(time.Now()), Client: c.ID}).Set(board.Title, "by a person").Mutation()
		require.NoError(t, err)
		require.True(t, c.push(m))
		out, err := importing(database, lines.String()).CombinedOutput()
		require.NoError(t, err, string(out))
		require.Contains(t, string(out), "3000 rows read")
		out, err = importing(database, strings.Replace(lines.String(), `"secret 9"`, `"`+strings.Repeat("secret", 100)+`"`, 1)).CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(out), "tasks/9: merge: title_too_long at data.title")
		require.Contains(t, string(out), ": 3000 rows read, 0 records changed\n")
		require.Contains(t, string(out), "1 row refused, all others are stored")
		require.NotContains(t, string(out), "secret")
		out, err = importing(database, lines.String()).CombinedOutput()
		require.NoError(t, err, string(out))
		require.Contains(t, string(out), ": 3000 rows read, 0 records changed\n")
		require.NoError(t, p.Stop())
		require.NotContains(t, p.Log(), "secret")
	})
}

// TestRowsAreReadAsTheyAre checks the values of rows, and the errors of lines that are not rows.
func TestRowsAreReadAsTheyAre(t *testing.T) {
	rows, err := readRows(strings.NewReader(`{"id":"a","n":null,"e":"","z":0,"f":false,"l":[1]}`+"\n\n"+`{"id":9007199254740993}`), "tasks")
	require.NoError(t, err)
	require.Len(t, rows, 2)
	require.Equal(t, record.Key{Table: "tasks", ID: "a"}, rows[0].Key)
	require.Equal(t, map[string]record.Value{
		"n": {}, "e": record.MustOf(""), "z": record.Int(0), "f": record.Bool(false), "l": record.MustOf([]int{1}),
	}, rows[0].Fields)
	require.Equal(t, "9007199254740993", rows[1].Key.ID)
	require.Empty(t, rows[1].Fields)
	for line, want := range map[string]string{
		"":                            "there are none",
		`secret`:                      "line 1: ",
		`["secret"]`:                  "line 1: not an object of columns",
		`null`:                        "line 1: not an object of columns",
		`{"title":"secret"}`:          `line 1: the column "id" is not a text or an integer`,
		`{"id":1.5}`:                  `line 1: the column "id" is not a text or an integer`,
		`{"id":1,"a":1,"a":"secret"}`: "line 1: ",
	} {
		_, err := readRows(strings.NewReader(line), "tasks")
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "secret")
	}
}
