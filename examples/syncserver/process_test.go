package main

import (
	"bufio"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
)

// binary builds the server, once for all tests, and returns the name of the program.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "syncserver")
	if err != nil {
		return "", err
	}
	atEnd = append(atEnd, func() { os.RemoveAll(dir) })
	name := filepath.Join(dir, "syncserver")
	out, err := exec.Command("go", "build", "-o", name, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return name, nil
})

// atEnd is what to do when all tests are over.
var atEnd []func()

func TestMain(m *testing.M) {
	code := m.Run()
	for _, f := range atEnd {
		f()
	}
	os.Exit(code)
}

// process is a server in a process of its own.
type process struct {
	t       *testing.T
	args    []string
	address string
	cmd     *exec.Cmd
}

// start starts a server on a database, and waits until it listens. It is killed at the
// latest when the test ends.
func start(t *testing.T, database string, args ...string) *process {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &process{t: t, address: free.Addr().String()}
	require.NoError(t, free.Close())
	p.args = append([]string{"-db", database, "-addr", p.address}, args...)
	p.start()
	t.Cleanup(p.kill)
	return p
}

// start starts the server, or starts it again.
func (p *process) start() {
	p.t.Helper()
	name, err := binary()
	require.NoError(p.t, err)
	p.cmd = exec.Command(name, p.args...)
	out, err := p.cmd.StdoutPipe()
	require.NoError(p.t, err)
	require.NoError(p.t, p.cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(p.t, err, "the server does not start")
	require.Equal(p.t, "syncserver: open http://"+p.address+"\n", line)
}

// kill kills the server as kill -9 does: it cannot do anything about it.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// sqlite returns the name of a file that is not there yet.
func sqlite(t *testing.T) string { return filepath.Join(t.TempDir(), "test.db") }

// postgres returns the URL of an empty schema in PostgreSQL, or skips the test.
func postgres(t *testing.T) string {
	t.Helper()
	url := os.Getenv("FIELDLWW_POSTGRES")
	if url == "" {
		t.Skip("SKIPPED, NOT PASSED: needs PostgreSQL, by its URL in FIELDLWW_POSTGRES; " +
			"or run ../storage/postgres.sh go test ./...")
	}
	db, err := sql.Open("pgx", url)
	require.NoError(t, err)
	schema := "test_" + strings.ToLower(rand.Text())
	_, err = db.Exec("CREATE SCHEMA " + schema)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := db.Exec("DROP SCHEMA " + schema + " CASCADE")
		require.NoError(t, err)
		require.NoError(t, db.Close())
	})
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
	}
	return url + separator + "search_path=" + schema
}
