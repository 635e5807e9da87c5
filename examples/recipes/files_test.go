package recipes

import (
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEachRecipeCanBeCopiedAlone checks that no file of the package uses a name of another one.
func TestEachRecipeCanBeCopiedAlone(t *testing.T) {
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		known := make(map[string]bool)
		for _, i := range file.Imports {
			imported, err := strconv.Unquote(i.Path.Value)
			require.NoError(t, err)
			known[path.Base(imported)] = true
		}
		for _, id := range file.Unresolved {
			isKnown := known[id.Name] || types.Universe.Lookup(id.Name) != nil
			require.True(t, isKnown, "%s uses %s of another file", name, id.Name)
		}
	}
}
