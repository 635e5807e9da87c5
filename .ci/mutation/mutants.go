package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// mutant is one change to one file: it replaces source[from:to] with the text in the field "by".
type mutant struct {
	id       string // package/file/function/operator/ordinal, without a line number
	file     string
	source   []byte
	from, to int
	by       string
}

// changed returns the changed source of the file.
func (m mutant) changed() []byte {
	return slices.Concat(m.source[:m.from], []byte(m.by), m.source[m.to:])
}

// diff returns the changed lines, before and after the change.
func (m mutant) diff() string {
	start := strings.LastIndexByte(string(m.source[:m.from]), '\n') + 1
	end := m.to + strings.IndexByte(string(m.source[m.to:])+"\n", '\n')
	line := 1 + strings.Count(string(m.source[:start]), "\n")
	before, after := string(m.source[start:m.from]), string(m.source[m.to:end])
	return fmt.Sprintf("  %d -%s%s%s\n  %d +%s%s%s", line, before, m.source[m.from:m.to], after, line, before, m.by, after)
}

// mutantsOf returns the mutants of the functions of a package.
func mutantsOf(root, pkg string) (all []mutant, err error) {
	files, err := filepath.Glob(filepath.Join(root, pkg, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		fset := token.NewFileSet()
		tree, err := parser.ParseFile(fset, file, source, 0)
		if err != nil {
			return nil, err
		}
		for _, d := range tree.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
				name := pkg + "/" + filepath.Base(file) + "/" + receiver(f) + f.Name.Name
				all = append(all, mutantsIn(f, finder{fset: fset, file: file, source: source, prefix: name})...)
			}
		}
	}
	return all, nil
}

// mutantsIn returns the mutants of one function.
func mutantsIn(f *ast.FuncDecl, in finder) []mutant {
	in.count = map[string]int{}
	in.function(f.Type, f.Body)
	return in.found
}

// receiver returns the name of a method's type and a dot, or "" for a function.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	t := f.Recv.List[0].Type
	if p, ok := t.(*ast.StarExpr); ok {
		t = p.X
	}
	switch generic := t.(type) {
	case *ast.IndexExpr:
		t = generic.X
	case *ast.IndexListExpr:
		t = generic.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name + "."
	}
	return ""
}
