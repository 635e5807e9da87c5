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

// view lets the rules read a workspace through the index of scopes. It limits how much it reads
// for one rule: a scope that is too large stays unchecked, and the push is stored. After any other
// failed look-up, PostgreSQL aborts the transaction. The view records that error, and the push
// fails.
type view struct {
	*session
	most int   // maximum size of the records for one rule in bytes; 0 means maxLoaded
	err  error // the failed look-ups
}

// maxReads is how many times a view tries to read the scopes of a rule. Each time it leaves out
// the largest scope, until the rest is small enough.
const maxReads = 3

// Groups returns the members of scopes. It uses one statement, or several if the scopes are too
// large together.
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
			groups = nil // treat all remaining scopes as too large
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

// group is the part of a scope that was read.
type group struct {
	violation.ScopeRecords
	size int // of the records read, in bytes
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

// read reads scopes. If they are too large together, it returns a tooLarge failure and the part
// that it has read.
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
		repeats: true, // a record occurs in each of its scopes
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

// Get returns the records with the given keys. It uses one statement. An erased violation row counts
// as missing, so the rules replace it as a whole.
func (v *view) Get(ctx context.Context, keys []record.Key) ([]violation.Lookup, error) {
	found, err := v.get(ctx, keys)
	if isTooLarge(err) {
		return nil, violation.ErrTooLarge
	}
	v.err = errors.Join(v.err, err)
	all := make([]violation.Lookup, len(keys))
	for i, key := range keys {
		r, _ := found.Get(key)
		if r.Erased() && key.Table == violation.DefaultTable {
			v.unswept[key] = len(r.AppendJSON(nil))
			continue
		}
		all[i].Record = r
	}
	return all, err
}

func isTooLarge(err error) bool {
	fail := new(failure)
	return errors.As(err, &fail) && fail.Code == tooLargeCode
}

// check derives the violation rows for changes that are not stored yet, and stores which scopes
// could not be checked.
func (s *session) check(ctx context.Context, rules *violation.Checker, in violation.Input) (violation.Report, error) {
	return s.checkOn(ctx, &view{session: s}, rules, in)
}

func (s *session) checkOn(ctx context.Context, v *view, rules *violation.Checker, in violation.Input) (violation.Report, error) {
	in.View = v
	report := rules.Check(ctx, in)
	if v.err != nil {
		return report, v.err
	}
	s.postpone(&report)
	return report, s.storeUnchecked(ctx, rules, in, report)
}

// index stores the scopes of records and violation rows. A record without fields has no scope. Each
// transaction that stores records must call it.
func (s *session) index(ctx context.Context, rules *violation.Checker, updates []merge.Update) error {
	type row struct {
		keyRow
		Rule string `json:"rule"`
		Name string `json:"name"`
	}
	var keys []record.Key
	var entries []row
	for _, u := range updates {
		before, after := scopesOf(rules, u.Before), scopesOf(rules, u.After)
		if u.After.Len() == 0 {
			after = nil // the record is removed
		}
		if _, unswept := s.unswept[u.After.Key()]; len(before) == 0 && len(after) == 0 && !unswept {
			continue // most records are in no scope
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
	if err := s.unindex(ctx, keys); err != nil || len(entries) == 0 {
		return err
	}
	return s.exec(ctx, "the index", `
		INSERT INTO scopes (workspace, rule, name, tbl, id)
		SELECT $2, value->>'rule', value->>'name', value->>'tbl', value->>'id' FROM JSON_ROWS WHERE true
		ON CONFLICT DO NOTHING`, entries)
}

// unindex removes records and violation rows from the index.
func (s *session) unindex(ctx context.Context, keys []record.Key) error {
	return s.exec(ctx, "the index", `
		DELETE FROM scopes WHERE workspace = $2 AND (tbl, id) IN (SELECT value->>'tbl', value->>'id' FROM JSON_ROWS)`, keyRows(keys))
}

// hashOf returns the hash that represents a scope name in the index. A scope name contains text
// that users wrote, so it can be too long for an index or contain U+0000.
func hashOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}
