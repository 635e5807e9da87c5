package process

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestServersStartRestartAndStop checks that each server gets its own port, restarts on the same
// port, and stops on request.
func TestServersStartRestartAndStop(t *testing.T) {
	program, err := Build()
	require.NoError(t, err)
	defer program.Remove()

	database := filepath.Join(t.TempDir(), "a.db")
	first, err := program.Start(database)
	require.NoError(t, err)
	defer first.Kill()
	second, err := program.Start(database, "-v")
	require.NoError(t, err)
	defer second.Kill()
	require.NotEqual(t, first.Address, second.Address)
	requireHealthy(t, first.Address)

	address := first.Address
	first.Kill()
	require.NoError(t, first.StartAgain())
	require.Equal(t, address, first.Address)
	requireHealthy(t, address)
	require.NoError(t, second.Stop())

	_, err = program.Start(filepath.Join(t.TempDir(), "no", "such", "folder"))
	require.ErrorContains(t, err, "no such file or directory")
}

// TestProgramThatIsNotAServerIsKilled checks that Start kills a program that does not report an
// address, and returns its output as an error. Such a program does not end by itself.
func TestProgramThatIsNotAServerIsKilled(t *testing.T) {
	name := filepath.Join(t.TempDir(), "other")
	script := "#!/bin/sh\necho $$ >" + name + ".pid\necho trouble >&2\necho hello\nexec sleep 1000000\n"
	require.NoError(t, os.WriteFile(name, []byte(script), 0o755))
	p, err := (&Program{name, 30 * time.Second}).Start("a.db")
	require.ErrorContains(t, err, "hello")
	require.ErrorContains(t, err, "trouble")
	require.Nil(t, p)
	text, err := os.ReadFile(name + ".pid")
	require.NoError(t, err)
	var pid int
	_, err = fmt.Sscan(string(text), &pid)
	require.NoError(t, err)
	require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH)
}

func requireHealthy(t *testing.T, address string) {
	t.Helper()
	answer, err := http.Get("http://" + address + "/v1/health")
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode, string(text))
}
