package main

import (
	"fmt"
	"go/ast"
	"go/token"
)

// finder finds the mutants of one function.
type finder struct {
	fset         *token.FileSet
	file, prefix string
	source       []byte
	count        map[string]int // number of mutants of each operator
	found        []mutant
}

// replacements returns the operators that replace a binary operator. For example, < is replaced
// with <= and with >=, == with !=, && with ||, and + with -.
func replacements(op token.Token) []token.Token {
	switch op {
	case token.LSS:
		return []token.Token{token.LEQ, token.GEQ}
	case token.LEQ:
		return []token.Token{token.LSS, token.GTR}
	case token.GTR:
		return []token.Token{token.GEQ, token.LEQ}
	case token.GEQ:
		return []token.Token{token.GTR, token.LSS}
	case token.EQL:
		return []token.Token{token.NEQ}
	case token.NEQ:
		return []token.Token{token.EQL}
	case token.LAND:
		return []token.Token{token.LOR}
	case token.LOR:
		return []token.Token{token.LAND}
	case token.ADD:
		return []token.Token{token.SUB}
	case token.SUB:
		return []token.Token{token.ADD}
	}
	return nil
}

// function finds the mutants of a body. Function literals have result types of their own, so
// each is visited as a separate function.
func (f *finder) function(t *ast.FuncType, body *ast.BlockStmt) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			f.function(n.Type, n.Body)
			return false
		case *ast.ReturnStmt:
			f.returned(t, n)
		case ast.Stmt:
			f.statement(n)
		case *ast.BinaryExpr:
			for _, by := range replacements(n.Op) {
				f.add("swap"+n.Op.String()+by.String(), span{n.OpPos, n.OpPos + token.Pos(len(n.Op.String()))}, by.String())
			}
		case *ast.BasicLit:
			switch n.Value {
			case "0":
				f.add("constant0", of(n), "1")
			case "1":
				f.add("constant1", of(n), "0")
			}
		}
		return true
	})
}

// statement adds mutants that remove a call, an increment or an assignment, or negate a condition.
// It does not negate a comparison, because replacements already returns the opposite comparison.
func (f *finder) statement(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.ExprStmt:
		f.add("remove", of(s), "")
	case *ast.IncDecStmt:
		f.add("remove", of(s), "")
	case *ast.AssignStmt:
		if s.Tok != token.DEFINE {
			f.add("unassigned", of(s), "")
		}
	case *ast.IfStmt:
		if c, ok := s.Cond.(*ast.BinaryExpr); !ok || c.Op == token.LAND || c.Op == token.LOR {
			from, to := f.offset(s.Cond.Pos()), f.offset(s.Cond.End())
			f.add("negate", of(s.Cond), "!("+string(f.source[from:to])+")")
		}
	}
}

// returned adds mutants that swap true and false in the results, or replace a returned error with nil.
func (f *finder) returned(t *ast.FuncType, r *ast.ReturnStmt) {
	for _, result := range r.Results {
		switch name(result) {
		case "true":
			f.add("true", of(result), "false")
		case "false":
			f.add("false", of(result), "true")
		}
	}
	if t.Results == nil || len(r.Results) == 0 {
		return
	}
	last := r.Results[len(r.Results)-1]
	if name(t.Results.List[len(t.Results.List)-1].Type) == "error" && name(last) != "nil" {
		f.add("noerror", of(last), "nil")
	}
}

// name returns the name of an identifier, and "" for other expressions.
func name(e ast.Expr) string {
	if id, ok := e.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// span is a range of positions in the source.
type span struct{ from, to token.Pos }

// of returns the span of a node.
func of(n ast.Node) span { return span{n.Pos(), n.End()} }

// offset returns the byte offset of a position in the source.
func (f *finder) offset(p token.Pos) int { return f.fset.Position(p).Offset }

// add adds a mutant that replaces a span of the source with another text.
func (f *finder) add(operator string, where span, by string) {
	f.count[operator]++
	f.found = append(f.found, mutant{
		id:   fmt.Sprintf("%s/%s/%d", f.prefix, operator, f.count[operator]),
		file: f.file, source: f.source,
		from: f.offset(where.from), to: f.offset(where.to), by: by,
	})
}
