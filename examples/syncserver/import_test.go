package main

import (
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/boardserver"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge/imports"
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
		require.Contains(t, string(out), "tasks/9: merge: title_too_long at data.title: more than 80 characters")
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
	read, err := readRows(strings.NewReader(`{"id":"a","n":null,"e":"","z":0,"f":false,"l":[1]}`+"\n\n"+`{"id":9007199254740993}`), "tasks")
	require.NoError(t, err)
	rows := read.rows
	require.Len(t, rows, 2)
	require.Equal(t, []int{1, 3}, read.lines)
	require.Equal(t, record.Key{Table: "tasks", ID: "a"}, rows[0].Key)
	require.Equal(t, map[string]record.Value{
		"n": {}, "e": record.MustOf(""), "z": record.Int(0), "f": record.Bool(false), "l": record.MustOf([]int{1}),
	}, rows[0].Fields)
	require.Equal(t, "9007199254740993", rows[1].Key.ID)
	require.Empty(t, rows[1].Fields)
	for line, want := range map[string]string{
		"":                                  "there are none",
		`secret`:                            "line 1: ",
		`["secret"]`:                        "line 1: not an object of columns",
		`null`:                              "line 1: not an object of columns",
		`{"title":"secret"}`:                `line 1: the column "id" is not a text or an integer`,
		`{"id":1.5}`:                        `line 1: the column "id" is not a text or an integer`,
		`{"id":1,"a":1,"a":"secret","z":1}`: `line 1: the column "a": record: duplicate name`,
		`{"a":1,"b":{"c":[1e400]},"id":1}`:  `line 1: the column "b": record: number out of range (at byte 17)`,
		`{"a":"secret\ud800","id":1}`:       `line 1: the column "a": record: invalid UTF-8`,
		`{"a":secret,"id":1}`:               `line 1: the column "a": record: invalid JSON`,
		`{"a":1,"id":1} secret`:             `line 1: record: invalid JSON: data after the value`,
		`{"a":1,"b":{"k":1,"k":2},"id":1}`:  `line 1: the column "b": record: duplicate name`,
		`{"a":1,'secret':1}`:                `line 1: record: invalid JSON`,
		"{\"id\":1}\n" + `{"id":2,"a":12345678901234567890123}`:               `line 2: the column "a": record: number out of range: it would be rounded`,
		"{\"id\":1}\n" + `{"id":2,"a":"` + strings.Repeat("s", 2<<20) + `"}`:  `line 2: the column "a": record: limit exceeded`,
		"{\"id\":1}\n" + `{"id":2,"a":"` + strings.Repeat("s", maxRow) + `"}`: "line 2: it has more than 16777216 bytes",
	} {
		_, err := readRows(strings.NewReader(line), "tasks")
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "secret")
	}
}

// TestInvalidRowsAreNamedByTheirLines runs the command with rows that no import may write.
func TestInvalidRowsAreNamedByTheirLines(t *testing.T) {
	database := databasetest.SQLite(t)
	create(t, database)
	for rows, want := range map[string]string{
		`{"id":1}` + "\n\n" + `{"id":"1","title":"secret"}`: "line 3: it has the ID of line 1\n",
		"\n" + `{"id":"","title":"secret"}`:                 "line 2: id: ",
		`{"id":1}` + "\n" + `{"id":2,"$deleted":true}`:      "line 2: data.$deleted: ",
	} {
		out, err := importing(database, rows).CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(out), "import into demo: none was stored: "+want)
		require.NotContains(t, string(out), "again")
		require.NotContains(t, string(out), "secret")
	}
	cmd := program.Command("import", "-db", database, "demo", "violations", "crm")
	cmd.Stdin = strings.NewReader(`{"id":1}`)
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "none was stored: line 1: table: ")
}

// TestMistypedWorkspaceIsNotCreated runs the commands that write with a workspace that does not exist.
func TestMistypedWorkspaceIsNotCreated(t *testing.T) {
	database := databasetest.SQLite(t)
	create(t, database)
	run := func(args ...string) (string, error) {
		cmd := program.Command(append(args, "-db", database)...)
		cmd.Stdin = strings.NewReader(`{"id":1}` + "\n" + `{"id":2,"title":"x"}`)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	for _, args := range [][]string{{"import", "dmeo", board.Tasks, "crm"}, {"set", "dmeo", board.Tasks, "1", "notes=1"}} {
		out, err := run(args...)
		require.Error(t, err)
		require.Contains(t, out, "the workspace dmeo does not exist: check the name, or use -create")
	}
	for i, args := range [][]string{{"import", "-create", "new", board.Tasks, "crm"}, {"import", "new", board.Tasks, "crm"}, {"import", "new", board.Tasks, "cmr"}} {
		out, err := run(args...)
		require.NoError(t, err, out)
		require.Equal(t, i != 1, strings.Contains(out, args[len(args)-1]+" is a new import\n"), out)
	}
	out, err := run("set", "-create", "other", board.Tasks, "1", "notes=1")
	require.NoError(t, err, out)
}

// TestErrorsOfARunSayWhatToDo checks errors that occur after a run has begun.
func TestErrorsOfARunSayWhatToDo(t *testing.T) {
	key := record.Key{Table: "tasks", ID: "1"}
	in := input{[]imports.Row{{Key: key}}, []int{1}}
	_, err := imports.Run{}.Plan(record.New(key), in.rows[0], imports.Ledger{})
	require.ErrorIs(t, err, imports.ErrRun)
	require.EqualError(t, explained(err, 1, in), "another run of this import has started; it stores its own rows, so let it finish")
	require.EqualError(t, explained(io.ErrUnexpectedEOF, 1, in), "some rows may be stored; run the import again to complete it: unexpected EOF")
}

// create makes a database with the workspace demo.
func create(t *testing.T, database string) {
	t.Helper()
	d, err := server.OpenDatabase(t.Context(), database)
	require.NoError(t, err)
	defer d.Close()
	s, err := server.New(t.Context(), d, boardserver.Options())
	require.NoError(t, err)
	_, err = s.Write(t.Context(), "demo", record.Key{Table: board.Tasks, ID: "stored"}, func(e *record.Edit) error {
		e.Set(board.Title, "x")
		return nil
	})
	require.NoError(t, err)
}
