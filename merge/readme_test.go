package merge_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadmeProgram keeps the first program of the README in step with Example,
// which is compiled, run and checked.
func TestReadmeProgram(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(readme), "```go\n")
	require.True(t, ok, "the README has no Go program")
	program, rest, _ := strings.Cut(rest, "```\n")
	_, rest, _ = strings.Cut(rest, "```\n")
	output, _, _ := strings.Cut(rest, "```\n")

	source, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	_, body, _ := strings.Cut(string(source), "func Example() {\n")
	body, _, _ = strings.Cut(body, "\n}\n")
	code, want, _ := strings.Cut(body, "\t// Output:\n")

	require.Equal(t, strings.ReplaceAll(code, "\n\t", "\n")[1:], program)
	require.Equal(t, strings.ReplaceAll(want, "\t// ", "")+"\n", output)
}
