package server

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// source is the checked source of this package, without its tests. With it, tests find the refusals of each route:
// those whose literals its handler can reach.
type source struct {
	t    *testing.T
	info *types.Info
	body map[types.Object]*ast.FuncDecl // by function
}

// refusal is the status and the code of a failure.
type refusal struct {
	status int64
	code   string
}

// sourceOf reads the source of this package.
func sourceOf(t *testing.T) *source {
	t.Helper()
	files := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var all []*ast.File
	for _, name := range names {
		if !strings.HasSuffix(name, "_test.go") {
			f, err := parser.ParseFile(files, name, nil, 0)
			require.NoError(t, err)
			all = append(all, f)
		}
	}
	s := &source{
		t: t, body: make(map[types.Object]*ast.FuncDecl),
		info: &types.Info{Defs: make(map[*ast.Ident]types.Object), Uses: make(map[*ast.Ident]types.Object), Types: make(map[ast.Expr]types.TypeAndValue)},
	}
	config := types.Config{Importer: importer.ForCompiler(files, "gc", exported(t))}
	checked, err := config.Check("server", files, all, s.info)
	require.NoError(t, err)
	for _, f := range all {
		for _, d := range f.Decls {
			if d, ok := d.(*ast.FuncDecl); ok {
				s.body[s.info.Defs[d.Name]] = d
			}
		}
	}
	// A call of a method of a Backend reaches the Backend of a Server.
	backend := checked.Scope().Lookup("Backend").Type().Underlying().(*types.Interface)
	for m := range backend.Methods() {
		of, _, _ := types.LookupFieldOrMethod(checked.Scope().Lookup("sqlBackend").Type(), true, checked, m.Name())
		require.Contains(t, s.body, of, m.Name())
		s.body[m] = s.body[of]
	}
	return s
}

// exported opens the export data of the packages that this package imports.
func exported(t *testing.T) importer.Lookup {
	t.Helper()
	list, err := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export", ".").Output()
	require.NoError(t, err)
	at := make(map[string]string)
	for d := json.NewDecoder(strings.NewReader(string(list))); ; {
		var p struct{ ImportPath, Export string }
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return func(path string) (io.ReadCloser, error) { return os.Open(at[path]) }
		} else if err != nil {
			require.NoError(t, err)
		}
		at[p.ImportPath] = p.Export
	}
}

// visit calls a function with all nodes below a node, and below each function that is named there, directly or not. Log
// lines refuse nothing, although they have a quota.
func (s *source) visit(n ast.Node, seen map[types.Object]bool, visit func(ast.Node)) {
	ast.Inspect(n, func(n ast.Node) bool {
		visit(n)
		name, ok := n.(*ast.Ident)
		if !ok || name.Name == "logFailure" {
			return true
		}
		if f := s.info.Uses[name]; s.body[f] != nil && !seen[f] {
			seen[f] = true
			s.visit(s.body[f], seen, visit)
		}
		return true
	})
}

// refusals returns the refusals that a node can reach.
func (s *source) refusals(n ast.Node) map[refusal]bool {
	all := make(map[refusal]bool)
	s.visit(n, make(map[types.Object]bool), func(n ast.Node) {
		if literal, ok := n.(*ast.CompositeLit); ok && s.isOf(literal, "failure") {
			all[s.refusalOf(literal)] = true
		}
	})
	return all
}

// routes returns the refusals of each route, by its method and path, and those that no route can reach.
func (s *source) routes() (of map[string]map[refusal]bool, others map[refusal]bool) {
	of, others = make(map[string]map[refusal]bool), make(map[refusal]bool)
	for _, f := range s.body {
		ast.Inspect(f, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			switch {
			case ok && s.isOf(literal, "route"):
				of[s.text(literal.Elts[0])+" "+s.text(literal.Elts[1])] = s.refusals(literal.Elts[2])
			case ok && s.isOf(literal, "failure"):
				others[s.refusalOf(literal)] = true
			}
			return true
		})
	}
	for _, reached := range of {
		for r := range reached {
			delete(others, r)
		}
	}
	return of, others
}

// calls returns the calls of functions whose expression matches a pattern, such as http.Error.
func (s *source) calls(pattern string) (all []*ast.CallExpr) {
	of := regexp.MustCompile(pattern)
	for _, f := range s.body {
		ast.Inspect(f, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && of.MatchString(types.ExprString(call.Fun)) {
				all = append(all, call)
			}
			return true
		})
	}
	return all
}

// text returns the value of a constant text, or "" if an expression is not constant.
func (s *source) text(e ast.Expr) string {
	if value := s.info.Types[e].Value; value != nil && value.Kind() == constant.String {
		return constant.StringVal(value)
	}
	return ""
}

// isOf reports whether a literal has a type of this package.
func (s *source) isOf(literal *ast.CompositeLit, name string) bool {
	named, ok := s.info.Types[literal].Type.(*types.Named)
	return ok && named.Obj().Name() == name && named.Obj().Pkg().Path() == "server"
}

// refusalOf returns the status and the code of a failure. Both must be constants.
func (s *source) refusalOf(literal *ast.CompositeLit) (r refusal) {
	for i, e := range literal.Elts {
		name := []string{"status", "Code", "Detail", "err"}[i]
		if pair, ok := e.(*ast.KeyValueExpr); ok {
			name, e = pair.Key.(*ast.Ident).Name, pair.Value
		}
		switch name {
		case "status":
			r.status = s.number(e)
		case "Code":
			r.code = s.text(e)
		}
	}
	require.NotZero(s.t, r.status, "the status of a failure is not a constant")
	require.NotEmpty(s.t, r.code, "the code of a failure is not a constant")
	return r
}

// number returns the value of a constant number, or 0 if an expression is not constant.
func (s *source) number(e ast.Expr) int64 {
	if value := s.info.Types[e].Value; value != nil {
		n, _ := constant.Int64Val(constant.ToInt(value))
		return n
	}
	return 0
}
