package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// view is the storage of a workspace as the rules see it, by the index of scopes. It
// remembers a failed look-up: PostgreSQL gives up the transaction then, and so must we. But
// where a scope is too large to be read, the push is stored, and the rule has an error.
type view struct {
	*session
	err error
}

// Groups returns the members of scopes, by one statement.
func (v *view) Groups(ctx context.Context, rule string, names []string) ([]violation.Members, error) {
	groups := make(map[string]*violation.Members, len(names))
	hashes := make([]string, len(names))
	for i, name := range names {
		hashes[i] = hashOf(name)
		groups[hashes[i]] = new(violation.Members)
	}
	err := v.query(ctx, question{
		statement: `
			SELECT s.name, d.tbl, d.id, d.data
			FROM (SELECT DISTINCT value->>'name' AS name FROM JSON_ROWS) AS k
			LOOKUP scopes AS s ON s.workspace = $2 AND s.rule = $3 AND s.name = k.name
			LOOKUP records AS d ON d.workspace = s.workspace AND d.tbl = s.tbl AND d.id = s.id`,
		rows: nameRows(hashes),
		args: []any{v.workspace, rule},
	}, func(hash string, r record.Record) {
		if g := groups[hash]; r.Key().Table == violation.DefaultTable {
			g.Rows = append(g.Rows, r)
		} else {
			g.Records = append(g.Records, r)
		}
	})
	v.remember(err)
	all := make([]violation.Members, len(names))
	for i, hash := range hashes {
		all[i] = *groups[hash]
	}
	return all, err
}

// Get returns the records of keys, by one statement.
func (v *view) Get(ctx context.Context, keys []record.Key) ([]violation.Found, error) {
	found, err := v.get(ctx, keys)
	v.remember(err)
	all := make([]violation.Found, len(keys))
	for i, key := range keys {
		all[i].Record, _ = found.Get(key)
	}
	return all, err
}

func (v *view) remember(err error) {
	if fail := new(failure); errors.As(err, &fail) && fail.Code == tooLargeCode {
		return
	}
	v.err = errors.Join(v.err, err)
}

// check tells what rules find in changes that are not stored yet.
func (s *session) check(ctx context.Context, rules *violation.Checker, in violation.Input) (violation.Report, error) {
	v := &view{session: s}
	in.View = v
	report := rules.Check(ctx, in)
	return report, v.err
}

// index keeps in mind to which scopes records and rows belong. It belongs in each
// transaction that stores some.
func (s *session) index(ctx context.Context, rules *violation.Checker, updates []merge.Update) error {
	type row struct {
		keyRow
		Rule string `json:"rule"`
		Name string `json:"name"`
	}
	var keys []record.Key
	var entries []row
	for _, u := range updates {
		before, after := rules.ScopesOf(u.Before), rules.ScopesOf(u.After)
		if len(before) == 0 && len(after) == 0 {
			continue // most records belong to no scope
		}
		keys = append(keys, u.After.Key())
		for _, scope := range after {
			entries = append(entries, row{keyRow{u.After.Key().Table, u.After.Key().ID}, scope.Rule, hashOf(scope.Name)})
		}
	}
	if len(keys) == 0 {
		return nil
	}
	err := s.exec(ctx, "the index", `
		DELETE FROM scopes WHERE workspace = $2 AND (tbl, id) IN (SELECT value->>'tbl', value->>'id' FROM JSON_ROWS)`, keyRows(keys))
	if err != nil || len(entries) == 0 {
		return err
	}
	return s.exec(ctx, "the index", `
		INSERT INTO scopes (workspace, rule, name, tbl, id)
		SELECT $2, value->>'rule', value->>'name', value->>'tbl', value->>'id' FROM JSON_ROWS WHERE true
		ON CONFLICT DO NOTHING`, entries)
}

// hashOf returns what stands for the name of a scope in the index. A name is made of
// what users wrote: it may be too long for an index, or hold U+0000.
func hashOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}
