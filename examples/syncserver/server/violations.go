package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// view is the storage of a workspace as the rules see it, by the index of scopes. What it
// reads for one rule is limited: a scope that is too large is left unchecked, and the push is
// stored. The view remembers any other failed look-up: PostgreSQL gives up the transaction
// then, and so must we.
type view struct {
	*session
	most int // bytes of records for one rule; 0 means maxLoaded
	err  error
}

// maxReads is how often a view reads the scopes of a rule, each time without the largest
// one, until the rest is small enough.
const maxReads = 3

// Groups returns the members of scopes, by one statement unless they are too large.
func (v *view) Groups(ctx context.Context, rule string, names []string) ([]violation.ScopeRecords, error) {
	hashes := make([]string, len(names))
	for i, name := range names {
		hashes[i] = hashOf(name)
	}
	large := make(map[string]bool)
	var groups map[string]*group
	for try := 0; ; try++ {
		rest := slices.DeleteFunc(slices.Clone(hashes), func(hash string) bool { return large[hash] })
		if try == maxReads {
			groups = nil // all of the rest together
			for _, hash := range rest {
				large[hash] = true
			}
			break
		}
		var err error
		groups, err = v.read(ctx, rule, rest)
		if err == nil {
			break
		}
		if !isTooLarge(err) {
			v.err = errors.Join(v.err, err)
			return nil, err
		}
		large[largest(groups)] = true
	}
	all := make([]violation.ScopeRecords, len(names))
	for i, hash := range hashes {
		if g := groups[hash]; g != nil {
			all[i] = g.ScopeRecords
		}
		if large[hash] {
			all[i] = violation.ScopeRecords{Err: violation.ErrTooLarge}
		}
	}
	return all, nil
}

// group is what was read of a scope.
type group struct {
	violation.ScopeRecords
	size int
}

// largest returns the hash of the largest scope.
func largest(groups map[string]*group) (hash string) {
	for h, g := range groups {
		if hash == "" || g.size > groups[hash].size || g.size == groups[hash].size && h < hash {
			hash = h
		}
	}
	return hash
}

// read reads scopes, as far as they are not too large together.
func (v *view) read(ctx context.Context, rule string, hashes []string) (map[string]*group, error) {
	groups := make(map[string]*group)
	err := v.query(ctx, question{
		statement: `
			SELECT s.name, d.tbl, d.id, d.data
			FROM (SELECT DISTINCT value->>'name' AS name FROM JSON_ROWS) AS k
			LOOKUP scopes AS s ON s.workspace = $2 AND s.rule = $3 AND s.name = k.name
			LOOKUP records AS d ON d.workspace = s.workspace AND d.tbl = s.tbl AND d.id = s.id`,
		rows:    nameRows(hashes),
		args:    []any{v.workspace, rule},
		most:    v.most,
		repeats: true, // in each of its scopes
	}, func(f found) {
		g := groups[f.text]
		if g == nil {
			g = new(group)
			groups[f.text] = g
		}
		if g.size += f.size; f.Key().Table == violation.DefaultTable {
			g.Rows = append(g.Rows, f.Record)
		} else {
			g.Records = append(g.Records, f.Record)
		}
	})
	return groups, err
}

// Get returns the records of keys, by one statement.
func (v *view) Get(ctx context.Context, keys []record.Key) ([]violation.Lookup, error) {
	found, err := v.get(ctx, keys)
	if isTooLarge(err) {
		return nil, violation.ErrTooLarge
	}
	v.err = errors.Join(v.err, err)
	all := make([]violation.Lookup, len(keys))
	for i, key := range keys {
		all[i].Record, _ = found.Get(key)
	}
	return all, err
}

func isTooLarge(err error) bool {
	fail := new(failure)
	return errors.As(err, &fail) && fail.Code == tooLargeCode
}

// check derives the rows of changes that are not stored yet, and keeps in mind what could
// not be checked.
func (s *session) check(ctx context.Context, rules *violation.Checker, in violation.Input) (violation.Report, error) {
	return s.checkOn(ctx, &view{session: s}, rules, in)
}

func (s *session) checkOn(ctx context.Context, v *view, rules *violation.Checker, in violation.Input) (violation.Report, error) {
	in.View = v
	report := rules.Check(ctx, in)
	if v.err != nil {
		return report, v.err
	}
	return report, s.storeUnchecked(ctx, rules, in, report)
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
		s.indexed += len(before) + len(after)
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
