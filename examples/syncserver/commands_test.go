package main

import (
	"bytes"
	"errors"
	"flag"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
)

// TestFlagsMayAppearAnywhere checks that a flag has the same effect before a command, after it, and
// after the workspace.
func TestFlagsMayAppearAnywhere(t *testing.T) {
	for _, line := range []string{
		"-db x.db -v audit demo", "audit -db x.db -v demo", "audit demo -db x.db -v", "-v audit -db=x.db demo", "-v audit -db x.db -- demo",
	} {
		s, err := parse(strings.Fields(line), nil)
		require.NoError(t, err, line)
		require.Equal(t, "audit", s.command.name, line)
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
	require.Equal(t, []string{"demo", "tasks", "1", "-2"}, append([]string{s.workspace}, s.words...))
	s, err = parse([]string{"grant", "demo", "ana", "", "writer"}, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"ana", "", "writer"}, s.words)
	s, err = parse([]string{"revoke", "demo", "ana", "a", "", "b"}, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"ana", "a", "", "b"}, s.words)
	for _, line := range []string{"invite demo", "invite demo ana"} {
		_, err = parse(strings.Fields(line), nil)
		require.NoError(t, err)
	}
}

// TestInvalidCommandLinesAreExplained checks that no invalid argument is ignored, and that the
// error says what to do.
func TestInvalidCommandLinesAreExplained(t *testing.T) {
	for line, want := range map[string]string{
		"journl demo":      "journal, audit",
		"serve":            "no command to start the server",
		"journal":          `takes WORKSPACE, as in "syncserver journal demo"`,
		"journal a b":      "takes WORKSPACE,",
		"audit a -v b":     "takes WORKSPACE,",
		"restored demo":    "takes no arguments",
		"erase demo tasks": "takes WORKSPACE TABLE ID…",
		"erase":            `"syncserver erase demo tasks 42"`,
		"invite":           "takes WORKSPACE [USER]",
		"invite demo a b":  "takes WORKSPACE [USER]",
		"grant demo ana x": "takes WORKSPACE USER BUCKET ROLE",
		"revoke demo ana":  "takes WORKSPACE USER BUCKET…",
		"-retention -1":    `"-1" for flag -retention: it takes a whole number of days from 0 to 36500`,
		"-retention 36501": `"36501" for flag -retention: it takes a whole number of days from 0 to 36500`,
		"-retention 1.5":   `"1.5" for flag -retention: it takes a whole number of days from 0 to 36500`,
		"-level 3":         `"3" for flag -level: it takes a whole number from 1 to 2`,
		"-level 0":         "from 1 to 2",
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

// TestEmptyArgumentsAreRefused checks that only the name of a bucket may be empty.
func TestEmptyArgumentsAreRefused(t *testing.T) {
	for _, line := range [][]string{
		{"audit", ""}, {"grant", "demo", "", "x", "writer"}, {"grant", "demo", "ana", "x", ""}, {"revoke", "", "ana", "x"}, {"erase", "demo", "tasks", "1", ""},
	} {
		_, err := parse(line, nil)
		require.ErrorContains(t, err, "empty argument", "%q", line)
	}
}

// TestFlagsWithoutEffectAreRefused gives each flag to each command. A command accepts exactly the flags
// that its help lists.
func TestFlagsWithoutEffectAreRefused(t *testing.T) {
	for _, c := range commands() {
		line := strings.Fields(c.like)
		if c.name != "" {
			line = append([]string{c.name}, line...)
		}
		for _, name := range []string{"addr", "create", "db", "erasures", "host", "journal", "level", "n", "open", "origin", "proxy", "retention", "v"} {
			given := "-" + name + "=1" // a valid value of each flag
			_, err := parse(append([]string{given}, line...), nil)
			_, after := parse(append(slices.Clone(line), given), nil)
			if slices.Contains(c.flags, name) {
				require.NoError(t, errors.Join(err, after), "%s %s", c.name, given)
				continue
			}
			for _, err := range []error{err, after} {
				require.ErrorIs(t, err, errUsage)
				require.ErrorContains(t, err, strings.TrimSpace("syncserver "+c.name)+" has no flag -"+name)
			}
		}
	}
}

// TestJournalIsKeptByDefault checks the flag -journal.
func TestJournalIsKeptByDefault(t *testing.T) {
	for line, want := range map[string]bool{"": true, "-journal": true, "-journal=false": false} {
		s, err := parse(strings.Fields(line), nil)
		require.NoError(t, err)
		require.Equal(t, want, s.journal, line)
	}
}

// TestErasuresAreRememberedNextToTheDatabaseFile checks the default of -erasures. Several machines can
// run the command on a PostgreSQL database, so there it has no default.
func TestErasuresAreRememberedNextToTheDatabaseFile(t *testing.T) {
	for line, want := range map[string]string{"-db x.db": "x.db.erasures", "-db x.db -erasures y": "y", "-db postgres://x": "", "-db postgres://x -erasures y": "y"} {
		s, err := parse(append(strings.Fields(line), "restored"), nil)
		require.NoError(t, err)
		require.Equal(t, want, s.erasures)
		require.Equal(t, want == "y", s.named)
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
		for _, name := range []string{"addr", "create", "db", "erasures", "host", "journal", "level", "open", "origin", "proxy", "retention", "v"} {
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

// TestMissingJournalIsExplained: a workspace without a journal may be full of records.
func TestMissingJournalIsExplained(t *testing.T) {
	s := settings{database: databasetest.SQLite(t), workspace: "demo"}
	require.ErrorContains(t, journal(t.Context(), s), "workspace demo has no journal: check the name, and whether its server runs with -journal=false")
}
