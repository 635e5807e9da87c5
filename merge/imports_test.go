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

// TestImports: who links record, merge and violation links the standard library and nothing
// else, and of that nothing that reaches outside the program. They are pure, so
// they start no goroutine either, and never read a clock.
func TestImports(t *testing.T) {
	const module = "github.com/fieldlww/fieldlww/"
	below := map[string][]string{
		"../record": {module + "clock"},
		"../merge":  {module + "clock", module + "record"},
		// Of a context it knows that a view may want one.
		"../violation": {module + "clock", module + "record", module + "merge", "context"},
	}
	for dir, own := range below {
		paths, err := filepath.Glob(dir + "/*.go")
		require.NoError(t, err)
		paths = slices.DeleteFunc(paths, func(path string) bool { return strings.HasSuffix(path, "_test.go") })
		require.Greater(t, len(paths), 3)
		for _, path := range paths {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			for _, spec := range file.Imports {
				name, err := strconv.Unquote(spec.Path.Value)
				require.NoError(t, err)
				require.True(t, slices.Contains(own, name) || isPure(name), "%s imports %s", path, name)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				_, starts := n.(*ast.GoStmt)
				require.False(t, starts, "%s starts a goroutine", path)
				if call, ok := n.(*ast.SelectorExpr); ok {
					require.False(t, isImpure(call), "%s calls %s", path, call.Sel)
				}
				return true
			})
		}
	}
}

// TestKitImports: who runs the kits gets rapid at most, and no kit is a part of what
// users link.
func TestKitImports(t *testing.T) {
	for _, dir := range []string{"mergetest", "../violation/violationtest"} {
		paths, err := filepath.Glob(dir + "/*.go")
		require.NoError(t, err)
		require.NotEmpty(t, paths)
		for _, path := range paths {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
			require.NoError(t, err)
			for _, spec := range file.Imports {
				name, err := strconv.Unquote(spec.Path.Value)
				require.NoError(t, err)
				domain, rest, _ := strings.Cut(name, "/")
				own := strings.HasPrefix(name, "github.com/fieldlww/fieldlww/")
				require.True(t, own || name == "pgregory.net/rapid" || !strings.Contains(domain, "."), "%s imports %s", path, rest)
			}
		}
	}
}

// isPure reports whether a package is of the standard library and reaches nothing
// outside the program.
func isPure(name string) bool {
	// Of these, the types are used and nothing that isImpure finds.
	if slices.Contains([]string{"database/sql/driver", "log/slog", "time"}, name) {
		return true
	}
	banned := []string{"context", "database/sql", "log", "net", "os", "syscall", "testing", "unsafe"}
	outside := slices.ContainsFunc(banned, func(dir string) bool { return name == dir || strings.HasPrefix(name, dir+"/") })
	domain, _, _ := strings.Cut(name, "/")
	return !outside && !strings.Contains(domain, ".")
}

// isImpure reports whether an expression names what reads a clock, starts a timer,
// logs, or makes something that does.
func isImpure(e *ast.SelectorExpr) bool {
	pkg, ok := e.X.(*ast.Ident)
	if !ok {
		return false
	}
	pure := map[string][]string{
		"time": {"Time", "Duration", "RFC3339Nano", "Millisecond", "Second", "Minute", "Hour", "ParseDuration", "Parse", "Unix", "Date", "UTC"},
		"slog": {"Value", "Attr", "String", "Bool", "Duration", "Group", "GroupValue"},
	}
	names, listed := pure[pkg.Name]
	return listed && !slices.Contains(names, e.Sel.Name)
}
