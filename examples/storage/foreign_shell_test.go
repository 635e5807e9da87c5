package main

import (
	"bytes"
	"fmt"
	"os"
	process "os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// shell is the program psql or sqlite3, as a writer that does not know of sync.
type shell struct {
	t       *testing.T
	program string
	args    []string
	env     []string
}

// shellOf returns the shell for the database of a server.
func shellOf(t *testing.T, s *server) shell {
	t.Helper()
	sh := shell{t: t}
	var place string
	if strings.Contains(t.Name(), "PostgreSQL") {
		require.NoError(t, s.db.QueryRow(`SELECT current_schema()`).Scan(&place))
		sh.program = "psql"
		sh.args = []string{"--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", os.Getenv("FIELDLWW_POSTGRES")}
		sh.env = append(os.Environ(), "PGOPTIONS=--search_path="+place)
	} else {
		require.NoError(t, s.db.QueryRow(`SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&place))
		sh.program = "sqlite3"
		sh.args = []string{"-batch", "-bail", "-cmd", ".timeout 30000", place}
	}
	if _, err := process.LookPath(sh.program); err != nil {
		t.Skipf("SKIPPED, NOT PASSED: the program %s is not installed (apt-get install sqlite3 postgresql-client)", sh.program)
	}
	return sh
}

// try runs a script, and returns what it prints.
func (sh shell) try(script string) (string, error) {
	var failure bytes.Buffer
	cmd := process.Command(sh.program, sh.args...)
	cmd.Env, cmd.Stdin, cmd.Stderr = sh.env, strings.NewReader(script), &failure
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", sh.program, err, failure.String())
	}
	return strings.TrimSpace(string(out)), err
}

// run runs a script, which must succeed.
func (sh shell) run(script string) string {
	sh.t.Helper()
	out, err := sh.try(script)
	require.NoError(sh.t, err)
	return out
}

// onEachShell runs a test with a server with shadow columns on each database, and its shell.
func onEachShell(t *testing.T, test func(*testing.T, *server, shell)) {
	for name, open := range columnsServers() {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			test(t, s, shellOf(t, s))
		})
	}
}
