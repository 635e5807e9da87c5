package lawtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
)

// A function whose cost grows faster than its input can be used to slow a server down. So each
// exported function runs on inputs of every shape: once on a large input, and eight times on an
// input of an eighth of the size. The large input may take at most four times the time and
// twice the memory of the eight small inputs. The ratio of the times is about 1 if the cost is
// linear, 1.4 if the function sorts, and 8 if the cost is quadratic. A busy machine can triple the time
// of a call that allocates all of its memory at once.
const (
	fewCells  = 200
	factor    = 8
	manyCells = factor * fewCells
	mostTime  = 4
	mostBytes = 2
	slack     = 128 << 10 // bytes allocated whatever the size of the input
)

// measured returns a call to measure, which works on the given material.
type measured func(m *material) func()

// TestCostOfEveryFunctionIsNearlyLinear runs every function on every shape.
func TestCostOfEveryFunctionIsNearlyLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 10 s, and more under the race detector")
	}
	functions := growthTable()
	for _, s := range shapes() {
		few, many := newMaterial(t, s, fewCells), newMaterial(t, s, manyCells)
		for _, name := range slices.Sorted(maps.Keys(functions)) {
			once, large := functions[name](few), functions[name](many)
			small := func() {
				for range factor {
					once()
				}
			}
			requireGrowth(t, small, large, name+" for "+s.name)
		}
	}
}

// TestSortingNestedObjectsDoesNotDependOnDepth: an object whose members must be sorted costs
// about as much per byte if it is deeply nested as near the top level. The difference comes only
// from moving its bytes.
func TestSortingNestedObjectsDoesNotDependOnDepth(t *testing.T) {
	const size = 400_000
	nested := func(depth int) func() {
		pad := strings.Repeat("x", 1000)
		one := strings.Repeat(`{"b":"`+pad+`","a":`, depth) + "1" + strings.Repeat("}", depth)
		text := []byte("[" + strings.Repeat(one+",", size/len(one)) + "1]")
		return func() {
			d := record.Decoder{Limits: record.Limits{Value: -1}}
			if _, err := d.Value(text); err != nil {
				panic(err)
			}
		}
	}
	requireGrowth(t, nested(2), nested(31), "nested objects")
}

// requireGrowth compares the least costs of up to 200 runs. Both functions take about the same time,
// so other load on the machine slows both.
func requireGrowth(t *testing.T, small, large func(), what string) {
	t.Helper()
	var a, b cost
	for range 200 {
		a, b = a.least(small), b.least(large)
		if b.time <= mostTime*a.time && b.bytes <= mostBytes*a.bytes+slack {
			return
		}
	}
	t.Errorf("%s: the large input costs %+v, and the small inputs of the same total size cost %+v", what, b, a)
}

// cost is the time and the memory that a call takes.
type cost struct {
	time  time.Duration
	bytes uint64 // allocated bytes
}

// least calls the function, and returns the lower of its cost and c. In the first call, c is
// zero and does not count.
func (c cost) least(do func()) cost {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	do()
	took := max(time.Since(start), 1)
	runtime.ReadMemStats(&after)
	bytes := after.TotalAlloc - before.TotalAlloc
	if c.time == 0 {
		return cost{took, bytes}
	}
	return cost{min(took, c.time), min(bytes, c.bytes)}
}

// TestEveryFunctionIsMeasured: every exported function of clock, record, record/fields, record/lens, merge and merge/imports
// is in the table of measured functions, or in the list of functions whose input has a constant size.
func TestEveryFunctionIsMeasured(t *testing.T) {
	known := map[string]bool{}
	for names := range growthTable() {
		for name := range strings.FieldsSeq(names) {
			known[name] = true
		}
	}
	for name := range strings.FieldsSeq(withoutSize) {
		require.False(t, known[name], "%s is listed twice", name)
		known[name] = true
	}
	var all []string
	for _, pkg := range []string{"clock", "record", "record/fields", "record/lens", "merge", "merge/imports"} {
		all = append(all, exportedFunctions(t, pkg)...)
	}
	require.ElementsMatch(t, all, slices.Collect(maps.Keys(known)))
}

// exportedFunctions returns the names of the functions and methods of a package.
func exportedFunctions(t *testing.T, pkg string) (all []string) {
	t.Helper()
	source := func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }
	//lint:ignore SA1019 each folder holds one package, so parsing its files is enough
	packages, err := parser.ParseDir(token.NewFileSet(), "../../../"+pkg, source, 0)
	require.NoError(t, err)
	for _, file := range packages[path.Base(pkg)].Files {
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || !f.Name.IsExported() {
				continue
			}
			name := path.Base(pkg) + "."
			if f.Recv != nil {
				receiver := typeName(f.Recv.List[0].Type)
				if !ast.IsExported(receiver) {
					continue
				}
				name += receiver + "."
			}
			all = append(all, name+f.Name.Name)
		}
	}
	return all
}

// typeName returns the name of a receiver's type.
func typeName(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.StarExpr:
		return typeName(x.X)
	case *ast.IndexExpr:
		return typeName(x.X)
	case *ast.Ident:
		return x.Name
	}
	return ""
}
