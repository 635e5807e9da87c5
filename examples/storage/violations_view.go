package main

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// view is a violation.View of the documents, through the index. Like every View it only
// reads: if it locked rows, it would lock them in no particular order.
type view struct {
	*violations
	tx *sql.Tx
}

// errView is wrapped by every error of a look-up, and by no error of a rule.
var errView = errors.New("cannot read the scopes or records of a rule")

// table returns the table of the violation rows.
func (v *violations) table() string { return cmp.Or(v.checker.Table, violation.DefaultTable) }

// Groups returns the members of scopes, with one statement.
func (v view) Groups(ctx context.Context, rule string, names []string) ([]violation.ScopeRecords, error) {
	groups := make(map[string]*violation.ScopeRecords, len(names))
	hashes := make([]string, len(names))
	for i, name := range names {
		hashes[i] = hashOf(name)
		groups[hashes[i]] = new(violation.ScopeRecords)
	}
	err := v.read(ctx, question{v.groups, hashes, []any{rule}}, func(hash string, r record.Record) {
		if g := groups[hash]; r.Key().Table == v.table() {
			g.Rows = append(g.Rows, r)
		} else {
			g.Records = append(g.Records, r)
		}
	})
	all := make([]violation.ScopeRecords, len(names))
	for i, hash := range hashes {
		all[i] = *groups[hash]
	}
	return all, err
}

// Get returns the records of keys, with one statement.
func (v view) Get(ctx context.Context, keys []record.Key) ([]violation.Lookup, error) {
	found := make(map[record.Key]record.Record, len(keys))
	err := v.read(ctx, question{v.get, keyRows(keys), nil}, func(_ string, r record.Record) { found[r.Key()] = r })
	all := make([]violation.Lookup, len(keys))
	for i, key := range keys {
		all[i].Record = found[key].WithKey(key) // without fields if the record was not found
	}
	return all, err
}

// question is a statement with its arguments: a list of names or keys, and perhaps more.
type question struct {
	statement string
	list      any
	more      []any
}

// read calls a function for each record that a question finds, with the scope in which it
// was found.
func (v view) read(ctx context.Context, q question, each func(scope string, r record.Record)) error {
	list, err := json.Marshal(q.list)
	if err != nil {
		return fmt.Errorf("%w: %w", errView, err)
	}
	rows, err := v.tx.QueryContext(ctx, q.statement, append([]any{string(list)}, q.more...)...)
	if err != nil {
		return fmt.Errorf("%w: %w", errView, err)
	}
	defer rows.Close()
	for rows.Next() {
		var scope string
		var key record.Key
		var fields record.Record
		if err := rows.Scan(&scope, &key.Table, &key.ID, &fields); err != nil {
			return fmt.Errorf("%w: %w", errView, err)
		}
		each(scope, fields.WithKey(key))
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("%w: %w", errView, err)
	}
	return nil
}

// scopeStatements is the SQL of violations.
type scopeStatements struct {
	// schema creates the index if it does not exist.
	schema string
	// lock locks the numbers $1, in their order. It is empty if no lock is needed.
	lock string
	// remove deletes the entries of the keys $1, and add inserts the entries $1.
	remove, add string
	// groups returns the documents in the scopes $1 of the rule $2, and get returns the
	// documents of the keys $1. A document in two scopes is returned twice.
	groups, get string
}

// scopesSQLite is the SQL of violations for SQLite.
func scopesSQLite() scopeStatements {
	return scopeStatements{
		schema: `
			CREATE TABLE IF NOT EXISTS scopes (
				rule TEXT NOT NULL,
				name TEXT NOT NULL, -- the hash of the name
				tbl  TEXT NOT NULL,
				id   TEXT NOT NULL,
				PRIMARY KEY (rule, name, tbl, id)
			) STRICT, WITHOUT ROWID;
			CREATE INDEX IF NOT EXISTS scopes_by_key ON scopes (tbl, id);`,
		remove: `
			DELETE FROM scopes WHERE (tbl, id) IN (SELECT value->>'tbl', value->>'id' FROM json_each($1))`,
		add: `
			INSERT INTO scopes (rule, name, tbl, id)
			SELECT value->>'rule', value->>'name', value->>'tbl', value->>'id' FROM json_each($1)`,
		// CROSS JOIN keeps the order of the join. SQLite would otherwise begin with all
		// scopes of the rule.
		groups: `
			SELECT s.name, d.tbl, d.id, d.data
			FROM (SELECT DISTINCT value AS name FROM json_each($1)) AS k
			CROSS JOIN scopes AS s ON s.name = k.name AND s.rule = $2
			JOIN documents AS d ON d.tbl = s.tbl AND d.id = s.id`,
		get: `
			SELECT '', d.tbl, d.id, d.data
			FROM json_each($1) AS k
			JOIN documents AS d ON d.tbl = k.value->>'tbl' AND d.id = k.value->>'id'`,
	}
}

// scopesPostgres is the SQL of violations for PostgreSQL. A scope has no row that could be
// locked, so its number is locked instead.
func scopesPostgres() scopeStatements {
	return scopeStatements{
		schema: `
			CREATE TABLE IF NOT EXISTS scopes (
				rule TEXT COLLATE "C" NOT NULL,
				name TEXT COLLATE "C" NOT NULL, -- the hash of the name
				tbl  TEXT COLLATE "C" NOT NULL,
				id   TEXT COLLATE "C" NOT NULL,
				PRIMARY KEY (rule, name, tbl, id)
			);
			CREATE INDEX IF NOT EXISTS scopes_by_key ON scopes (tbl, id);`,
		lock: `
			SELECT pg_advisory_xact_lock(n::bigint) FROM json_array_elements_text($1::json) AS k (n)`,
		remove: `
			DELETE FROM scopes AS s
			USING json_to_recordset($1::json) AS k (tbl TEXT, id TEXT)
			WHERE s.tbl = k.tbl AND s.id = k.id`,
		add: `
			INSERT INTO scopes (rule, name, tbl, id)
			SELECT rule, name, tbl, id
			FROM json_to_recordset($1::json) AS e (rule TEXT, name TEXT, tbl TEXT, id TEXT)`,
		// OFFSET 0 keeps the order of the join. PostgreSQL assumes that any list has 100
		// names, and would otherwise read all scopes of the rule.
		groups: `
			SELECT s.name, d.tbl, d.id, d.data
			FROM (SELECT DISTINCT name FROM json_array_elements_text($1::json) AS a (name)) AS k
			CROSS JOIN LATERAL (SELECT * FROM scopes AS s WHERE s.rule = $2 AND s.name = k.name OFFSET 0) AS s
			CROSS JOIN LATERAL (SELECT * FROM documents AS d WHERE d.tbl = s.tbl AND d.id = s.id OFFSET 0) AS d`,
		get: `
			SELECT '', d.tbl, d.id, d.data
			FROM json_to_recordset($1::json) AS k (tbl TEXT, id TEXT)
			JOIN documents AS d USING (tbl, id)`,
	}
}
