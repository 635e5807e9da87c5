// Command mutation changes the code of a package in one place at a time and runs its tests.
// A mutant that passes is a survivor. The survivors of a fixed sample must be those of
// survivors.txt, each of which has a reason.
//
//	go run . -root ../.. -sample 24 clock
package main

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// mutant is one change of one file: the bytes from and to of its source are replaced.
type mutant struct {
	id       string // package/file/function/operator/ordinal, which has no line numbers
	file     string
	from, to int
	by       string
}

func main() {
	root := flag.String("root", "../..", "the module")
	sample := flag.Int("sample", 24, "how many mutants of each package are run")
	flag.Parse()
	if err := run(*root, *sample, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(root string, sample int, packages []string) error {
	copied, err := os.MkdirTemp("", "mutation")
	if err != nil {
		return err
	}
	defer os.RemoveAll(copied)
	if err := os.CopyFS(copied, os.DirFS(root)); err != nil {
		return err
	}
	reviewed, err := os.ReadFile("survivors.txt")
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for line := range strings.Lines(string(reviewed)) {
		if id, _, ok := strings.Cut(line, " "); ok && id != "#" {
			known[id] = true
		}
	}
	failed := false
	for _, pkg := range packages {
		all, err := mutantsOf(copied, pkg)
		if err != nil {
			return err
		}
		slices.SortFunc(all, func(a, b mutant) int { return strings.Compare(rank(a.id), rank(b.id)) })
		for _, m := range all[:min(sample, len(all))] {
			survived, err := survives(copied, pkg, m)
			if err != nil {
				return err
			}
			if survived != known[m.id] {
				failed = true
				fmt.Printf("%s: survived %v, reviewed as a survivor %v: %q\n", m.id, survived, known[m.id], m.by)
			}
		}
		fmt.Printf("%s: %d of %d mutants\n", pkg, min(sample, len(all)), len(all))
	}
	if failed {
		return fmt.Errorf("the survivors are not those of survivors.txt: add a test, or the mutant with its reason")
	}
	return nil
}

// rank orders mutants by chance, and always in the same way.
func rank(id string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(id))) }

// survives reports whether the tests of a package pass with a mutant. One that does not
// compile, or does not end, is killed.
func survives(root, pkg string, m mutant) (bool, error) {
	source, err := os.ReadFile(m.file)
	if err != nil {
		return false, err
	}
	changed := slices.Concat(source[:m.from], []byte(m.by), source[m.to:])
	if err := os.WriteFile(m.file, changed, 0o600); err != nil {
		return false, err
	}
	test := exec.Command("go", "test", "-short", "-failfast", "-timeout", "60s", "./"+pkg)
	test.Dir = root
	survived := test.Run() == nil
	return survived, os.WriteFile(m.file, source, 0o600)
}

// mutantsOf returns all mutants of the code of a package.
func mutantsOf(root, pkg string) (all []mutant, err error) {
	files, err := filepath.Glob(filepath.Join(root, pkg, "*.go"))
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		tree, err := parser.ParseFile(fset, file, nil, 0)
		if err != nil {
			return nil, err
		}
		for _, d := range tree.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
				in := finder{fset: fset, file: file, prefix: pkg + "/" + filepath.Base(file) + "/" + receiver(f) + f.Name.Name, count: map[string]int{}}
				ast.Inspect(f.Body, in.look)
				all = append(all, in.found...)
			}
		}
	}
	return all, err
}

// receiver returns the name of the type of a method, and a dot.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	t := f.Recv.List[0].Type
	if p, ok := t.(*ast.StarExpr); ok {
		t = p.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name + "."
	}
	return ""
}

// finder finds the mutants of one function.
type finder struct {
	fset         *token.FileSet
	file, prefix string
	count        map[string]int
	found        []mutant
}

// swaps are the operators, and what takes their places.
var swaps = map[token.Token][]token.Token{
	token.LSS: {token.LEQ, token.GEQ}, token.LEQ: {token.LSS, token.GTR},
	token.GTR: {token.GEQ, token.LEQ}, token.GEQ: {token.GTR, token.LSS},
	token.EQL: {token.NEQ}, token.NEQ: {token.EQL},
	token.LAND: {token.LOR}, token.LOR: {token.LAND},
	token.ADD: {token.SUB}, token.SUB: {token.ADD},
}

func (f *finder) look(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		for _, by := range swaps[n.Op] {
			f.add("swap"+n.Op.String()+by.String(), n.OpPos, n.OpPos+token.Pos(len(n.Op.String())), by.String())
		}
	case *ast.BasicLit:
		switch n.Value {
		case "0":
			f.add("constant0", n.Pos(), n.End(), "1")
		case "1":
			f.add("constant1", n.Pos(), n.End(), "0")
		}
	case *ast.ExprStmt:
		f.add("remove", n.Pos(), n.End(), "")
	case *ast.IncDecStmt:
		f.add("remove", n.Pos(), n.End(), "")
	}
	return true
}

func (f *finder) add(operator string, from, to token.Pos, by string) {
	f.count[operator]++
	id := fmt.Sprintf("%s/%s/%d", f.prefix, operator, f.count[operator])
	f.found = append(f.found, mutant{id, f.file, f.fset.Position(from).Offset, f.fset.Position(to).Offset, by})
}
