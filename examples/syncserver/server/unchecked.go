package server

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/violation"
)

// scopeRow is a scope as a parameter of a statement.
type scopeRow struct {
	Rule string `json:"rule"`
	Name string `json:"name"` // the hash of the name, or "" if the rule could not name the scope
}

// storeUnchecked stores the scopes that could not be checked, and removes the scopes that have been
// checked since. Health names the rules of the stored scopes until the scopes are checked or
// audited. After a write by an earlier version of the server, all rules count as unchecked until
// an audit.
func (s *session) storeUnchecked(ctx context.Context, rules *violation.Checker, in violation.Input, report violation.Report) error {
	var err error
	if !s.allRight {
		var some bool
		err = s.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM unchecked WHERE workspace = $1 AND rule >= '')`, s.workspace).Scan(&some)
		if err != nil {
			return fmt.Errorf("look up unchecked scopes: %w", err)
		}
		s.allRight = !some
	}
	if !s.allRight {
		checked, _ := rules.Scopes(in.Changes) // the report contains the same error
		var rows []scopeRow
		for _, scope := range append(checked, in.Scopes...) {
			rows = append(rows, scopeRow{scope.Rule, hashOf(scope.Name)})
		}
		if len(rows) > 0 {
			err = s.exec(ctx, "checked scopes", `
				DELETE FROM unchecked WHERE workspace = $2 AND (rule, name) IN (SELECT value->>'rule', value->>'name' FROM JSON_ROWS)`, rows)
		}
		if err != nil {
			return err
		}
	}
	var failed []scopeRow
	if s.foreign {
		for _, rule := range slices.Sorted(maps.Keys(rules.Rules)) {
			failed = append(failed, scopeRow{rule, ""})
		}
	}
	for _, f := range report.Failed {
		if len(f.Scopes) == 0 {
			failed = append(failed, scopeRow{f.Rule, ""})
		}
		for _, name := range f.Scopes {
			failed = append(failed, scopeRow{f.Rule, hashOf(name)})
		}
	}
	if len(failed) == 0 {
		return nil
	}
	s.allRight = false
	return s.exec(ctx, "unchecked scopes", `
		INSERT INTO unchecked (workspace, rule, name)
		SELECT $2, value->>'rule', value->>'name' FROM JSON_ROWS WHERE true
		ON CONFLICT DO NOTHING`, failed)
}

// rulesOf returns the names of the rules that failed, sorted.
func rulesOf(report violation.Report) (rules []string) {
	for _, f := range report.Failed {
		rules = append(rules, f.Rule)
	}
	return rules
}

// unchecked returns the names of the rules that have unchecked scopes in any workspace, sorted.
func (d *Database) unchecked(ctx context.Context) ([]string, error) {
	return d.names(ctx, `SELECT DISTINCT rule FROM unchecked ORDER BY rule`)
}
