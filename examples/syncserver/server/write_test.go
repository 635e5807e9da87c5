package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
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

// writes makes a write of the server itself.
func (c *calendar) writes(r record.Record, change func(*record.Edit)) Written {
	c.t.Helper()
	done, err := c.tryWrite(r, change)
	require.NoError(c.t, err)
	return done
}

func (c *calendar) tryWrite(r record.Record, change func(*record.Edit)) (Written, error) {
	return c.Write(context.Background(), "demo", r.Key(), func(e *record.Edit) error {
		change(e)
		return nil
	})
}

// TestServerWriteIsLikeAPush checks that clients pull a write of the server and are woken for it, that it
// opens and closes violations, and that the journal with it replays.
func TestServerWriteIsLikeAPush(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		ana := joined(t, listen(t, s.Server), "demo", "")
		s.change(ana, "1", map[string]any{board.Title: "by ana", board.Status: "todo"})
		l := heard(t, &s.feed, bound(s.Server, ana.ID), 1, "")
		s.wall = s.wall.Add(time.Second)
		done := s.writes(task("1"), func(e *record.Edit) {
			require.Equal(t, "by ana", e.Seen().Map()[board.Title])
			e.Set(board.Status, "done")
		})
		require.EqualValues(t, 2, done.Seq)
		woken, seq, _ := l.woken(&s.feed)
		require.True(t, woken)
		require.Equal(t, done.Seq, seq)
		pulled := ana.pull("1")
		require.Len(t, pulled, 1)
		require.Equal(t, map[string]any{board.Title: "by ana", board.Status: "done"}, pulled[0].Data.Map())
		w, _ := pulled[0].Data.Get(board.Status)
		require.Equal(t, clock.Stamp{Time: clock.TimestampOf(s.wall), Client: s.id}, w.Stamp)
		require.Empty(t, done.Answer.LostEdits())

		meet := func(id string, slot any) Written {
			return s.writes(in(board.Meetings, id), func(e *record.Edit) { e.Set("slot", slot) })
		}
		require.Zero(t, meet("a", taken(9)).Report.Open)
		opened := meet("b", taken(9))
		require.Equal(t, 1, opened.Report.Open)
		require.Equal(t, violation.DefaultTable, ana.pull(fmt.Sprint(opened.Seq - 1))[0].Data.Key().Table, "the sequence does not include the violation row")
		require.Zero(t, meet("b", taken(10)).Report.Open)
		report, err := s.Audit(t.Context(), "demo")
		require.NoError(t, err)
		require.Empty(t, report.Updates)
		require.Equal(t, 5, s.requireReplay())
		requireCounted(t, s.database)

		// A later write of a client wins, and is not an edit that the client has lost.
		s.wall = s.wall.Add(time.Second)
		reply := ana.push2(s.edit(ana, pulled[0].Data, func(e *record.Edit) { e.Set(board.Status, "todo") }))[0]
		require.True(t, reply.Changed)
		require.Empty(t, reply.Notes)
	})
}

// TestServerWriteWinsOverEveryStoredStamp stores stamps that are ahead of the wall clock by less and by more than
// the bound of the engine, as after a restart with a clock that was put back, and a fence that is ahead.
func TestServerWriteWinsOverEveryStoredStamp(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		ana := joined(t, listen(t, s.Server), "demo", "")
		right := s.wall
		for _, ahead := range []time.Duration{4 * time.Minute, 8 * time.Hour} {
			s.wall = right.Add(ahead)
			s.change(ana, "1", map[string]any{board.Title: ahead.String()})
			stored := s.normals()[task("1").Key()]
			s.wall = right
			s.writes(task("1"), title("by the server"))
			require.Equal(t, "by the server", s.normals()[task("1").Key()].Map()[board.Title])
			w, _ := s.normals()[task("1").Key()].Get(board.Title)
			require.Equal(t, latestOf(stored)+1, w.Stamp.Time)
			s.writes(task("2"), title("another record"))
			require.Equal(t, clock.TimestampOf(right), latestOf(s.normals()[task("2").Key()]), "a stamp from the future spread to another record")
			s.exec(`DELETE FROM records WHERE id = '2'`)
		}
		require.Equal(t, 6, s.requireReplay())

		// A repair restamps the write. Without it, ana cannot write above the write.
		late := func() merge.Reply {
			return ana.push2(s.edit(ana, s.normals()[task("1").Key()], func(e *record.Edit) { e.Set(board.Notes, "x") }))[0]
		}
		s.wall = right
		m := s.normals()[task("1").Key()].Edit(clock.Stamp{Time: latestOf(s.normals()[task("1").Key()]) + 1, Client: ana.ID}).Set(board.Title, "by ana")
		above, err := m.Mutation()
		require.NoError(t, err)
		require.Equal(t, merge.TooFarAhead, ana.push2(above)[0].Code)
		_, err = s.Repair(t.Context(), "demo", RepairOptions{})
		require.NoError(t, err)
		s.wall = right.Add(time.Minute)
		require.Equal(t, "accepted", late().Verdict)
		s.wall = right.Add(2 * time.Minute)
		s.writes(task("1"), title("after the repair"))
		require.Equal(t, clock.TimestampOf(s.wall), latestOf(s.normals()[task("1").Key()]))
	})
}

// TestServerWriteUnderAFence writes records that are alive, dead and unknown, at both levels, while the wall clock
// is behind the fence.
func TestServerWriteUnderAFence(t *testing.T) {
	for level := 1; level <= 2; level++ {
		databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
			s := openCalendar(t, name(t))
			s.options.PurgeLevel = level
			ana := joined(t, listen(t, s.Server), "demo", "")
			s.change(ana, "dead", map[string]any{board.Title: "x"})
			s.change(ana, "alive", map[string]any{board.Title: "x", board.Notes: "x"})
			s.pushEdit(ana, "dead", deleteRecord)
			s.pushEdit(ana, "alive", func(e *record.Edit) { e.Delete(board.Notes) })
			s.exec(fmt.Sprintf(`UPDATE workspaces SET fence_seq = 4, fence_stamp = %d, level = %d`, clock.TimestampOf(s.wall.Add(time.Hour)), level))
			above := s.fenced().stamp + 1

			s.writes(task("alive"), func(e *record.Edit) {
				require.Equal(t, 1, e.Seen().Len(), "the function saw what was purged")
				e.Set(board.Notes, "again")
			})
			require.Equal(t, above, latestOf(s.normals()[task("alive").Key()]))
			_, err := s.tryWrite(task("dead"), func(e *record.Edit) {
				require.Equal(t, level == 1, e.Seen().Deleted())
				require.Equal(t, 2-level, e.Seen().Len())
				e.Set(board.Notes, "new")
			})
			if level == 1 {
				requireRefused(t, err, merge.Gone)
			} else {
				require.NoError(t, err)
				require.Equal(t, map[string]any{board.Notes: "new"}, s.normals()[task("dead").Key()].Map())
			}
			s.writes(task("new"), title("x"))
			require.Equal(t, above, latestOf(s.normals()[task("new").Key()]))
			require.NoError(t, s.sweep(t.Context(), "demo"))
			requireCounted(t, s.database)
			s.requireReplay()
		})
	}
}

// requireRefused checks that an error is a refusal with a code, and quotes the record.
func requireRefused(t *testing.T, err error, code merge.Code) {
	t.Helper()
	var refusal *merge.Refusal
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, code, refusal.Code)
	require.ErrorContains(t, err, `"tasks/`)
	require.NotContains(t, err.Error(), "secret")
}

// TestRefusedServerWriteStoresNothing checks the error of each write that cannot be made.
func TestRefusedServerWriteStoresNothing(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s, log := openEraser(t, name(t))
		ana := joined(t, listen(t, s.Server), "demo", "")
		s.change(ana, "erased", map[string]any{board.Title: "x"})
		s.change(ana, "1", map[string]any{board.Title: "x"})
		_, err := s.Erase(t.Context(), "demo", task("erased").Key())
		require.NoError(t, err)
		before, lines := s.data(), s.requireReplay()
		log.Reset()

		_, err = s.tryWrite(task("erased"), title("secret"))
		requireRefused(t, err, merge.Gone)
		_, err = s.tryWrite(task("erased"), func(e *record.Edit) { e.RestoreRecord() })
		requireRefused(t, err, merge.Gone)
		_, err = s.tryWrite(task("1"), title(string(bytes.Repeat([]byte("secret"), 100))))
		requireRefused(t, err, board.TitleTooLong)
		_, err = s.tryWrite(task("1"), func(e *record.Edit) { e.Set("$erased", "secret") })
		require.ErrorIs(t, err, record.ErrReserved)
		_, err = s.tryWrite(in("", "1"), title("secret"))
		require.ErrorIs(t, err, record.ErrName)
		_, err = s.Write(t.Context(), "DEMO", task("1").Key(), nil)
		require.ErrorContains(t, err, "workspace")
		s.options.Storage = 1
		_, err = s.tryWrite(task("new"), title("secret"))
		requireRefused(t, err, merge.StorageFull)
		s.options.Storage = defaultStorage
		wall := s.wall
		s.wall = time.Unix(100, 0)
		_, err = s.tryWrite(task("1"), title("secret"))
		require.ErrorIs(t, err, clock.ErrWall)
		s.wall = wall

		failed := errors.New("the function failed")
		two := []record.Key{task("1").Key(), task("new").Key()}
		_, err = s.WriteAll(t.Context(), "demo", two, func(all []*record.Edit) error {
			all[0].Set(board.Title, "secret")
			return failed
		})
		require.Equal(t, failed, err)
		_, err = s.WriteAll(t.Context(), "demo", []record.Key{two[0], task("erased").Key()}, func(all []*record.Edit) error {
			all[0].Set(board.Title, "secret")
			all[1].Set(board.Title, "secret")
			return nil
		})
		requireRefused(t, err, merge.Gone)
		_, err = s.WriteAll(t.Context(), "demo", []record.Key{two[0], two[0]}, nil)
		require.ErrorContains(t, err, "twice")
		require.Panics(t, func() { s.tryWrite(task("1"), func(*record.Edit) { panic("in the function") }) })
		unchanged, err := s.WriteAll(t.Context(), "demo", two, func(all []*record.Edit) error {
			all[0].SetMap(map[string]any{board.Title: "x"})
			return nil
		})
		require.NoError(t, err)
		require.Zero(t, unchanged)
		require.Equal(t, before, s.data())
		require.Equal(t, lines, s.requireReplay())
		require.Empty(t, log.String())

		done, err := s.WriteAll(t.Context(), "demo", two, func(all []*record.Edit) error {
			all[1].Set(board.Title, "secret").Set(board.Notes, "secret")
			all[0].Delete(board.Title)
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, two[0], done.Answer.Results[0].Key)
		require.Equal(t, two[1], done.Answer.Results[1].Key)
		require.Equal(t, `"secret"`, string(mustGet(t, s.normals()[two[1]], board.Notes).JSON()))
		require.NotContains(t, log.String(), "secret")
		require.Contains(t, log.String(), s.id.String())
		requireCounted(t, s.database)
	})
}

func mustGet(t *testing.T, r record.Record, field string) record.Value {
	t.Helper()
	w, ok := r.Get(field)
	require.True(t, ok)
	return w.Value
}

// TestServerWritesBesidePushes lets two servers count in one field, while clients push: no count may be lost, and
// no sequence used twice.
func TestServerWritesBesidePushes(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		database := name(t)
		a, b := openCalendar(t, database), openCalendar(t, database)
		require.NotEqual(t, a.id, b.id)
		a.wall, b.wall = time.Now(), time.Now()
		ana := joined(t, listen(t, a.Server), "demo", "")
		var all sync.WaitGroup
		const each = 15
		for _, s := range []*calendar{a, b} {
			for range 2 {
				all.Go(func() {
					for range each {
						s.tryWrite(task("n"), func(e *record.Edit) {
							n, _ := e.Seen().Get("points")
							count, _ := n.Value.Int()
							e.Set("points", count+1)
						})
					}
				})
			}
		}
		all.Go(func() {
			for i := range each {
				m := ana.set(board.Tasks, "n", board.Title, fmt.Sprint(i))
				if _, err := b.push(context.Background(), bound(b.Server, ana.ID), Pushed{Body: m.AppendJSON(nil)}); err != nil {
					panic(err)
				}
			}
		})
		all.Wait()
		r := a.normals()[task("n").Key()]
		require.Equal(t, record.Int(4*each), mustGet(t, r, "points"))
		require.Equal(t, record.MustOf(fmt.Sprint(each-1)), mustGet(t, r, board.Title))
		require.Len(t, a.lines(), 5*each)
		a.requireReplay()
		requireCounted(t, a.database)
	})
}

// TestServerWriteMovesARecord checks that a write of the server follows the buckets, that no right is asked for, and
// that no lost edit or kept value comes of it.
func TestServerWriteMovesARecord(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s, c := keeping(t, name(t), "", "x")
		s.options.MayWrite = func(Actor, record.Record, record.Record, record.Mutation) error { return errors.New("no right") }
		s.writes(task("1"), func(e *record.Edit) { e.Set(board.Title, "a").Set(board.Notes, "-") })
		l := heard(t, &s.feed, bound(s.Server, c[1].ID), 0, "x")
		s.wall = s.wall.Add(time.Second)
		s.writes(task("1"), func(e *record.Edit) { e.Set(board.Title, "b").Set(board.Notes, "x") })
		woken, _, _ := l.woken(&s.feed)
		require.True(t, woken)
		s.writes(task("1"), title("c"))
		_, there := s.places()[place{"x", task("1").Key()}]
		require.True(t, there)
		rows := func() (n int) {
			for key := range s.normals() {
				if key.Table == violation.DefaultTable {
					n++
				}
			}
			return n
		}
		require.Zero(t, rows())

		// A write of the server that is lost makes a row only if its value is kept.
		s.options.MayWrite = nil
		s.writes(task("2"), func(e *record.Edit) { e.Set(board.Status, "x").Set(board.Notes, "x") })
		s.wall = s.wall.Add(time.Second)
		reply := c[1].push2(s.edit(c[1].client, task("2"), func(e *record.Edit) { e.Set(board.Status, "y") }))[0]
		require.Equal(t, []merge.Code{merge.LostEdit}, reply.Notes)
		require.Zero(t, rows())
		s.writes(task("2"), title("by the server"))
		s.wall = s.wall.Add(time.Second)
		c[1].push2(s.edit(c[1].client, task("2"), title("by a client")))
		require.Equal(t, 1, rows())
		requireCounted(t, s.database)
	})
}

// TestNoClientMayUseTheIDOfAServer checks IDs of this process, of another one, and of one that has ended.
func TestNoClientMayUseTheIDOfAServer(t *testing.T) {
	database := databasetest.SQLite(t)
	a, b := open(t, database), open(t, database)
	another := open(t, databasetest.SQLite(t))
	for _, id := range []clock.ClientID{a.id, b.id} {
		_, err := a.admitted(id)
		_, code := StatusOf(err)
		require.Equal(t, "client_taken", code)
		parsed, err := clock.ParseClientID(id.String())
		require.NoError(t, err)
		require.Equal(t, id, parsed)
	}
	_, err := a.admitted(another.id)
	require.NoError(t, err, "an ID without the signature of this database was refused")
}

// TestServerWriteAfterARestore: clients pull a write that is made after the database was restored.
func TestServerWriteAfterARestore(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		ana := newCopy(joined(t, listen(t, s.Server), "demo", ""))
		s.change(ana.client, "1", map[string]any{board.Title: "x"})
		s.backUp()
		s.writes(task("1"), title("lost with the backup"))
		ana.pullAll(9)
		s.restore()
		_, _, err := s.Restored(t.Context())
		require.NoError(t, err)
		s.writes(task("1"), title("after the restore"))
		ana.pullAll(9)
		require.Equal(t, "after the restore", ana.holds[task("1").Key()].Map()[board.Title])
	})
}
