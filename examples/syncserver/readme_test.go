package main

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadme: the code in the README is that of the server, word for word.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)<!-- in examples/syncserver/(\\S+) -->\n```go\n(.*?)```").FindAllSubmatch(readme, -1)
	require.Len(t, blocks, 4)
	for _, b := range blocks {
		source, err := os.ReadFile(string(b[1]))
		require.NoError(t, err)
		require.Contains(t, string(source), string(b[2]))
	}
}
