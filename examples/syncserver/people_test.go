package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// TestGrantToUnknownUserWarns checks that a mistyped ID does not go unnoticed.
func TestGrantToUnknownUserWarns(t *testing.T) {
	database := filepath.Join(t.TempDir(), "people.db")
	created, err := server.OpenDatabase(t.Context(), database)
	require.NoError(t, err)
	require.NoError(t, created.Close())
	grant := func(user, bucket string) (out, log string) {
		cmd := program.Command("grant", "-db", database, "demo", user, bucket, "writer")
		var stdout, stderr strings.Builder
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		require.NoError(t, cmd.Run(), stderr.String())
		return stdout.String(), stderr.String()
	}
	out, log := grant("ana", "project/1")
	require.Contains(t, out, `ana is a member of "project/1"`)
	require.Contains(t, log, "warning: ana has not used demo yet")
	_, log = grant("ana", "project/2")
	require.Empty(t, log, "the user has a bucket already")
}
