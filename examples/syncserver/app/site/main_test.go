package main

import (
	"flag"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFlagIsNotTakenForAFolder: only one argument that is not a flag names a folder.
func TestFlagIsNotTakenForAFolder(t *testing.T) {
	folder, err := parse([]string{"out"})
	require.NoError(t, err)
	require.Equal(t, "out", folder)
	_, err = parse([]string{"-h"})
	require.ErrorIs(t, err, flag.ErrHelp)
	for _, args := range [][]string{{}, {"-x"}, {"a", "b"}} {
		_, err = parse(args)
		require.Error(t, err, "%q", args)
	}
}
