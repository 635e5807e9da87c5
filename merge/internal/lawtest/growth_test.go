package lawtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
)

// What costs more than its input is worth can be used to slow a server down. So for
// every exported function, on data of every shape, eight times as much input may take at most
// three times what the smaller input takes eight times, and twice the memory. Where the cost is
// linear that factor is 1, where something is sorted it is 1.4, and where it is quadratic, 8.
const (
	fewCells  = 200
	factor    = 8
	manyCells = factor * fewCells
	mostTime  = 3
	mostBytes = 2
	slack     = 128 << 10 // bytes that do not depend on the input
)

// measured makes from some material what is to be measured.
type measured func(m *material) func()

// TestGrowth runs every function on every shape.
func TestGrowth(t *testing.T) {
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

// TestGrowthWithDepth: an object whose members have to be sorted costs no more per byte deep
// within others than near the top, but for being moved.
func TestGrowthWithDepth(t *testing.T) {
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

// requireGrowth compares the least costs of several runs. Both take about as long, so whatever
// else the machine does makes both longer, and it looks again before it complains.
func requireGrowth(t *testing.T, small, large func(), what string) {
	t.Helper()
	var a, b cost
	for range 12 {
		a, b = a.least(small), b.least(large)
		if b.time <= mostTime*a.time && b.bytes <= mostBytes*a.bytes+slack {
			return
		}
	}
	t.Errorf("%s: the larger input costs %+v, and as much of the smaller %+v", what, b, a)
}

// cost is what a call costs.
type cost struct {
	time  time.Duration
	bytes uint64 // allocated
}

// least runs do, and returns the least of what it cost and of what it cost before.
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

// TestGrowthKnowsAll: every exported function of clock, record and merge is measured, or is
// one whose input has no size.
func TestGrowthKnowsAll(t *testing.T) {
	known := map[string]bool{}
	for names := range growthTable() {
		for name := range strings.FieldsSeq(names) {
			known[name] = true
		}
	}
	for name := range strings.FieldsSeq(withoutSize) {
		require.False(t, known[name], "%s is there twice", name)
		known[name] = true
	}
	var all []string
	for _, pkg := range []string{"clock", "record", "merge"} {
		all = append(all, exportedFunctions(t, pkg)...)
	}
	require.ElementsMatch(t, all, slices.Collect(maps.Keys(known)))
}

// exportedFunctions returns the names of the functions and methods of a package.
func exportedFunctions(t *testing.T, pkg string) (all []string) {
	t.Helper()
	source := func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }
	//lint:ignore SA1019 one folder has one package, so the files are enough
	packages, err := parser.ParseDir(token.NewFileSet(), "../../../"+pkg, source, 0)
	require.NoError(t, err)
	for _, file := range packages[pkg].Files {
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || !f.Name.IsExported() {
				continue
			}
			name := pkg + "."
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

// typeName returns the name of the type of a receiver.
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
