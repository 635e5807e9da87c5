package server

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
)

// fill stores n more records, each in its own scope: one half in the workspace demo, the other half
// in small workspaces. It also adds n watermarks, loads, samples, journal entries,
// segments and workspaces.
func fill(t *testing.T, d *Database, from, n int) {
	t.Helper()
	numbers := fmt.Sprintf(`WITH RECURSIVE numbers (n) AS (SELECT %d UNION ALL SELECT n + 1 FROM numbers WHERE n < %d)`, from, from+n-1)
	const workspace = `CASE WHEN n % 2 = 0 THEN 'demo' ELSE 'workspace-' || n / 10 END`
	const data = `'{"title":{"value":"' || n || '","updatedAt":"2026-03-02T12:00:00.000000000Z","clientId":"01000000-0000-0000-0000-000000000000"}}'`
	for _, statement := range []string{
		`INSERT INTO records (workspace, tbl, id, data, seq, latest) ` + numbers + ` SELECT ` + workspace + `, 'tasks', 'filled-' || n, ` + data + `, n, 1772452800000000000 FROM numbers`,
		`INSERT INTO scopes (workspace, rule, name, tbl, id) ` + numbers + ` SELECT ` + workspace + `, 'room_taken', 'scope-' || n, 'tasks', 'filled-' || n FROM numbers`,
		`INSERT INTO marks (client, at, workspace) ` + numbers + ` SELECT 'client-' || n, n, 'demo' FROM numbers`,
		`INSERT INTO clients (client, workspace, "user") ` + numbers + ` SELECT 'client-' || n, 'demo', 'user-' || (n / 10) FROM numbers`,
		`INSERT INTO users (workspace, "user", changed) ` + numbers + ` SELECT 'demo', 'user-' || n, n FROM numbers`,
		`INSERT INTO members (workspace, "user", bucket, role, granted) ` + numbers + ` SELECT 'demo', 'user-' || (n / 10), 'bucket-' || (n % 100), 'writer', n FROM numbers`,
		`INSERT INTO log (workspace, bucket, tbl, id, seq) ` + numbers + ` SELECT 'departed', '', 'tasks', 'left-' || n, n FROM numbers`,
		`INSERT INTO loads (workspace, client, fence_seq) ` + numbers + ` SELECT 'demo', 'client-' || n, n FROM numbers`,
		`INSERT INTO samples (workspace, at, seq, greatest, entry) ` + numbers + ` SELECT 'workspace-' || n, 1, 1, 1, 1 FROM numbers`,
		`INSERT INTO journal (workspace, entry, line) ` + numbers + ` SELECT 'workspace-' || n, 1, 'line' FROM numbers`,
		`INSERT INTO segments (workspace, last, first, data) ` + numbers + ` SELECT 'workspace-' || n, 0, 0, CAST('x' AS BYTEA) FROM numbers`,
		`INSERT INTO workspaces (name, seq, entries, summed) ` + numbers + ` SELECT 'workspace-' || n, 1, 1, 1 FROM numbers`,
		fmt.Sprintf(`INSERT INTO workspaces (name, seq, entries, summed) VALUES ('demo', %[1]d, %[1]d, %[1]d) ON CONFLICT (name) DO UPDATE SET seq = excluded.seq, entries = excluded.entries, summed = excluded.summed`, from+n-1),
	} {
		d.runPatiently(t, statement)
	}
}

// runPatiently runs a statement without the time limits of the server.
func (d *Database) runPatiently(t *testing.T, statement string) {
	t.Helper()
	err := d.transaction(t.Context(), func(tx *sql.Tx) error {
		if d.postgres {
			if err := liftTimeouts(t.Context(), tx); err != nil {
				return err
			}
		}
		_, err := tx.Exec(statement)
		return err
	})
	require.NoError(t, err)
}

// handlers returns functions that run the operations of the server, by name. Each can be repeated.
func handlers(t *testing.T, s *Server, ana *client) map[string]func() {
	t.Helper()
	ctx := context.Background()
	invite, err := s.Invitation("other")
	require.NoError(t, err)
	other := joined(t, ana.url, "other", invite)
	n := 0
	meeting := func(c *client, hour int) record.Mutation {
		n++
		return c.set(board.Meetings, fmt.Sprint("meeting", n), "slot", taken(hour))
	}
	booked := meeting(ana, 1)
	for _, c := range []*client{ana, other} {
		c.push(c.set(board.Tasks, "a", board.Title, "x"), meeting(c, 14), meeting(c, 14))
	}
	many := func() (all []record.Mutation) {
		for i := range 100 {
			all = append(all, ana.set(board.Tasks, fmt.Sprint("filled-", 2+i*14), board.Title, "x"))
		}
		return all
	}
	last := other.pull("0")[3].Seq
	retain := func(workspace string, level int) error { // with a new sample and a new fence
		_, err := s.database.db.Exec(`DELETE FROM samples WHERE workspace = $1`, workspace)
		require.NoError(t, err)
		_, err = s.database.db.Exec(`INSERT INTO samples (workspace, at, seq, greatest, entry) VALUES ($1, $2, 5, 50, 5)`, workspace, time.Now().Add(-30*time.Hour).UnixNano())
		require.NoError(t, err)
		s.options.Retention, s.options.PurgeLevel = 28*time.Hour, level
		return s.retain(ctx, workspace)
	}
	command := func(f func() error) func() { return func() { require.NoError(t, f()) } }
	return map[string]func(){
		"an edit":         func() { ana.push(ana.set(board.Tasks, "filled-78", board.Title, "y")) },
		"a new record":    func() { n++; ana.push(ana.set(board.Tasks, fmt.Sprint("new", n), board.Title, "y")) },
		"a hundred edits": func() { ana.push(many()...) },
		"a retry":         func() { ana.push(booked) },
		"a push after a write by an earlier version": func() {
			_, err := s.database.db.Exec(`UPDATE workspaces SET summed = seq - 1 WHERE name = 'demo'`)
			require.NoError(t, err)
			ana.push(booked)
			_, err = s.database.db.Exec(`DELETE FROM unchecked`) // as an audit does
			require.NoError(t, err)
		},
		"a booking":  func() { ana.push(ana.set(board.Meetings, "moved", "slot", taken(2+n%2))) },
		"a conflict": func() { n++; ana.push(ana.set(board.Meetings, "moved", "slot", taken(14+n%2))) },
		"a write too far ahead": func() {
			ana.push(ana.write(record.Key{Table: board.Tasks, ID: "a"}, board.Title, "x", time.Now().Add(time.Hour)))
		},
		"a pull with a cursor": func() {
			c := newCopy(ana)
			c.pullOnce(50)
			c.pullOnce(50)
			require.True(t, c.More)
		},
		"a first pull":  func() { require.Len(t, ana.pull("0&limit=50"), 50) },
		"a later pull":  func() { require.NotEmpty(t, ana.pull("1000&limit=50")) },
		"an empty pull": func() { require.Empty(t, other.pull(fmt.Sprint(last))) },
		"a look for changes": command(func() error {
			seq, err := s.database.sequence(ctx, "demo")
			require.NoError(t, err)
			defer s.feed.leave(heard(t, &s.feed, Sender{Workspace: "demo"}, seq-20))
			return s.readSequences(ctx)
		}),
		"a health check": command(func() error { return s.database.probe(ctx) }),
		"a retention":    command(func() error { return errors.Join(retain("demo", 1), retain("workspace-7", 2)) }),
		"a load below a fence": func() {
			_, err := s.database.db.Exec(`UPDATE workspaces SET fence_seq = 1000 WHERE name = 'demo'`)
			require.NoError(t, err)
			require.Len(t, ana.pull("0&limit=50"), 50)
			require.Len(t, ana.pull("60&limit=50"), 50)
			_, err = s.database.db.Exec(`UPDATE workspaces SET fence_seq = 0 WHERE name = 'demo'`)
			require.NoError(t, err)
		},
		"a join": func() { joined(t, ana.url, "demo", "") },
		"a grant": command(func() error {
			n++
			return s.Grant(ctx, "demo", ana.ID.String(), map[string]string{fmt.Sprint("bucket", n): "writer"})
		}),
		"a revocation":   command(func() error { return s.Revoke(ctx, "demo", ana.ID.String(), fmt.Sprint("bucket", n)) }),
		"an audit":       command(func() error { _, err := s.Audit(ctx, "other"); return err }),
		"a journal dump": command(func() error { return s.database.Journal(ctx, io.Discard, "other") }),
		"a dry repair":   command(func() error { _, err := s.Repair(ctx, "demo", RepairOptions{Dry: true}); return err }),
		"a real repair":  command(func() error { _, err := s.Repair(ctx, "demo", RepairOptions{}); return err }),
	}
}

// TestNoStatementReadsAWholeTable checks the query plans with 200,000 records, with and without
// statistics about the tables. No statement may read a whole table, or many more rows than it needs.
func TestNoStatementReadsAWholeTable(t *testing.T) {
	if testing.Short() {
		t.Skip("fills large tables")
	}
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s, trace := openTraced(t, name(t))
		ana := joined(t, listen(t, s), "demo", "")
		fill(t, s.database, 1, 200_000)
		all := handlers(t, s, ana)
		for _, analyzed := range []bool{false, true} {
			if analyzed {
				_, err := s.database.db.Exec(`ANALYZE`)
				require.NoError(t, err)
			}
			for what, f := range all {
				statements, _ := trace.during(f)
				require.NotEmpty(t, statements, what)
				for statement, times := range statements {
					args := times[len(times)-1]
					if isWhole(what, statement) {
						continue
					}
					for _, scan := range s.database.scans(t, statement, args) {
						t.Errorf("%s, analyzed %t: %s in %s", what, analyzed, scan, statement)
					}
				}
			}
		}
	})
}

// isWhole reports whether a statement of an operation may read a whole workspace or table.
func isWhole(what, statement string) bool {
	switch what {
	case "a retention":
		return strings.Contains(statement, "FROM samples") || strings.Contains(statement, "DELETE FROM loads") // these read only a few rows of the workspace
	case "an audit":
		// PostgreSQL also scans its settings when the audit lifts the timeouts.
		return strings.HasSuffix(statement, "WHERE workspace = $1") || strings.Contains(statement, "set_config")
	case "a push after a write by an earlier version":
		return strings.Contains(statement, "sum(octet_length(line))") || slices.Contains([]string{"DELETE FROM indexed", "DELETE FROM unchecked"}, statement)
	case "a dry repair", "a real repair":
		return strings.Contains(statement, "marks")
	}
	return false
}

// mostRows is how many rows of a table a statement may read: enough for a hundred records and their
// index entries.
const mostRows = 250

// scans returns the parts of the plan in which a statement reads too many rows.
func (d *Database) scans(t *testing.T, statement string, args []any) (found []string) {
	t.Helper()
	return d.scansAbove(t, mostRows, statement, args)
}

// scansAbove is scans with another limit.
func (d *Database) scansAbove(t *testing.T, most float64, statement string, args []any) (found []string) {
	t.Helper()
	if strings.HasPrefix(strings.TrimSpace(statement), "PRAGMA") {
		return nil
	}
	tx, err := d.db.Begin()
	require.NoError(t, err)
	defer tx.Rollback()
	if d.postgres {
		for _, mode := range []string{"force_generic_plan", "force_custom_plan"} {
			_, err := tx.Exec(`SET LOCAL plan_cache_mode = ` + mode)
			require.NoError(t, err)
			_, err = tx.Exec(`SAVEPOINT here`)
			require.NoError(t, err)
			explain := `EXPLAIN (ANALYZE, FORMAT JSON) `
			if regexp.MustCompile(`INSERT INTO (journal|segments|samples|log|members)`).MatchString(statement) {
				explain = `EXPLAIN (FORMAT JSON) ` // the row exists already, so the statement would fail
			}
			var plan string
			require.NoError(t, tx.QueryRow(explain+statement, args...).Scan(&plan), statement)
			_, err = tx.Exec(`ROLLBACK TO here`)
			require.NoError(t, err)
			var tops []struct{ Plan node }
			require.NoError(t, json.Unmarshal([]byte(plan), &tops))
			found = append(found, tops[0].Plan.scans(most)...)
		}
		return found
	}
	return scansOfSQLite(t, tx, statement, args)
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

// scans returns the nodes that read too many rows of a table. A statement may read the whole table
// secrets, which has one row, and the whole table unchecked, which is empty unless a rule failed.
func (n node) scans(most float64) (found []string) {
	if read := (n.Rows + n.Removed + n.Joined) * n.Loops; read > most || n.Type == "Seq Scan" && n.Table != "secrets" && n.Table != "unchecked" {
		found = append(found, fmt.Sprintf("%s on %q reads %.0f rows", n.Type, n.Table, read))
	}
	for _, child := range n.Plans {
		found = append(found, child.scans(most)...)
	}
	return found
}

// These expressions match the lines of an SQLite plan that read a whole table or a whole workspace.
var (
	scanLine      = regexp.MustCompile(`^SCAN (\S+)`)
	workspaceOnly = regexp.MustCompile(`\(workspace=\?\)`)
)

func scansOfSQLite(t *testing.T, tx *sql.Tx, statement string, args []any) (found []string) {
	t.Helper()
	rows, err := tx.Query(`EXPLAIN QUERY PLAN `+statement, args...)
	require.NoError(t, err, statement)
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var line string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &line))
		list := strings.Contains(line, "VIRTUAL TABLE") || strings.HasPrefix(line, "SCAN CONSTANT") || strings.HasPrefix(line, "SCAN k") || line == "SCAN secrets"
		if scanLine.MatchString(line) && !list || strings.Contains(line, "AUTOMATIC") || workspaceOnly.MatchString(line) {
			found = append(found, line)
		}
	}
	require.NoError(t, rows.Err())
	return found
}

// TestWorkDoesNotGrowWithTheDatabase checks that an operation takes the same number of statements
// and rows however many other records are stored, and that a push takes the same number of
// statements however many items it has.
func TestWorkDoesNotGrowWithTheDatabase(t *testing.T) {
	if testing.Short() {
		t.Skip("stores thousands of records, and does not test concurrency")
	}
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s, trace := openTraced(t, name(t))
		ana := joined(t, listen(t, s), "demo", "")
		fill(t, s.database, 1, 2000)
		all := handlers(t, s, ana)
		type work struct{ statements, rows int }
		measure := func() map[string]work {
			done := make(map[string]work)
			// What one operation writes may change what another reads, so the order is fixed, and
			// all run once unmeasured.
			order := slices.Sorted(maps.Keys(all))
			for _, what := range order {
				all[what]()
			}
			for _, what := range order {
				f := all[what]
				statements, rows := trace.during(f)
				w := work{rows: rows}
				for _, times := range statements {
					w.statements += len(times)
				}
				done[what] = w
			}
			return done
		}
		before := measure()
		fill(t, s.database, 2001+100_000, 16_000) // with sequences above those that the operations use
		after := measure()
		for what, w := range before {
			// Earlier bookings and a concurrent Watch make a small difference.
			require.InDelta(t, w.statements, after[what].statements, 5, what)
			require.InDelta(t, w.rows, after[what].rows, 5, what)
		}
		require.InDelta(t, before["an edit"].statements, before["a hundred edits"].statements, 5)
	})
}
