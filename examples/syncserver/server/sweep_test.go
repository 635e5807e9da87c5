package server

import (
	"context"
	"fmt"
	"math/rand/v2"
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

// TestDueIsTheLeastFenceThatPurges compares the column purge with merge.Purge, for random records
// and all fences.
func TestDueIsTheLeastFenceThatPurges(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	kinds := make(map[string]int)
	for range 20_000 {
		fields := make(map[string]record.FieldValue)
		for _, name := range []string{"a", "b", "c"}[:random.IntN(4)] {
			w := record.FieldValue{Value: record.Int(1), Stamp: clock.Stamp{Time: clock.Timestamp(1 + random.IntN(4)), Client: clock.ClientID{1}}}
			if random.IntN(2) == 0 {
				w.Value = record.Deletion()
			}
			fields[name] = w
		}
		if random.IntN(2) == 0 {
			fields[record.DeletedField] = record.FieldValue{Value: record.Bool(random.IntN(3) > 0), Stamp: clock.Stamp{Time: clock.Timestamp(1 + random.IntN(4)), Client: clock.ClientID{1}}}
		}
		r := recordOf(t, fields)
		if r.Len() == 0 {
			continue
		}
		want := int64(0)
		for at := clock.Timestamp(1); at < 6 && want == 0; at++ {
			if !merge.Purge(r, at, 1).Equal(r) {
				want = int64(at)
			}
		}
		switch {
		case r.Deleted() && r.Len() == 1:
			want = husk
			kinds["husk"]++
		case want == 0:
			kinds["never"]++
		default:
			kinds["some time"]++
		}
		require.Equal(t, want, dueOf(r), "%s", r.AppendJSON(nil))
	}
	require.Len(t, kinds, 3)
}

// recordOf returns a record with the given fields.
func recordOf(t *testing.T, fields map[string]record.FieldValue) record.Record {
	t.Helper()
	var b record.Builder
	r, err := b.Record(record.Key{Table: board.Tasks, ID: "x"}, func(yield func(string, record.FieldValue) bool) {
		for _, name := range []string{record.DeletedField, "a", "b", "c"} {
			if w, ok := fields[name]; ok && !yield(name, w) {
				return
			}
		}
	})
	require.NoError(t, err)
	return r
}

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
	_, err := s.database.locked(context.Background(), "demo", func(tx *session) error {
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
			_, err := other.push(context.Background(), member{"demo", ana.ID}, pushBody{body: m.AppendJSON(nil)})
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

// TestClosedViolationsAreDroppedAfterTheRetention double-books a room at two times, and resolves one
// of the conflicts. Its row must be dropped after the retention, and each client must be told to
// forget it. The row of the other conflict, which a user has dismissed, must stay. Only the server
// may make a dropped row again.
func TestClosedViolationsAreDroppedAfterTheRetention(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		address := listen(t, s.Server)
		ana := joined(t, address, "demo", "")
		book := func(id string, hour int) record.Mutation {
			return s.edit(ana, record.New(record.Key{Table: board.Meetings, ID: id}), func(e *record.Edit) { e.Set(rooms.FieldSlot, taken(hour)) })
		}
		ana.push2(book("a", 9), book("b", 9), book("c", 14), book("d", 14))
		synced := newCopy(joined(t, address, "demo", ""))
		violations := func() (open, all int) {
			synced.pullAll(2)
			for _, r := range synced.holds {
				if v, err := violation.Parse(r); err == nil && r.Key().Table == violation.DefaultTable {
					if all++; v.Status == violation.Open {
						open++
					}
				}
			}
			return open, all
		}
		var closes, stays record.Record
		var evidence string
		violations()
		for _, r := range synced.holds {
			if v, err := violation.Parse(r); err == nil && v.RecordID == "b" {
				closes = r
			} else if err == nil && v.RecordID == "d" {
				stays, evidence = r, v.Evidence
			}
		}
		s.wall = s.wall.Add(time.Second)
		ana.push2(book("b", 11), s.edit(ana, stays, func(e *record.Edit) { e.Set(violation.FieldDismissed, evidence) }))
		open, all := violations()
		require.Equal(t, [2]int{1, 2}, [2]int{open, all})
		for day := range 92 {
			s.pass(1)
			if open, all = violations(); day < 90 {
				require.Equal(t, 2, all, "the retention has not ended")
			}
		}
		require.Equal(t, [2]int{1, 1}, [2]int{open, all}, "the closed row is dropped")
		require.Contains(t, synced.whys, "left")
		require.NotContains(t, synced.whys, whyFence)
		fresh := newCopy(joined(t, address, "demo", ""))
		fresh.pullAll(2)
		require.Equal(t, synced.holds, fresh.holds)
		require.Equal(t, []string{whyFence}, fresh.whys)
		require.Len(t, ana.pull("0"), 5, "dropped rows are not reported to a client of an earlier version")
		requireCounted(t, s.database)
		report, err := s.Audit(context.Background(), "demo")
		require.NoError(t, err)
		require.Empty(t, report.Updates)

		dismiss := s.edit(ana, record.New(closes.Key()), func(e *record.Edit) { e.Set(violation.FieldDismissed, true) })
		require.True(t, dismiss.New)
		require.Equal(t, merge.Gone, ana.push2(dismiss)[0].Code)
		require.Equal(t, merge.Gone, ana.push(dismiss).Results[0].Code)

		s.pass(92)
		require.Equal(t, 5, s.count("records"), "a row that was dropped below the fence is removed")
		require.Equal(t, merge.Gone, ana.push2(dismiss)[0].Code)
		violations()
		s.wall = s.wall.Add(time.Second)
		ana.push2(book("b", 9))
		open, all = violations()
		require.Equal(t, [2]int{2, 2}, [2]int{open, all}, "the conflict and its row are back")
		s.wall = s.wall.Add(time.Second)
		ana.push2(book("b", 11))
		s.pass(80)
		open, all = violations()
		require.Equal(t, [2]int{1, 2}, [2]int{open, all}, "a row that was closed above the fence stays")
		requireCounted(t, s.database)
	})
}

// TestRowThatReturnsBeforeItsDepartureIsPulled drops a row and derives it again at once.
func TestRowThatReturnsBeforeItsDepartureIsPulled(t *testing.T) {
	s := openCalendar(t, databasetest.SQLite(t))
	address := listen(t, s.Server)
	ana := joined(t, address, "demo", "")
	book := func(id string, hour int) record.Mutation {
		return s.edit(ana, record.New(record.Key{Table: board.Meetings, ID: id}), func(e *record.Edit) { e.Set(rooms.FieldSlot, taken(hour)) })
	}
	for _, hour := range []int{9, 11} {
		ana.push2(book("a", 9), book("b", hour))
		s.wall = s.wall.Add(time.Second)
	}
	s.pass(92)
	require.Equal(t, 1, s.count("records WHERE data = '{}'"))
	ana.push2(book("b", 9))
	require.Zero(t, s.count("records WHERE data = '{}'"))
	requireCounted(t, s.database)
	fresh := newCopy(ana)
	fresh.pullAll(9)
	require.Equal(t, s.normals(), fresh.holds)
	require.Len(t, fresh.holds, 3)
}
