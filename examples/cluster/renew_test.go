package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRenewComesBeforeClients opens the files of a cluster twice. The server listens after it has opened them.
func TestRenewComesBeforeClients(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	open := func(renew bool) string {
		s := settings{dir: dir, renew: renew}
		c, err := s.openCluster(t.Context())
		require.NoError(t, err)
		defer c.close()
		text, err := c.Incarnation(t.Context())
		require.NoError(t, err)
		return text
	}
	require.NotEqual(t, open(false), open(true))
}
