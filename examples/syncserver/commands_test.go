package main

import (
	"bytes"
	"flag"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
)

// TestFlagsMayAppearAnywhere checks that a flag has the same effect before a command, after it, and
// after the workspace.
func TestFlagsMayAppearAnywhere(t *testing.T) {
	for _, line := range []string{
		"-db x.db -v journal demo", "journal -db x.db -v demo", "journal demo -db x.db -v", "-v journal -db=x.db demo", "-v journal -db x.db -- demo",
	} {
		s, err := parse(strings.Fields(line), nil)
		require.NoError(t, err, line)
		require.Equal(t, "journal", s.command.name, line)
		require.Equal(t, "demo", s.workspace, line)
		require.Equal(t, "x.db", s.database, line)
		require.True(t, s.verbose, line)
	}
	s, err := parse(nil, nil)
	require.NoError(t, err)
	require.Empty(t, s.command.name)
	require.Empty(t, s.workspace)
	s, err = parse([]string{"audit", "--", "-v"}, nil)
	require.NoError(t, err)
	require.Equal(t, "-v", s.workspace, "the argument after -- was not taken as a workspace")
	s, err = parse(strings.Fields("erase -db x.db demo tasks -- 1 -2"), nil)
	require.NoError(t, err)
	require.Equal(t, []string{"demo", "tasks", "1", "-2"}, append([]string{s.workspace, s.table}, s.ids...))
}

// TestInvalidCommandLinesAreExplained checks that no invalid argument is ignored, and that the
// error says what to do.
func TestInvalidCommandLinesAreExplained(t *testing.T) {
	for line, want := range map[string]string{
		"journl demo":      "journal, audit",
		"serve":            "no command to start the server",
		"journal":          `takes one workspace, as in "syncserver journal demo"`,
		"journal a b":      "takes one workspace",
		"audit a -v b":     "takes one workspace",
		"restored demo":    "takes no workspace",
		"erase demo tasks": "takes a workspace, a table and IDs",
		"erase":            `"syncserver erase demo tasks 42"`,
		"-retention -1":    "a number of days",
		"-level 3":         "1 or 2",
		"-port 8081":       "-port",
		"journal -port x":  "-port",
		"journal demo -db": "-db",
		"-v=maybe":         "maybe",
	} {
		_, err := parse(strings.Fields(line), nil)
		require.ErrorIs(t, err, errUsage, line)
		require.ErrorContains(t, err, want, line)
		require.ErrorContains(t, err, "-h", line)
	}
}

// TestErasuresAreRememberedNextToTheDatabaseFile checks the default of -erasures. Several machines can
// run the command on a PostgreSQL database, so there it has no default.
func TestErasuresAreRememberedNextToTheDatabaseFile(t *testing.T) {
	for line, want := range map[string]string{"-db x.db": "x.db.erasures", "-db x.db -erasures y": "y", "-db postgres://x": "", "-db postgres://x -erasures y": "y"} {
		s, err := parse(strings.Fields(line), nil)
		require.NoError(t, err)
		require.Equal(t, want, s.erasures)
	}
}

// TestHelpListsTheFlagsOfTheCommand checks that each command has its own help, with the flags
// that it uses and no others.
func TestHelpListsTheFlagsOfTheCommand(t *testing.T) {
	for _, c := range commands() {
		var out bytes.Buffer
		_, err := parse(append(strings.Fields(c.name), "-h"), &out)
		require.ErrorIs(t, err, flag.ErrHelp)
		require.Contains(t, out.String(), c.about)
		for _, name := range []string{"addr", "db", "erasures", "host", "journal", "level", "open", "proxy", "retention", "v"} {
			has := false
			for _, f := range c.flags {
				has = has || f == name
			}
			require.Equal(t, has, strings.Contains(out.String(), "\n  -"+name), "%s: -%s", c.name, name)
		}
	}
}

// TestTakenPortLeavesNoDatabase checks that a server that cannot listen says what to do, and
// creates no database file.
func TestTakenPortLeavesNoDatabase(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	for address, want := range map[string]string{taken.Addr().String(): "choose another address, such as -addr", "8080": "-addr takes a host", "127.0.0.1:http:": "-addr takes a host"} {
		s := settings{address: address, database: databasetest.SQLite(t)}
		require.ErrorContains(t, serve(t.Context(), s), want)
		require.NoFileExists(t, s.database)
	}
}
