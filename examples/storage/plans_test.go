package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fillings maps each table to the rows that fill it. $N stands for the key of row n.
var fillings = map[string]string{
	"documents": `(tbl, id, data, seq) SELECT 'tasks', $N, '{}', n`,
	"fields":    `(tbl, id, field, value, at, client, seq) SELECT 'tasks', $N, 'title', '1', 1, 'c', n`,
	"records":   `(tbl, id) SELECT 'tasks', $N`,
	"tasks":     `(id, seq) SELECT $N, n`,
	"scopes":    `(rule, name, tbl, id) SELECT 'room_taken', $N, 'tasks', $N`,
	"log":       `(bucket, tbl, id, seq) SELECT CASE WHEN n <= 100000 THEN 'b' || n % 2000 ELSE 'large' END, 'tasks', $N, n`,
	"marks":     `(client, at) SELECT $N, 1`,
}

// fill fills the tables that a schema creates with 200,000 rows each.
func fill(t *testing.T, db *sql.DB, schema string) {
	t.Helper()
	_, err := db.Exec(schema)
	require.NoError(t, err)
	const numbers = ` FROM (WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 200000) SELECT n FROM numbers) AS numbers`
	for _, table := range slices.Sorted(maps.Keys(fillings)) {
		if strings.Contains(schema, "EXISTS "+table+" ") {
			_, err := db.Exec(`INSERT INTO ` + table + strings.ReplaceAll(fillings[table], "$N", `'x' || n`) + numbers)
			require.NoError(t, err, table)
		}
	}
}

// TestStatementsReadOnlyTheirRows: with 200,000 rows in each table, no statement reads more
// rows than it needs, whether or not the database has statistics on its tables.
func TestStatementsReadOnlyTheirRows(t *testing.T) {
	if testing.Short() {
		t.Skip("fills large tables")
	}
	keys := []any{`[{"tbl":"tasks","id":"x1"},{"tbl":"tasks","id":"x100000"},{"tbl":"tasks","id":"new"}]`}
	check := func(t *testing.T, db *sql.DB, schema string, statements map[string][]any) {
		fill(t, db, schema)
		for _, analyze := range []string{"", "ANALYZE"} {
			_, err := db.Exec(analyze)
			require.NoError(t, err)
			for statement, args := range statements {
				for _, scan := range scans(t, db, statement, args) {
					t.Errorf("%s %s in %s", analyze, scan, statement)
				}
			}
		}
	}
	onEachDatabase(t, func(t *testing.T, db *sql.DB) {
		layouts, scopes := sqliteLayouts(), scopesSQLite()
		if strings.HasSuffix(t.Name(), "PostgreSQL") {
			layouts, scopes = postgresLayouts(), scopesPostgres()
		}
		for _, l := range layouts {
			t.Run(l.name, func(t *testing.T) {
				statements := map[string][]any{
					l.statements.load: keys,
					l.statements.pull: {100, 10},
					l.statements.save: {saved[l.name]},
				}
				for _, lock := range l.lock {
					statements[lock] = keys
				}
				check(t, db, l.schema, statements)
			})
		}
		t.Run("scopes", func(t *testing.T) {
			check(t, db, scopes.schema+ledger, // the database already has the table documents
				map[string][]any{
					scopes.groups: {`["x1","x2","new"]`, "room_taken"}, scopes.get: keys, scopes.remove: keys,
					scopes.add: {`[{"rule":"room_taken","name":"new","tbl":"tasks","id":"new"}]`},
				})
		})
	})
}

// saved maps each layout to the rows that its save statement gets.
var saved = map[string]string{
	"JSON document":     `[{"tbl":"tasks","id":"x1","data":"{}","seq":300000}]`,
	"one row per field": `[{"tbl":"tasks","id":"x1","field":"title","value":"1","at":2,"client":"c","seq":300000}]`,
	"shadow columns":    `[{"id":"x1","seq":300000}]`,
}

// node is a node of a PostgreSQL plan.
type node struct {
	Type    string  `json:"Node Type"`
	Table   string  `json:"Relation Name"`
	Rows    float64 `json:"Actual Rows"`
	Removed float64 `json:"Rows Removed by Filter"`
	Joined  float64 `json:"Rows Removed by Join Filter"`
	Loops   float64 `json:"Actual Loops"`
	Plans   []node
}

// scans describes the nodes that read more than a few rows.
func (n node) scans() (found []string) {
	if read := (n.Rows + n.Removed + n.Joined) * n.Loops; read > 20 || n.Type == "Seq Scan" {
		found = append(found, fmt.Sprintf("%s on %q reads %.0f rows", n.Type, n.Table, read))
	}
	for _, child := range n.Plans {
		found = append(found, child.scans()...)
	}
	return found
}

// scans describes each part of the plan in which a statement reads too many rows.
func scans(t *testing.T, db *sql.DB, statement string, args []any) (found []string) {
	t.Helper()
	tx, err := db.Begin()
	require.NoError(t, err)
	defer tx.Rollback()
	if strings.Contains(t.Name(), "/SQLite") {
		return scansOfSQLite(t, tx, statement, args)
	}
	for _, mode := range []string{"force_generic_plan", "force_custom_plan"} {
		_, err := tx.Exec(`SET LOCAL plan_cache_mode = ` + mode + `; SAVEPOINT here`)
		require.NoError(t, err)
		var plan string
		require.NoError(t, tx.QueryRow(`EXPLAIN (ANALYZE, FORMAT JSON) `+statement, args...).Scan(&plan), statement)
		_, err = tx.Exec(`ROLLBACK TO here`)
		require.NoError(t, err)
		var tops []struct{ Plan node }
		require.NoError(t, json.Unmarshal([]byte(plan), &tops))
		found = append(found, tops[0].Plan.scans()...)
	}
	return found
}

// scanLine matches a line of a SQLite plan that reads a whole table.
var scanLine = regexp.MustCompile(`^SCAN (\S+)`)

func scansOfSQLite(t *testing.T, tx *sql.Tx, statement string, args []any) (found []string) {
	t.Helper()
	rows, err := tx.Query(`EXPLAIN QUERY PLAN `+statement, args...)
	require.NoError(t, err, statement)
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var line string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &line))
		if scanLine.MatchString(line) && !strings.Contains(line, "VIRTUAL TABLE") && !strings.HasPrefix(line, "SCAN k") ||
			strings.Contains(line, "AUTOMATIC") || strings.Contains(line, "(rule=?)") {
			found = append(found, line)
		}
	}
	require.NoError(t, rows.Err())
	return found
}
