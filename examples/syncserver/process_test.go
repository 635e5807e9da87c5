package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

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
