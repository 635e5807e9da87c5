package repotest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// may returns a table that lists, for each package that users link and for each test kit, the
// packages that it is allowed to import besides the standard library. The packages below mergetest
// have their own table, in merge/mergetest/rooms_test.go.
func may() map[string][]string {
	return map[string][]string{
		"clock":                    {},
		"record":                   {"clock", "record/internal/jsontext"},
		"record/fields":            {"clock", "record"},
		"record/lens":              {"clock", "record"},
		"record/internal/jsontext": {},
		"record/internal/opinion":  {}, // used by tests only
		"merge":                    {"clock", "record"},
		"merge/buckets":            {"clock", "record", "merge"},
		"merge/imports":            {"clock", "record", "record/lens", "merge"},
		"merge/memory":             {"clock", "record", "merge", "merge/buckets", "merge/imports"},
		"merge/internal/lawtest":   {},
		"merge/internal/repotest":  {},
		"violation":                {"clock", "record", "merge", "merge/buckets"},
		"violation/violationtest":  {"clock", "record", "merge", "violation", "pgregory.net/rapid"},
	}
}

// TestPackagesImportOnlyWhatTheTableAllows: each package imports only the packages that the table
// allows. A new package must be added to the table.
func TestPackagesImportOnlyWhatTheTableAllows(t *testing.T) {
	for _, p := range list(t, "./clock/...", "./record/...", "./merge/...", "./violation/...") {
		name := strings.TrimPrefix(p.ImportPath, module)
		if name == "merge/mergetest" || strings.HasPrefix(name, "merge/mergetest/") {
			continue
		}
		allowed, known := may()[name]
		require.True(t, known, "%s is not in the table of allowed imports: add it to the function may", name)
		for _, imported := range p.Imports {
			short := strings.TrimPrefix(imported, module)
			require.True(t, isStandard(imported) || slices.Contains(allowed, short), "%s imports %s, which the table does not allow", name, imported)
		}
	}
}

// isStandard reports whether a package belongs to the standard library.
func isStandard(name string) bool {
	domain, _, _ := strings.Cut(name, "/")
	return !strings.Contains(domain, ".")
}

// TestCorePackagesArePure: record, merge and violation start no goroutine, read no clock, and
// access nothing outside the program. Package violation may import context, because a
// violation.View may need one.
func TestCorePackagesArePure(t *testing.T) {
	for _, p := range list(t, "./record/...", "./merge", "./violation") {
		for _, name := range p.Imports {
			view := name == "context" && p.ImportPath == module+"violation"
			require.True(t, view || strings.HasPrefix(name, module) || isPure(name), "%s imports %s, which is not pure", p.ImportPath, name)
		}
		for _, name := range p.GoFiles {
			path := filepath.Join(p.Dir, name)
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			requirePure(t, path, file)
		}
	}
}

// requirePure checks that a file starts no goroutine and uses nothing that isImpure forbids.
func requirePure(t *testing.T, path string, file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			require.Fail(t, "the file starts a goroutine", path)
		case *ast.SelectorExpr:
			require.False(t, isImpure(n), "%s uses %s", path, n.Sel)
		}
		return true
	})
}

// isPure reports whether a package of the standard library accesses nothing outside the program.
func isPure(name string) bool {
	// The core packages use only types from these packages, and functions that isImpure permits.
	if slices.Contains([]string{"database/sql/driver", "log/slog", "time"}, name) {
		return true
	}
	banned := []string{"context", "database/sql", "log", "net", "os", "syscall", "testing", "unsafe"}
	return !slices.ContainsFunc(banned, func(dir string) bool { return name == dir || strings.HasPrefix(name, dir+"/") })
}

// isImpure reports whether an expression names a function of time or log/slog that reads a clock,
// starts a timer or logs, or that returns a value that does.
func isImpure(e *ast.SelectorExpr) bool {
	pkg, ok := e.X.(*ast.Ident)
	if !ok {
		return false
	}
	pure := map[string][]string{
		"time": {"Time", "Duration", "Month", "RFC3339Nano", "Millisecond", "Second", "Minute", "Hour", "ParseDuration", "Parse", "Unix", "Date", "UTC"},
		"slog": {"Value", "Attr", "String", "Bool", "Duration", "Group", "GroupValue"},
	}
	names, restricted := pure[pkg.Name]
	return restricted && !slices.Contains(names, e.Sel.Name)
}
