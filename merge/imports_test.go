package merge_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestImports: who links this package links the standard library and nothing
// else, and of that nothing that reaches outside the program. It is pure, so it
// starts no goroutine either, and never reads a clock.
func TestImports(t *testing.T) {
	below := []string{"github.com/fieldlww/fieldlww/clock", "github.com/fieldlww/fieldlww/record"}
	banned := []string{"context", "database/sql", "log", "net", "os", "syscall", "testing", "time", "unsafe"}
	inside := func(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }
	paths, err := filepath.Glob("*.go")
	require.NoError(t, err)
	files := 0
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			domain, _, _ := strings.Cut(name, "/")
			require.True(t, !strings.Contains(domain, ".") || slices.Contains(below, name), "%s imports %s", path, name)
			for _, dir := range banned {
				require.False(t, inside(name, dir) && name != "database/sql/driver", "%s imports %s", path, name)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			_, starts := n.(*ast.GoStmt)
			require.False(t, starts, "%s starts a goroutine", path)
			return true
		})
	}
	require.Greater(t, files, 3)
}
