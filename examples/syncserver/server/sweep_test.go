package server

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// TestSweepChangesNoOpenViolation books a room three times, and deletes a field of one meeting and
// another meeting as a whole. After the retention, an audit must find the same open rows as before,
// and the index must have no entry for what was purged.
func TestSweepChangesNoOpenViolation(t *testing.T) {
	for _, level := range []int{1, 2} {
		databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
			s := openCalendar(t, name(t))
			s.options.PurgeLevel = level
			ana := joined(t, listen(t, s.Server), "demo", "")
			meeting := func(id string) record.Mutation {
				return s.edit(ana, record.New(record.Key{Table: board.Meetings, ID: id}), func(e *record.Edit) {
					e.Set(rooms.FieldSlot, taken(9)).Set(rooms.FieldTitle, id)
				})
			}
			a, b, c := meeting("a"), meeting("b"), meeting("c")
			replies := ana.push2(a, b, c)
			s.wall = s.wall.Add(time.Second)
			replies = append(replies, ana.push2(s.edit(ana, a.Data, func(e *record.Edit) { e.Delete(rooms.FieldTitle) }), s.edit(ana, c.Data, deleteRecord))...)
			for _, r := range replies {
				require.Equal(t, "accepted", r.Verdict, r.Detail)
			}
			rows := func() (open []string) {
				for _, l := range ana.pull("0") {
					if v, err := violation.Parse(l.Data); err == nil && l.Data.Key().Table == violation.DefaultTable && v.Status == violation.Open {
						var seq int64 // as it is stored: the last pulled line may have a greater one
						require.NoError(t, s.database.db.QueryRow(`SELECT seq FROM records WHERE id = $1`, l.Data.Key().ID).Scan(&seq))
						open = append(open, fmt.Sprint(seq, l.Mutation))
					}
				}
				return open
			}
			before := rows()
			require.Len(t, before, 1)
			s.pass(92)
			require.Positive(t, s.fenced().stamp)
			require.Equal(t, before, rows())
			report, err := s.Audit(context.Background(), "demo")
			require.NoError(t, err)
			require.Empty(t, report.Updates)
			require.Equal(t, 1, report.Open)
			var indexed int
			require.NoError(t, s.database.db.QueryRow(`SELECT count(*) FROM scopes WHERE tbl = 'meetings' AND id = 'c'`).Scan(&indexed))
			require.Zero(t, indexed)
		})
	}
}

// TestPushesGoOnDuringASweep lets two servers purge many records of one workspace, while clients
// push to both.
func TestPushesGoOnDuringASweep(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		database := name(t)
		servers := []*calendar{openCalendar(t, database), openCalendar(t, database)}
		for _, s := range servers {
			s.options.PurgeLevel = 2
		}
		one := servers[0]
		ana, ben := joined(t, listen(t, one.Server), "demo", ""), joined(t, listen(t, servers[1].Server), "demo", "")
		const n = 1000
		var created, deleted []record.Mutation
		for i := range n {
			created = append(created, one.edit(ana, task(fmt.Sprint(i)), title("secret")))
		}
		ana.push2(created...)
		one.wall = one.wall.Add(time.Second)
		for _, m := range created {
			deleted = append(deleted, one.edit(ana, m.Data, deleteRecord))
		}
		ana.push2(deleted...)
		one.pass(91)
		servers[1].wall = one.wall.Add(sampleEvery)
		one.wall = servers[1].wall
		var pushed [2]int
		var all, pushing sync.WaitGroup
		done := make(chan struct{})
		for i, c := range []*client{ana, ben} {
			all.Go(func() { require.NoError(t, servers[i].Retain(context.Background())) })
			pushing.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
						for _, r := range c.push2(servers[i].edit(c, task("alive"), title("x")), created[pushed[i]%n]) {
							require.NotEqual(t, "", r.Verdict)
						}
						pushed[i]++
					}
				}
			})
		}
		all.Wait()
		close(done)
		pushing.Wait()
		require.NotContains(t, fmt.Sprint(one.data()), "secret")
		require.Len(t, one.data(), 1)
		require.Positive(t, pushed[0])
		require.Positive(t, pushed[1])
		requireCounted(t, one.database)
	})
}

// TestSweepDoesNotStarveAnotherProcess purges many records, and then applies the retention to many
// workspaces, while a client pushes to another server on the same SQLite file. SQLite has no queue
// for its lock, so without pauses between the transactions, only a few pushes would get through.
func TestSweepDoesNotStarveAnotherProcess(t *testing.T) {
	database := databasetest.SQLite(t)
	s, other := openCalendar(t, database), openCalendar(t, database)
	ana := &client{t: t, ID: clock.ClientID{7}}
	var updates []merge.Update
	for i := range 40 * sweepRecords {
		dead := s.edit(ana, task(fmt.Sprint(i)), func(e *record.Edit) { e.Set(board.Title, "x").DeleteRecord() })
		updates = append(updates, merge.Update{After: dead.Data})
	}
	err := s.locked(context.Background(), "demo", func(tx *session) error {
		return tx.store(context.Background(), s.options.Rules, updates)
	})
	require.NoError(t, err)
	pushDuringRetain := func() {
		s.wall = s.wall.Add(sampleEvery)
		other.wall = s.wall
		done := make(chan error, 1)
		go func() { done <- s.Retain(context.Background()) }()
		for i := range 15 {
			time.Sleep(5 * time.Millisecond) // so that these pushes do not starve the sweep in turn
			m := other.edit(ana, task("alive"), title(fmt.Sprint(i)))
			_, err := other.push(context.Background(), bound(other.Server, ana.ID), Pushed{Body: m.AppendJSON(nil)})
			require.NoError(t, err)
		}
		select {
		case <-done:
			require.Fail(t, "the sweep has ended before these pushes")
		default:
		}
		require.NoError(t, <-done)
	}
	s.pass(90)
	pushDuringRetain()
	require.Positive(t, s.fenced().stamp)
	_, err = s.database.db.Exec(`
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
		INSERT INTO workspaces (name, seq, entries, summed) SELECT 'w' || i, 1, 0, 1 FROM n`)
	require.NoError(t, err)
	pushDuringRetain()
}
