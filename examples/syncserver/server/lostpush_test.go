package server

import (
	"cmp"
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

// storeRow stores the row of a lost edit for a client, as a push does.
func (c *calendar) storeRow(about record.Key, loser clock.ClientID) {
	c.t.Helper()
	ctx, at := context.Background(), clock.TimestampOf(c.wall)
	row, ok := lostRow(c.options.Rules, merge.Decision{Key: about, Field: board.Title, Seen: merge.SeenNo, Change: merge.Change{
		Before:   record.FieldValue{Value: record.MustOf("mine"), Stamp: clock.Stamp{Time: at, Client: loser}},
		Incoming: record.FieldValue{Value: record.MustOf("theirs"), Stamp: clock.Stamp{Time: at + 1<<20, Client: clock.ClientID{9}}}, Outcome: merge.Applied,
	}}, false)
	require.True(c.t, ok)
	rows := []merge.Update{{Before: record.New(row.Key()), After: row}}
	err := c.locked(ctx, "demo", func(tx *session) error {
		report, err := tx.check(ctx, c.options.Rules, violation.Input{Changes: rows})
		require.NoError(c.t, err)
		unstored(report.Updates, rows)
		require.NoError(c.t, tx.store(ctx, c.options.Rules, withoutPlaced(rows, report)))
		return tx.store(ctx, c.options.Rules, report.Updates)
	})
	require.NoError(c.t, err)
}

// teller is a client that writes, and what it holds.
type teller struct {
	*client
	part *partial
}

// telling opens a server that stores rows of lost edits, with a client for each list of buckets.
func telling(t *testing.T, database string, lists ...string) (*calendar, []teller) {
	s, clients := openByNotes(t, database, lists...)
	s.options.LostEdits = true
	s.divided(noted)
	var authors []teller
	for i, c := range clients {
		authors = append(authors, s.tellerOf(c, lists[i]))
	}
	return s, authors
}

// tellerOf returns a client that holds nothing yet.
func (c *calendar) tellerOf(by *client, list string) teller {
	p := &partial{
		calendar: c, Sender: bound(c.Server, by.ID), size: func() int64 { return 3 }, has: map[string]bool{"": true},
		holds: make(map[record.Key]held), ever: make(map[record.Key]bool), seen: make(map[string]int),
	}
	for _, name := range strings.Fields(list) {
		p.has[name] = true
	}
	return teller{by, p}
}

// writeTitle pushes a title, with the base that its author saw.
func (c *calendar) writeTitle(by teller, id, text string, base clock.Stamp) (clock.Stamp, merge.Reply) {
	c.t.Helper()
	c.wall = c.wall.Add(time.Second)
	m := c.edit(by.client, task(id), title(text))
	m.Base = map[string]clock.Stamp{board.Title: base}
	w, _ := m.Data.Get(board.Title)
	reply := by.push2(m)[0]
	require.Equal(c.t, "accepted", reply.Verdict)
	return w.Stamp, reply
}

// told returns the losing values of the open rows that a client holds, by the ID of the record.
func (a teller) told() map[string]string {
	a.t.Helper()
	a.part.entitle()
	a.part.settle("told")
	all := make(map[string]string)
	for _, r := range a.part.holds {
		v, err := violation.Parse(r.Record)
		if err != nil || v.Rule != violation.LostEditRule || v.Status != violation.Open {
			continue
		}
		w, _ := r.Get(violation.FieldLostValue)
		text, _ := w.Value.Text()
		all[v.RecordID] += text
	}
	return all
}

// TestTheLoserIsTold overwrites edits unseen in both orders of arrival. The client that wrote the losing
// edit must get the row, with the value, and no other client; a retry makes no second row.
func TestTheLoserIsTold(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s, c := telling(t, name(t), "x", "x", "x")
		ana, ben, eve := c[0], c[1], c[2]
		s.change(ana.client, "one", map[string]any{board.Notes: "x"})
		s.writeTitle(ana, "one", "hers", clock.Stamp{})
		at, reply := s.writeTitle(ben, "one", "his", clock.Stamp{})
		require.Contains(t, reply.Notes, merge.LostEdit)
		require.Equal(t, map[string]string{"one": "hers"}, ana.told())
		require.Empty(t, ben.told())
		require.Empty(t, eve.told())

		row := ana.rows()[0]
		field, _ := row.Get(lostField)
		require.Equal(t, `"title"`, field.Value.JSON())
		winner, _ := row.Get(lostWinner)
		require.Equal(t, fmt.Sprintf(`{"clientId":%q,"updatedAt":%q}`, at.Client, at.Time), winner.Value.JSON())

		// Ana's next edit saw the title of Ben, so nothing is lost. Ben's was made before it, and arrives later.
		late := s.edit(ben.client, task("one"), title("late"))
		late.Base = map[string]clock.Stamp{board.Title: at}
		s.writeTitle(ana, "one", "both", at)
		require.Empty(t, ben.told())
		s.wall = s.wall.Add(-500 * time.Millisecond)
		late = s.edit(ben.client, task("one"), title("late"))
		late.Base = map[string]clock.Stamp{board.Title: at}
		answer := ben.pushTo("/v1/push?v=2", late)
		require.Len(t, answer.Violations, 1, "the answer tells the loser at once")
		ben.push2(late)
		require.Equal(t, map[string]string{"one": "late"}, ben.told())
		require.Equal(t, map[string]string{"one": "hers"}, ana.told())
		require.Empty(t, eve.told())
		s.requirePlaced()
		requireCounted(t, s.database)

		// The loser closes the row with an ordinary write, and no other client may.
		s.wall = s.wall.Add(time.Second)
		seen := func(by teller) merge.Reply {
			return by.push2(s.edit(by.client, row, func(e *record.Edit) { e.Set(violation.FieldAcknowledged, true) }))[0]
		}
		require.Equal(t, merge.Forbidden, seen(eve).Code)
		require.Equal(t, "accepted", seen(ana).Verdict)
		require.Empty(t, ana.told())
		report, err := s.Audit(context.Background(), "demo")
		require.NoError(t, err)
		require.Empty(t, report.Updates)
	})
}

// rows returns the rows of lost edits that a client holds, in the order of the records that they are about.
func (a teller) rows() (all []record.Record) {
	for _, r := range a.part.holds {
		if _, ok := loserOf(r.Record); ok {
			all = append(all, r.Record)
		}
	}
	about := func(r record.Record) string {
		v, err := violation.Parse(r)
		require.NoError(a.t, err)
		return v.RecordID
	}
	slices.SortFunc(all, func(x, y record.Record) int {
		return cmp.Or(cmp.Compare(about(x), about(y)), cmp.Compare(x.Key().ID, y.Key().ID))
	})
	return all
}

// TestRowOfALoserFollowsItsRecord moves a task out of the sight of the loser and back, deletes and restores it, and
// takes the bucket away and gives it back.
func TestRowOfALoserFollowsItsRecord(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s, c := telling(t, name(t), "x", "x y")
		ana, ben := c[0], c[1]
		user := bound(s.Server, ana.ID).User
		s.change(ana.client, "one", map[string]any{board.Notes: "x"})
		s.writeTitle(ana, "one", "hers", clock.Stamp{})
		s.writeTitle(ben, "one", "his", clock.Stamp{})
		holds := func(yes bool, what string) {
			t.Helper()
			told := ana.told()
			require.Equal(t, yes, strings.Contains(told["one"], "hers"), what)
			s.requirePlaced()
		}
		holds(true, "at first")
		s.change(ben.client, "one", map[string]any{board.Notes: "y"})
		holds(false, "she may not read the record")
		require.NotContains(t, fmt.Sprint(ana.part.holds), "hers")
		s.change(ben.client, "one", map[string]any{board.Notes: "x y"})
		holds(true, "it is back")
		s.pushEdit(ben.client, "one", deleteRecord)
		holds(false, "the record is deleted")
		s.pushEdit(ben.client, "one", func(e *record.Edit) { e.RestoreRecord() })
		holds(true, "it is restored")
		require.NoError(t, s.Revoke(context.Background(), "demo", user, "x"))
		ana.part.has["x"] = false
		holds(false, "her right has ended")
		require.NoError(t, s.Grant(context.Background(), "demo", user, map[string]string{"x": WriterRole}))
		ana.part.has["x"] = true
		holds(true, "she has it again")
		require.Empty(t, ben.told())

		s.pushEdit(ben.client, "one", deleteRecord)
		s.writeTitle(ana, "one", "later", clock.Stamp{})
		s.writeTitle(ben, "one", "latest", clock.Stamp{})
		require.NotContains(t, ana.told()["one"], "later")
		s.pushEdit(ben.client, "one", func(e *record.Edit) { e.RestoreRecord() })
		require.Contains(t, ana.told()["one"], "later", "it was lost while its record was deleted")

		f := filing{of: s.division.of, touched: make(map[string]bool)}
		f.add(merge.Update{Before: record.New(ana.rows()[0].Key()), After: ana.rows()[0]}, 1, false)
		require.True(t, f.touched["x"], "the row wakes the listeners of the bucket of its record")
	})
}

// TestRowsOfALoserAreBounded loses more edits of one client than it gets rows, and lets the retention pass.
func TestRowsOfALoserAreBounded(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s, c := telling(t, name(t), "x", "x")
		ana, ben := c[0], c[1]
		lose := func(n int) {
			var first, second []record.Mutation
			for i := range n {
				id := fmt.Sprintf("%03d", i)
				first = append(first, s.edit(ana.client, task(id), func(e *record.Edit) { e.Set(board.Notes, "x").Set(board.Title, "hers "+id) }))
			}
			s.wall = s.wall.Add(time.Second)
			for i := range n {
				m := s.edit(ben.client, task(fmt.Sprintf("%03d", i)), title("his "+fmt.Sprint(i)))
				m.Base = map[string]clock.Stamp{board.Title: {}}
				second = append(second, m)
			}
			ana.push2(first...)
			ben.push2(second...)
			s.wall = s.wall.Add(time.Second)
		}
		lose(3)
		require.Len(t, ana.told(), 3)
		lose(maxLostEdits + 20)
		require.Len(t, ana.told(), maxLostEdits)
		lose(5)
		ana.told()
		require.Len(t, ana.rows(), maxLostEdits)
		requireCounted(t, s.database)
		s.pass(92)
		require.Empty(t, ana.told(), "the retention has passed")
		s.pass(200)
		require.Zero(t, s.count("records WHERE tbl = 'violations'"))
		requireCounted(t, s.database)
	})
}

// TestAStampThatLosesTwiceHasOneRow pushes an edit that has lost twice at once, and another value with its stamp, for a
// task that exists and for a deleted one. Once the row is closed, a repeated push does not open it again.
func TestAStampThatLosesTwiceHasOneRow(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s, c := telling(t, name(t), "x", "x")
		ana, ben := c[0], c[1]
		s.change(ana.client, "one", map[string]any{board.Notes: "x"})
		s.change(ana.client, "two", map[string]any{board.Notes: "x"})
		var late []record.Mutation
		for _, id := range []string{"one", "two"} {
			m := s.edit(ben.client, task(id), title("late"))
			late = append(late, m, m, s.edit(ben.client, task(id), title("of a clone")))
		}
		s.writeTitle(ana, "one", "hers", clock.Stamp{})
		s.writeTitle(ana, "two", "hers as well", clock.Stamp{})
		s.pushEdit(ana.client, "two", deleteRecord)
		for i, reply := range ben.push2(late...) {
			require.Equal(t, []merge.Code{merge.LostEdit}, reply.Notes, "item %d", i)
		}
		require.Equal(t, 2, s.count("records WHERE tbl = 'violations'"))
		require.Equal(t, map[string]string{"one": "late"}, ben.told())
		s.requirePlaced()
		requireCounted(t, s.database)

		s.wall = s.wall.Add(time.Second)
		ben.push2(s.edit(ben.client, ben.rows()[0], func(e *record.Edit) { e.Set(violation.FieldAcknowledged, true) }))
		s.exec(`DELETE FROM marks`) // as if the edit arrived for the first time
		require.Equal(t, []merge.Code{merge.LostEdit}, ben.push2(late[0])[0].Notes)
		require.Empty(t, ben.told())
		require.Equal(t, 2, s.count("records WHERE tbl = 'violations'"))
		requireCounted(t, s.database)
	})
}

// TestNobodyIsAMemberOfTheRowsOfALoser grants the bucket of the rows of a client to another user, and puts a record
// into it.
func TestNobodyIsAMemberOfTheRowsOfALoser(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s, c := telling(t, name(t), "x", "x", "x")
		ana, ben, eve := c[0], c[1], c[2]
		s.change(ana.client, "one", map[string]any{board.Notes: "x"})
		bucket := loserBucket(ana.ID, "x")
		require.NoError(t, s.Grant(context.Background(), "demo", bound(s.Server, eve.ID).User, map[string]string{bucket: WriterRole}))
		s.writeTitle(ana, "one", "hers", clock.Stamp{})
		s.writeTitle(ben, "one", "his", clock.Stamp{})
		require.Empty(t, eve.told())
		for _, few := range []int{0, 16} { // either way of looking up
			s.readings.few = few
			require.Empty(t, s.tellerOf(eve.client, "x").told())
			require.Len(t, s.tellerOf(ana.client, "x").told(), 1)
		}
		require.NotContains(t, s.division.of.Of(s.edit(ana.client, task("two"), func(e *record.Edit) { e.Set(board.Notes, bucket+" x") }).Data, 0), bucket)
	})
}

// TestErasingReachesRowsOfLosers erases a record that has lost an edit.
func TestErasingReachesRowsOfLosers(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s, c := telling(t, name(t), "x", "x")
		s.options.Erasures = t.TempDir() + "/erasures"
		s.change(c[0].client, "one", map[string]any{board.Notes: "x"})
		s.writeTitle(c[0], "one", "a secret", clock.Stamp{})
		s.writeTitle(c[1], "one", "his", clock.Stamp{})
		require.Len(t, c[0].told(), 1)
		_, err := s.Erase(context.Background(), "demo", task("one").Key())
		require.NoError(t, err)
		require.Empty(t, c[0].told())
		require.Zero(t, s.count("records WHERE data LIKE '%a secret%'"))
	})
}

// TestWithoutTheOptionNothingIsStored loses an edit on a server without Options.LostEdits.
func TestWithoutTheOptionNothingIsStored(t *testing.T) {
	s, c := openByNotes(t, databasetest.SQLite(t), "x", "x")
	ana, ben := s.tellerOf(c[0], "x"), s.tellerOf(c[1], "x")
	s.change(ana.client, "one", map[string]any{board.Notes: "x"})
	s.writeTitle(ana, "one", "hers", clock.Stamp{})
	_, reply := s.writeTitle(ben, "one", "his", clock.Stamp{})
	require.Contains(t, reply.Notes, merge.LostEdit)
	require.Zero(t, s.count("records WHERE tbl = 'violations'"))
	require.Empty(t, ana.told())
	require.Equal(t, 2, len(ana.part.has))
}
