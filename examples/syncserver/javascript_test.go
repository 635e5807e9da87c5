package main

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
)

// A terminal runs the to-do list of examples/client.
type terminal struct {
	t     *testing.T
	input io.Writer
	lines chan string
	kill  func()
	seen  strings.Builder // the lines that were read
}

func newTerminal(t *testing.T, address, file string) *terminal {
	t.Helper()
	node := exec.Command("node", "../client/example.mjs", "http://"+address, file)
	input, err := node.StdinPipe()
	require.NoError(t, err)
	output, err := node.StdoutPipe()
	require.NoError(t, err)
	node.Stderr = node.Stdout
	require.NoError(t, node.Start())
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(output); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	kill := func() { _ = node.Process.Kill(); _ = node.Wait() }
	t.Cleanup(kill)
	return &terminal{t: t, input: input, lines: lines, kill: kill}
}

func (d *terminal) types(line string) {
	d.t.Helper()
	_, err := fmt.Fprintln(d.input, line)
	require.NoError(d.t, err)
}

// shows waits for a line that matches a pattern, and returns its first word. A client whose server was away may pause for
// a minute.
func (d *terminal) shows(pattern string) string {
	d.t.Helper()
	for expected, limit := regexp.MustCompile(pattern), time.After(3*time.Minute); ; {
		select {
		case line, ok := <-d.lines:
			require.True(d.t, ok, "ended before %q:\n%s", pattern, &d.seen)
			fmt.Fprintln(&d.seen, line)
			if expected.MatchString(line) {
				return strings.Fields(line)[0]
			}
		case <-limit:
			require.FailNow(d.t, "missing", "%q in:\n%s", pattern, &d.seen)
		}
	}
}

// TestExampleOfTheJavaScriptClient edits a task on two devices without a network, kills one of them, and lets both sync.
func TestExampleOfTheJavaScriptClient(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("needs Node.js")
	}
	server := start(t, databasetest.SQLite(t))
	folder := t.TempDir()
	files := []string{filepath.Join(folder, "laptop"), filepath.Join(folder, "phone")}
	laptop, phone := newTerminal(t, server.Address, files[0]), newTerminal(t, server.Address, files[1])
	phone.shows("^in sync$")
	laptop.types("Paint the fence")
	task := laptop.shows("Paint the fence$")
	phone.shows("^" + task + " Paint the fence$")

	server.Kill()
	laptop.types(task + " Paint it green")
	laptop.shows("Paint it green …$")
	phone.types(task + " Paint it red")
	phone.shows("Paint it red …$")
	laptop.kill()
	laptop = newTerminal(t, server.Address, files[0])
	laptop.shows("Paint it green …$")
	laptop.shows("^not in sync")

	require.NoError(t, server.StartAgain())
	phone.shows("Paint it red$")
	laptop.shows("Paint it red$")
	laptop.types(task)
	phone.shows(task + ` \(deleted\)$`)
}
