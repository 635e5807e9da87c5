package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadmeShowsTheConflictsOfTheBuiltInHistory compares the excerpt in the README with the report.
func TestReadmeShowsTheConflictsOfTheBuiltInHistory(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	_, excerpt, ok := strings.Cut(string(readme), "```\n  shared fields ")
	require.True(t, ok)
	excerpt, _, _ = strings.Cut(excerpt, "```\n")
	require.Contains(t, builtIn(t), "  shared fields "+excerpt+"\n")
}
