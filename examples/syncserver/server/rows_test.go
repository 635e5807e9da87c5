package server

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// sameTitle is the rule that no two tasks have the same title. It does not read the field that divides
// the tasks into buckets.
var sameTitle = violation.Unique{Table: board.Tasks, Fields: []string{board.Title}}

// openByNotes opens a server whose tasks are in the buckets that their notes name, and returns a client
// for each list of buckets.
func openByNotes(t *testing.T, database string, lists ...string) (*calendar, []*client) {
	s := openCalendar(t, database)
	s.options.Rules = &violation.Checker{Rules: map[string]violation.Rule{"title": sameTitle}}
	s.divided(noted)
	url := listen(t, s.Server)
	var clients []*client
	for _, list := range lists {
		c := joined(t, url, "demo", "")
		roles := make(map[string]string)
		for _, name := range strings.Fields(list) {
			roles[name] = WriterRole
		}
		require.NoError(t, s.Grant(context.Background(), "demo", bound(s.Server, c.ID).User, roles))
		clients = append(clients, c)
	}
	return s, clients
}

// change pushes a write to some fields of a task, and returns the answer.
func (c *calendar) change(by *client, id string, fields map[string]any) pushed {
	c.t.Helper()
	return c.pushEdit(by, id, func(e *record.Edit) {
		for name, value := range fields {
			e.Set(name, value)
		}
	})
}

func (c *calendar) pushEdit(by *client, id string, change func(*record.Edit)) pushed {
	c.t.Helper()
	c.wall = c.wall.Add(time.Second)
	answer := by.pushTo("/v1/push?v=2", c.edit(by, task(id), change))
	require.Empty(c.t, answer.Results[0].Code)
	return answer
}

// requirePlaced checks that each violation row is in exactly the buckets of the record that it is about
// and under a live row of each, and that all rows have sequences of their own. It returns the buckets and
// the number of rows about each record.
func (c *calendar) requirePlaced() map[string]int {
	c.t.Helper()
	all, places := c.normals(), c.places()
	counts := make(map[string]int)
	for key, row := range all {
		if key.Table != violation.DefaultTable || row.Len() == 0 || row.Erased() {
			continue
		}
		v, err := violation.Parse(row)
		require.NoError(c.t, err)
		about := all[v.Record()]
		var want []string
		if !about.Deleted() {
			want = slices.Clone(c.division.of.Of(about, 0))
		}
		require.Equal(c.t, fmt.Sprint(want), fmt.Sprint(v.Buckets), "%s row about %s", v.Status, v.Record())
		if clients := clientsOf(row); len(clients) > 0 {
			about := want
			want = nil
			for _, client := range clients {
				for _, name := range about {
					want = append(want, loserBucket(client, name))
				}
			}
			slices.Sort(want)
		}
		require.Equal(c.t, fmt.Sprint(want), fmt.Sprint(c.division.of.Of(row, 0)))
		for _, name := range want {
			require.Contains(c.t, places, place{name, key})
		}
		counts[fmt.Sprint(v.RecordID, v.Buckets)]++
	}
	seen := make(map[int64]record.Key)
	for p, seq := range places {
		if other, ok := seen[seq]; ok {
			require.Equal(c.t, other, p.key, "two records share the sequence %d", seq)
		}
		seen[seq] = p.key
	}
	return counts
}

// TestViolationRowsMoveWithTheirRecord moves, deletes and restores a task that has an open row, a resolved
// row and a lost edit.
func TestViolationRowsMoveWithTheirRecord(t *testing.T) {
	for _, level := range []int{1, 2} {
		databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
			s, clients := openByNotes(t, name(t), "x y z")
			s.options.PurgeLevel = level
			ana := clients[0]
			s.change(ana, "other", map[string]any{board.Title: "a", board.Notes: "z"})
			s.change(ana, "one", map[string]any{board.Title: "a", board.Notes: "x"})
			s.change(ana, "one", map[string]any{board.Title: "b"})
			s.change(ana, "third", map[string]any{board.Title: "b", board.Notes: "z"})
			s.change(ana, "one", map[string]any{board.Title: "b"})
			s.storeLostEdit("one", "lost")
			require.Equal(t, map[string]int{"one[x]": 3}, s.requirePlaced())

			for _, names := range []string{"y", "y x", "x", ""} {
				before := s.sequences()
				s.change(ana, "one", map[string]any{board.Notes: names})
				require.Equal(t, map[string]int{fmt.Sprintf("one%v", slices.Sorted(slices.Values(strings.Fields(names)))): 3}, s.requirePlaced())
				for key, seq := range s.sequences() {
					require.Equal(t, key.Table == violation.DefaultTable || key.ID == "one", seq > before[key], "each row that moves takes a sequence: %s", key)
				}
				if names == "" { // no user may write the task now
					err := s.locked(context.Background(), "demo", func(tx *session) error {
						one, err := tx.get(context.Background(), []record.Key{task("one").Key()})
						require.NoError(t, err)
						r, _ := one.Get(task("one").Key())
						s.wall = s.wall.Add(time.Second)
						m := s.edit(ana, r, func(e *record.Edit) { e.Set(board.Notes, "x") })
						after, err := merge.Records(r, m.Data)
						require.NoError(t, err)
						report, err := tx.check(context.Background(), s.options.Rules, violation.Input{Changes: []merge.Update{{Before: r, After: after}}})
						require.NoError(t, err)
						return tx.store(context.Background(), s.options.Rules, append(report.Updates, merge.Update{Before: r, After: after}))
					})
					require.NoError(t, err)
				}
			}
			require.Equal(t, map[string]int{"one[x]": 3}, s.requirePlaced())
			s.pushEdit(ana, "one", deleteRecord)
			require.Equal(t, map[string]int{"one[]": 3}, s.requirePlaced())
			s.pushEdit(ana, "one", func(e *record.Edit) { e.RestoreRecord() })
			require.Equal(t, map[string]int{"one[x]": 3}, s.requirePlaced())
			report, err := s.Audit(context.Background(), "demo")
			require.NoError(t, err)
			require.Empty(t, report.Updates)

			s.pushEdit(ana, "one", deleteRecord)
			s.pass(2)
			before := s.places()
			s.pass(92)
			require.Empty(t, s.requirePlaced(), "all rows were closed or dropped")
			for p, seq := range s.places() {
				require.LessOrEqual(t, seq, before[p], "a row that departed with its record must not depart again when that is swept: %v", p)
			}
		})
	}
}

// storeLostEdit stores the row of a lost edit of a title, as an app does that keeps the losing values of a
// field.
func (c *calendar) storeLostEdit(id string, values ...string) {
	c.t.Helper()
	ctx := context.Background()
	err := c.locked(ctx, "demo", func(tx *session) error {
		for i, value := range values {
			at := clock.TimestampOf(c.wall) + clock.Timestamp(i)*clock.Timestamp(time.Millisecond)
			row, ok := c.options.Rules.LostEdit(merge.Decision{Key: task(id).Key(), Field: board.Title, Seen: merge.SeenNo, Change: merge.Change{
				Before:   record.FieldValue{Value: record.MustOf(value), Stamp: clock.Stamp{Time: at, Client: clock.ClientID{8}}},
				Incoming: record.FieldValue{Value: record.MustOf("won"), Stamp: clock.Stamp{Time: at, Client: clock.ClientID{9}}}, Outcome: merge.Applied,
			}})
			require.True(c.t, ok)
			updates := []merge.Update{{Before: record.New(row.Key()), After: row}}
			report, err := tx.check(ctx, c.options.Rules, violation.Input{Changes: updates})
			require.NoError(c.t, err)
			require.NoError(c.t, tx.store(ctx, c.options.Rules, updates))
			require.NoError(c.t, tx.store(ctx, c.options.Rules, report.Updates))
		}
		return nil
	})
	require.NoError(c.t, err)
}

// TestManyRowsMoveWithTheirRecord moves a task with more rows than a push may read at once.
func TestManyRowsMoveWithTheirRecord(t *testing.T) {
	if testing.Short() {
		t.Skip("stores and moves 18 MiB of rows")
	}
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s, clients := openByNotes(t, name(t), "x y")
		s.change(clients[0], "one", map[string]any{board.Title: "a", board.Notes: "x"})
		long := strings.Repeat("x", 60_000)
		s.storeLostEdit("one", slices.Repeat([]string{long}, 300)...)
		require.Equal(t, map[string]int{"one[x]": 300}, s.requirePlaced())
		user := bound(s.Server, clients[0].ID).User
		before := s.pushes.of["demo"].members[user].used
		s.change(clients[0], "one", map[string]any{board.Notes: "y"})
		require.Greater(t, s.pushes.of["demo"].members[user].used, before+300*60_000, "the push is charged for the rows")
		require.Equal(t, map[string]int{"one[y]": 300}, s.requirePlaced())
		require.Zero(t, s.count("unchecked"))
		requireCounted(t, s.database)
	})
}

// TestAuditPlacesRowsAfterANewDivision divides a workspace that has rows, and divides it again.
func TestAuditPlacesRowsAfterANewDivision(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		database := name(t)
		s := openCalendar(t, database)
		s.options.Rules = &violation.Checker{Rules: map[string]violation.Rule{"title": sameTitle}}
		ana := joined(t, listen(t, s.Server), "demo", "")
		s.change(ana, "other", map[string]any{board.Title: "a", board.Notes: "z"})
		s.change(ana, "one", map[string]any{board.Title: "a", board.Notes: "x"})
		s.storeLostEdit("one", "lost")
		for _, of := range []func(record.Record) []string{noted, func(r record.Record) []string { return []string{r.Key().ID} }} {
			o := s.options
			o.Buckets, o.BucketsVersion = of, fmt.Sprint(s.options.BucketsVersion, "+")
			next, err := New(context.Background(), s.database, o)
			require.NoError(t, err)
			s.Server = next
			require.Len(t, s.requirePlaced(), 1)
		}
		require.Equal(t, map[string]int{"one[one]": 2}, s.requirePlaced())
	})
}

// TestAnswerNamesOnlyWhatTheUserMayRead: the answer to a push names violations, and writes that are too
// far ahead, only of records that the user may read.
func TestAnswerNamesOnlyWhatTheUserMayRead(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s, clients := openByNotes(t, name(t), "x", "y")
		ana, ben := clients[0], clients[1]
		s.change(ben, "his", map[string]any{board.Title: "a", board.Notes: "y"})
		answer := s.change(ana, "hers", map[string]any{board.Title: "a", board.Notes: "x"})
		require.Len(t, answer.Violations, 1)
		require.Equal(t, "hers", answer.Violations[0].RecordID)

		// A write of ana makes a row about a record of ben.
		s.change(ben, "his", map[string]any{board.Title: "b"})
		s.wall = s.wall.Add(-time.Millisecond)
		early := s.edit(ana, task("early"), func(e *record.Edit) { e.Set(board.Title, "b").Set(board.Notes, "x") })
		status, text := ana.request("POST", "/v1/push?v=2", string(early.AppendJSON(nil)))
		require.Equal(t, 200, status)
		require.NotContains(t, text, "his")
		require.Equal(t, map[string]int{"hers[x]": 1, "his[y]": 1}, s.requirePlaced())

		// Nothing of another record is in the answer, although its write is too far ahead.
		s.wall = s.wall.Add(time.Hour)
		s.change(ben, "his", map[string]any{board.Status: "done"})
		s.wall = s.wall.Add(-time.Hour)
		for c, tells := range map[*client]bool{ana: false, ben: true} {
			s.wall = s.wall.Add(time.Hour)
			late := s.edit(c, task("late"), func(e *record.Edit) { e.Set(board.Notes, "x") })
			s.wall = s.wall.Add(-time.Hour)
			_, text := c.request("POST", "/v1/push?v=2", string(late.AppendJSON(nil)))
			require.Contains(t, text, string(merge.TooFarAhead))
			require.Equal(t, tells, strings.Contains(text, "his"), text)
		}
	})
}
