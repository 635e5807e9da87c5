package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestServerIsCopiedAsDocumented runs the commands of examples/README.md in a folder outside the repository, where
// examples/go.work has no effect. The copy must build and pass its examples, and need nothing else of this module.
func TestServerIsCopiedAsDocumented(t *testing.T) {
	document, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	_, commands, found := strings.Cut(string(document), "\n```\nFIELDLWW=~/fieldlww\n")
	require.True(t, found, "the README has no commands that copy the server")
	commands, _, _ = strings.Cut(commands, "\n```\n")
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	folder := t.TempDir()
	run := func(commands string) string {
		shell := exec.Command("bash", "-euo", "pipefail", "-c", commands)
		shell.Dir = folder
		shell.Env = append(os.Environ(), "FIELDLWW="+root, "PWD="+folder, "GOFLAGS="+os.Getenv("GOFLAGS")+" -vet=off")
		text, err := shell.CombinedOutput()
		require.NoError(t, err, "%s", text)
		return string(text)
	}
	tested := run(commands)
	for _, name := range []string{"server", "replica/remote"} {
		require.Contains(t, tested, "ok  \texample.com/app/"+name+"\t")
	}
	needed := run("cd app && go list -deps ./...")
	require.Contains(t, needed, "example.com/app/server\n")
	require.NotContains(t, needed, "examples/syncserver")
}
