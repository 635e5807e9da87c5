package server

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
	"github.com/fieldlww/fieldlww/violation/violationtest"
)

// TestViewShowsExactlyTheWorkspace checks that the rules see all stored records of their
// workspace, and no records of another workspace with the same keys.
func TestViewShowsExactlyTheWorkspace(t *testing.T) {
	if testing.Short() {
		t.Skip("checks thousands of views on each database")
	}
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		ctx := context.Background()
		require.NoError(t, violationtest.TestView(func(c *violation.Checker, records []record.Record) (violation.View, error) {
			s := open(t, name(t))
			for _, workspace := range []string{"demo", "other"} {
				err := s.locked(ctx, workspace, func(tx *session) error { return storeEach(ctx, tx, c, records) })
				if err != nil {
					return nil, err
				}
			}
			err := s.locked(ctx, "other", func(tx *session) error {
				_, err := tx.tx.Exec(`UPDATE records SET data = '{}' WHERE workspace = 'other'`)
				return err
			})
			tx, err2 := s.database.db.Begin()
			t.Cleanup(func() { _ = tx.Rollback() })
			if err == nil {
				err = err2
			}
			return &view{session: &session{Database: s.database, tx: tx, workspace: "demo"}}, err
		}))
	})
}

// storeEach stores records one after another, as separate pushes would.
func storeEach(ctx context.Context, s *session, c *violation.Checker, records []record.Record) error {
	for _, r := range records {
		stored, err := s.get(ctx, []record.Key{r.Key()})
		if err != nil {
			return err
		}
		before, _ := stored.Get(r.Key())
		if err := s.store(ctx, c, []merge.Update{{Before: before, After: r}}); err != nil {
			return err
		}
	}
	return nil
}

// TestPushFailsIfTheRulesCannotRead checks that a push fails and stores nothing if the rules
// cannot read a record, and that it succeeds later.
func TestPushFailsIfTheRulesCannotRead(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		url := listen(t, s)
		ana := joined(t, url, "demo", "")
		ana.push(ana.set(board.Meetings, "a", "slot", taken(14)))
		var data string
		require.NoError(t, s.database.db.QueryRow(`SELECT data FROM records`).Scan(&data))
		overwrite := func(data string) {
			_, err := s.database.db.Exec(`UPDATE records SET data = $1`, data)
			require.NoError(t, err)
		}
		overwrite("{")
		m := ana.set(board.Meetings, "b", "slot", taken(14))
		status, text := ana.request("POST", "/v1/push", string(m.AppendJSON(nil)))
		require.Equal(t, 503, status, text)
		overwrite(data)
		require.Len(t, ana.pull("0"), 1)
		require.Len(t, ana.push(m).Violations, 1)
	})
}

// TestLaterLookupDoesNotClearAnError checks that a view keeps the error of an earlier look-up.
func TestLaterLookupDoesNotClearAnError(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	v := &view{err: errors.New("earlier")}
	err := s.locked(context.Background(), "demo", func(tx *session) error {
		v.session = tx
		_, err := v.Get(context.Background(), nil)
		return err
	})
	require.NoError(t, err)
	require.EqualError(t, v.err, "earlier")
}

// TestPurgingATargetChangesNoViolation deletes the user to whom two tasks are assigned, and dismisses
// the violation of one of them. After the retention, an audit and a check must find the same rows.
func TestPurgingATargetChangesNoViolation(t *testing.T) {
	for _, level := range []int{1, 2} {
		databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
			s := openCalendar(t, name(t))
			s.options.PurgeLevel = level
			s.options.Rules = &violation.Checker{Rules: map[string]violation.Rule{
				"assignee": violation.LiveReference{Table: board.Tasks, Field: board.Assignee, Target: board.Users},
			}}
			ana := joined(t, listen(t, s.Server), "demo", "")
			user := s.edit(ana, record.New(record.Key{Table: board.Users, ID: "u"}), func(e *record.Edit) { e.Set(board.Name, "Ben") })
			assigned := func(id string) record.Mutation {
				return s.edit(ana, task(id), func(e *record.Edit) { e.Set(board.Assignee, "u") })
			}
			ana.push2(user, assigned("a"), assigned("b"))
			s.wall = s.wall.Add(time.Second)
			ana.push2(s.edit(ana, user.Data, deleteRecord))
			rows := func() map[string]record.Record {
				all := make(map[string]record.Record)
				for _, l := range ana.pull("0") {
					if v, err := violation.Parse(l.Data); err == nil {
						all[v.RecordID] = l.Data
					}
				}
				return all
			}
			v, err := violation.Parse(rows()["a"])
			require.NoError(t, err)
			s.wall = s.wall.Add(time.Second)
			ana.push2(s.edit(ana, rows()["a"], func(e *record.Edit) { e.Set(violation.FieldDismissed, v.Evidence) }))
			before := rows()
			v, err = violation.Parse(before["a"])
			require.NoError(t, err)
			require.True(t, v.Dismissed)
			require.Len(t, before, 2)

			s.pass(92)
			require.NotContains(t, fmt.Sprint(s.normals()), "Ben")
			require.Equal(t, 2-level, s.count("records WHERE tbl = 'users'"), "level 2 drops the record")
			require.Equal(t, before, rows())
			report, err := s.Audit(context.Background(), "demo")
			require.NoError(t, err)
			require.Equal(t, 2, report.Open)
			require.Empty(t, report.Updates)
			ana.push2(s.edit(ana, task("a"), title("x")), s.edit(ana, task("b"), title("x")))
			require.Equal(t, before, rows())
			s.wall = s.wall.Add(time.Second)
			ana.push2(assigned("c"))
			require.Len(t, rows(), 3, "the rule finds a new reference to the purged user")
			require.Equal(t, before["a"], rows()["a"])
			require.Equal(t, before["b"], rows()["b"])
		})
	}
}

// byTitle is a rule that puts each record, deleted or not, into the scope of its title.
type byTitle struct{}

func (byTitle) Scopes(r record.Record) ([]string, error) {
	w, _ := r.Get(board.Title)
	if text, ok := w.Value.Text(); ok {
		return []string{text}, nil
	}
	return nil, nil
}

func (byTitle) Check(violation.Group) (violation.Findings, error) { return violation.Findings{}, nil }

// TestNewLifeLeavesTheScopesOfTheDeadRecord creates a record again that is dead but not swept yet.
func TestNewLifeLeavesTheScopesOfTheDeadRecord(t *testing.T) {
	s := openCalendar(t, databasetest.SQLite(t))
	s.options.Rules = &violation.Checker{Rules: map[string]violation.Rule{"by title": byTitle{}}}
	ana := joined(t, listen(t, s.Server), "demo", "")
	first := s.edit(ana, task("a"), title("x"))
	ana.push2(first)
	s.wall = s.wall.Add(time.Second)
	ana.push2(s.edit(ana, first.Data, deleteRecord))
	require.Equal(t, 1, s.count("scopes"))
	err := s.locked(context.Background(), "demo", func(tx *session) error {
		tx.fence.stamp, tx.fence.seq = clock.TimestampOf(s.wall), tx.seq
		return nil
	})
	require.NoError(t, err)
	s.wall = s.wall.Add(time.Second)
	require.Equal(t, "accepted", ana.push2(s.edit(ana, task("a"), func(e *record.Edit) { e.Set(board.Notes, "y") }))[0].Verdict)
	require.Zero(t, s.count("scopes"))
	requireCounted(t, s.database)
}
