package repotest

import (
	"flag"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files of the exported API instead of comparing with them")

// mostNames is the greatest number of types and functions that record, merge and violation may
// each export. Methods, constants and variables do not count.
const mostNames = 32

// TestExportedAPIMatchesGoldenFiles compares the exported API of each package with its golden
// file. The API may change: run
//
//	go test ./merge/internal/repotest -update
//
// and describe the change in .github/CHANGELOG.md in the same commit.
func TestExportedAPIMatchesGoldenFiles(t *testing.T) {
	packages := exported(t)
	for _, name := range []string{"clock", "record", "record/fields", "record/lens", "merge", "merge/buckets", "merge/imports", "merge/memory", "merge/mergetest", "violation", "violation/violationtest"} {
		t.Run(name, func(t *testing.T) {
			got := describe(packages(name))
			golden := filepath.Join("testdata", "api", strings.ReplaceAll(name, "/", "_")+".txt")
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got, "the exported API changed: run this test with -update, and describe the change in .github/CHANGELOG.md")
		})
	}
	for _, name := range []string{"record", "merge", "violation"} {
		require.LessOrEqual(t, countNames(packages(name)), mostNames, "%s exports too many types and functions", name)
	}
}

// exported returns a function that imports a package of the module from the compiler's export
// data.
func exported(t *testing.T) func(name string) *types.Package {
	files := map[string]string{}
	for _, p := range list(t, "-export", "-deps", "./clock", "./record/...", "./merge/...", "./violation/...") {
		files[p.ImportPath] = p.Export
	}
	open := func(path string) (io.ReadCloser, error) { return os.Open(files[path]) }
	compiled := importer.ForCompiler(token.NewFileSet(), "gc", open)
	return func(name string) *types.Package {
		p, err := compiled.Import(module + name)
		require.NoError(t, err)
		return p
	}
}

// countNames returns the number of types and functions that a package exports.
func countNames(p *types.Package) (n int) {
	for _, name := range p.Scope().Names() {
		switch p.Scope().Lookup(name).(type) {
		case *types.TypeName, *types.Func:
			if token.IsExported(name) {
				n++
			}
		}
	}
	return n
}

// describe lists the exported API of a package, with one line for each constant, variable,
// function, type, field and method.
func describe(p *types.Package) string {
	qualifier := func(other *types.Package) string {
		if other == p {
			return ""
		}
		return other.Name()
	}
	var lines []string
	for _, name := range p.Scope().Names() {
		if !token.IsExported(name) {
			continue
		}
		switch o := p.Scope().Lookup(name).(type) {
		case *types.Const:
			lines = append(lines, types.ObjectString(o, qualifier)+" = "+o.Val().ExactString())
		case *types.TypeName:
			lines = append(lines, describeType(o, qualifier)...)
		default:
			lines = append(lines, types.ObjectString(o, qualifier))
		}
	}
	// The compiler numbers unnamed results of other packages.
	text := regexp.MustCompile(`#rv\d+ `).ReplaceAllString(strings.Join(lines, "\n"), "")
	return fmt.Sprintf("%d types and functions\n\n%s\n", countNames(p), text)
}

// describeType lists a type, its exported fields, and its methods, including the methods of
// embedded fields.
func describeType(o *types.TypeName, qualifier types.Qualifier) []string {
	if o.IsAlias() {
		return []string{types.ObjectString(o, qualifier)}
	}
	named := o.Type().(*types.Named)
	kind := types.TypeString(named.Underlying(), qualifier)
	var members []string
	switch u := named.Underlying().(type) {
	case *types.Struct:
		kind = "struct"
		for f := range u.Fields() {
			if f.Exported() {
				members = append(members, fmt.Sprintf("  %s.%s %s", o.Name(), f.Name(), types.TypeString(f.Type(), qualifier)))
			}
		}
	case *types.Interface:
		kind = "interface"
	}
	members = append(members, describeMethods(named, qualifier)...)
	head := fmt.Sprintf("type %s %s", types.TypeString(named, qualifier), kind)
	return append([]string{head}, members...)
}

// describeMethods lists the exported methods of a type and of a pointer to it.
func describeMethods(named *types.Named, qualifier types.Qualifier) (lines []string) {
	byValue := types.NewMethodSet(named)
	all := byValue
	if !types.IsInterface(named) {
		all = types.NewMethodSet(types.NewPointer(named))
	}
	for s := range all.Methods() {
		if m := s.Obj(); m.Exported() {
			star := "*"
			if byValue.Lookup(m.Pkg(), m.Name()) != nil {
				star = ""
			}
			signature := strings.TrimPrefix(types.TypeString(m.Type(), qualifier), "func")
			lines = append(lines, fmt.Sprintf("  (%s%s) %s%s", star, named.Obj().Name(), m.Name(), signature))
		}
	}
	slices.Sort(lines)
	return lines
}
