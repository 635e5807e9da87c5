package server

import (
	"context"
	"fmt"
	"math/rand/v2"
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

// keeping opens a server that keeps the titles of tasks.
func keeping(t *testing.T, database string, lists ...string) (*calendar, []teller) {
	s, c := telling(t, database, lists...)
	s.options.Keep = func(table, field string) bool { return table == board.Tasks && field == board.Title }
	return s, c
}

// keptHistory is a random history of pushes to a server that keeps titles.
type keptHistory struct {
	*calendar
	random *rand.Rand
	by     []teller
	sent   []record.Mutation // all items that were accepted
	seen   map[string]int
}

// item returns a random write of a title. Its author may be one client on two devices, use a stamp twice, and know
// anything or nothing of what is stored.
func (h *keptHistory) item(n int) (by teller, m record.Mutation) {
	by = h.by[h.random.IntN(len(h.by))]
	at := clock.Stamp{Time: clock.TimestampOf(h.wall.Add(-time.Duration(h.random.IntN(4)) * time.Second)), Client: by.ID}
	e := task(string(rune('a' + h.random.IntN(2)))).Edit(at)
	if h.random.IntN(8) == 0 {
		e.Delete(board.Title)
	} else {
		e.Set(board.Title, fmt.Sprint("value ", n))
	}
	m, err := e.Mutation()
	require.NoError(h.t, err)
	stored, _ := h.normals()[m.Data.Key()].Get(board.Title)
	switch h.random.IntN(5) {
	case 0:
		m.Base = nil
	case 1:
		m.Base = map[string]clock.Stamp{board.Title: {}}
	case 2:
		if len(h.sent) > 0 {
			w, _ := h.sent[h.random.IntN(len(h.sent))].Data.Get(board.Title)
			m.Base = map[string]clock.Stamp{board.Title: w.Stamp}
		}
	default:
		m.Base = map[string]clock.Stamp{board.Title: stored.Stamp}
	}
	return by, m
}

// requireKept checks the law: of a kept field, no accepted value vanishes.
func (h *keptHistory) requireKept() {
	h.t.Helper()
	type key struct {
		id    string
		stamp clock.Stamp
		value string
	}
	kept, read := make(map[key]string), make(map[key]bool)
	for k, r := range h.normals() {
		if w, ok := r.Get(board.Title); ok && k.Table == board.Tasks {
			kept[key{k.ID, w.Stamp, w.Value.JSON()}] = "it stands"
		}
		v, err := violation.Parse(r)
		if w, ok := r.Get(lostLoser); ok && err == nil {
			var stamp stampJSON
			require.NoError(h.t, w.Value.Decode(&stamp))
			w, _ = r.Get(violation.FieldLostValue)
			kept[key{v.RecordID, clock.Stamp{Time: stamp.UpdatedAt, Client: stamp.ClientID}, w.Value.JSON()}] = "it is in a row"
		}
	}
	for _, m := range h.sent {
		w, _ := m.Data.Get(board.Title)
		if base := m.Base[board.Title]; base.Compare(w.Stamp) < 0 {
			read[key{id: m.Data.Key().ID, stamp: base}] = true
		}
	}
	for _, m := range h.sent {
		w, _ := m.Data.Get(board.Title)
		k := key{m.Data.Key().ID, w.Stamp, w.Value.JSON()}
		where, ok := kept[k]
		if k.value = ""; !ok && read[k] {
			where, ok = "a later author had seen it", true
		}
		if w.Deleted() && !ok {
			continue // another deletion may have taken its place
		}
		require.True(h.t, ok, "%s of %s has vanished", w.Value.JSON(), w.Stamp)
		h.seen[where]++
	}
}

// TestNoAcceptedValueOfAKeptFieldVanishes pushes random writes of titles: with right, wrong and missing bases,
// late, again, from cloned clients and with stamps that were used twice.
func TestNoAcceptedValueOfAKeptFieldVanishes(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s, c := keeping(t, name(t), "x", "x", "x")
		seen := make(map[string]int)
		for seed := range uint64(8) {
			for _, table := range []string{"records", "log", "scopes", "marks"} {
				s.exec(`DELETE FROM ` + table)
			}
			h := &keptHistory{calendar: s, random: rand.New(rand.NewPCG(seed, 1)), by: c, seen: seen}
			for _, id := range []string{"a", "b"} {
				s.change(c[0].client, id, map[string]any{board.Notes: "x"})
			}
			for n := range 25 {
				if h.wall = h.wall.Add(time.Duration(h.random.IntN(2)) * time.Second); h.random.IntN(5) == 0 && len(h.sent) > 0 {
					again := h.sent[h.random.IntN(len(h.sent))]
					w, _ := again.Data.Get(board.Title)
					for _, by := range c {
						if by.ID == w.Stamp.Client {
							by.push2(again)
						}
					}
					continue
				}
				by, m := h.item(n)
				items := []record.Mutation{m}
				if _, other := h.item(n + 1000); h.random.IntN(3) == 0 {
					if w, _ := other.Data.Get(board.Title); w.Stamp.Client == by.ID {
						items = append(items, other)
					}
				}
				for i, reply := range by.push2(items...) {
					require.Equal(t, "accepted", reply.Verdict)
					h.sent = append(h.sent, items[i])
					for _, f := range reply.Fields {
						h.seen[string(f.Outcome)]++
					}
				}
				h.requireKept()
			}
			s.requirePlaced()
		}
		for _, what := range []string{"it stands", "it is in a row", "a later author had seen it", "collision", "superseded"} {
			require.Positive(t, seen[what], "it never happened: %s", what)
		}
	})
}

// TestRowOfAKeptFieldIsForBothAuthorsUntilOneChooses overwrites a title without saying what was seen.
func TestRowOfAKeptFieldIsForBothAuthorsUntilOneChooses(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s, c := keeping(t, name(t), "x", "x", "x")
		ana, ben, eve := c[0], c[1], c[2]
		s.change(ana.client, "one", map[string]any{board.Notes: "x", board.Title: "hers"})
		s.wall = s.wall.Add(time.Second)
		m := s.edit(ben.client, task("one"), title("his"))
		m.Base = nil
		ben.push2(m)
		s.wall = s.wall.Add(time.Second)
		for _, by := range []teller{ana, ben} {
			require.Equal(t, map[string]string{"one": "hers"}, by.told())
			won, _ := by.rows()[0].Get(lostValue)
			require.Equal(t, `"his"`, won.Value.JSON())
			words, _ := by.rows()[0].Get(lostWords)
			require.NotContains(t, words.Value.JSON(), "seen", "it is not known")
		}
		require.Empty(t, eve.told())
		s.pass(200)
		require.Len(t, ana.told(), 1, "the retention does not end it")
		ben.push2(s.edit(ben.client, ben.rows()[0], func(e *record.Edit) { e.Set(violation.FieldAcknowledged, true) }))
		require.Empty(t, ana.told())
		ana.push2(s.edit(ana.client, task("two"), title("another")))
		require.Empty(t, ben.told())
		s.pass(92)
		require.Empty(t, ana.told())
		require.Empty(t, ana.rows(), "closed rows go")
		requireCounted(t, s.database)
	})
}

// TestTooManyOpenRowsStopTheClientThatMadeThem overwrites as many titles as a client may without saying what it had
// seen, and then fills the storage.
func TestTooManyOpenRowsStopTheClientThatMadeThem(t *testing.T) {
	s, c := keeping(t, databasetest.SQLite(t), "x", "x")
	ana, ben := c[0], c[1]
	edits := func(by teller, text string) (all []record.Mutation) {
		for i := range maxKept {
			all = append(all, s.edit(by.client, task(fmt.Sprint(i)), func(e *record.Edit) { e.Set(board.Title, fmt.Sprint(text, i)).Set(board.Notes, "x") }))
		}
		s.wall = s.wall.Add(time.Second)
		return all
	}
	first := edits(ana, "hers")
	late := s.edit(ben.client, task("hers"), title("late"))
	s.wall = s.wall.Add(time.Second)
	ana.push2(first...)
	his := edits(ben, "his")
	ben.push2(his...)
	require.Len(t, ana.told(), maxKept)

	next := s.edit(ana.client, task("next"), func(e *record.Edit) { e.Set(board.Title, "x").Set(board.Notes, "x") })
	other := s.edit(ana.client, task("hers"), func(e *record.Edit) { e.Set(board.Title, "own").Set(board.Notes, "x") })
	require.Equal(t, "accepted", ana.push2(next, other)[0].Verdict, "the loser is not stopped")
	w, _ := next.Data.Get(board.Title)
	s.wall = s.wall.Add(time.Second)
	unseen, after := s.edit(ben.client, task("next"), title("y")), s.edit(ben.client, task("next"), title("z"))
	unseen.Base = nil
	stamp, _ := unseen.Data.Get(board.Title)
	after.Base = map[string]clock.Stamp{board.Title: stamp.Stamp}
	for _, reply := range ben.push2(unseen, after) {
		require.Equal(t, merge.LimitExceeded, reply.Code, "the second one builds on the first one")
		require.Equal(t, "data.title", reply.Path)
		require.False(t, reply.Retryable)
	}
	require.Equal(t, merge.LimitExceeded, ben.push2(late)[0].Code, "it would be lost at once")
	replies := ben.push2(his[3], unseen, s.edit(ben.client, task("3"), func(e *record.Edit) { e.Set("color", "red") }), s.edit(ben.client, task("other"), title("alone")))
	require.Equal(t, "accepted", replies[0].Verdict, "a retry")
	require.Equal(t, merge.LimitExceeded, replies[1].Code)
	require.Equal(t, "accepted", replies[2].Verdict, "no kept field")
	require.Equal(t, "accepted", replies[3].Verdict, "nothing is displaced")
	unseen.Base = map[string]clock.Stamp{board.Title: w.Stamp}
	require.Equal(t, "accepted", ben.push2(unseen)[0].Verdict, "he had seen it")
	ana.push2(s.edit(ana.client, ana.rows()[0], func(e *record.Edit) { e.Set(violation.FieldAcknowledged, true) }))
	require.Equal(t, "accepted", ben.push2(late)[0].Verdict)
	require.Equal(t, "late", ben.told()["hers"])
	ninth := s.edit(ben.client, task("9"), func(e *record.Edit) { e.Set(board.Title, "q"); e.Set(board.Notes, "x") })
	require.Equal(t, merge.LimitExceeded, ben.push2(ninth)[0].Code, "the late one counts")
	require.Contains(t, ana.told(), "5")
	s.pushEdit(ana.client, "5", deleteRecord)
	require.NotContains(t, ana.told(), "5")
	require.Equal(t, "accepted", ben.push2(ninth)[0].Verdict, "no client can close the row of a deleted record")
	s.pushEdit(ana.client, "5", func(e *record.Edit) { e.RestoreRecord() })
	require.Contains(t, ana.told(), "5")

	s.wall = s.wall.Add(time.Second)
	next = s.edit(ana.client, s.stored("next"), title("v"))
	require.Equal(t, "accepted", ana.push2(next)[0].Verdict)
	s.options.Storage = 1
	s.wall = s.wall.Add(time.Second)
	short := s.edit(ben.client, task("next"), title("y"))
	reply := ben.push2(short)[0]
	require.Equal(t, merge.StorageFull, reply.Code)
	require.True(t, reply.Retryable)
	w, _ = next.Data.Get(board.Title)
	short.Base = map[string]clock.Stamp{board.Title: w.Stamp}
	require.Equal(t, "accepted", ben.push2(short)[0].Verdict, "nothing is lost")
}

// TestFullStorageRefusesAChainOfWritesAtOnce pushes writes of one kept field, each by an author who saw the one
// before. The engine prepares a push at most twice, and once for the request.
func TestFullStorageRefusesAChainOfWritesAtOnce(t *testing.T) {
	s, c := keeping(t, databasetest.SQLite(t), "x", "x")
	ana, ben := c[0], c[1]
	s.change(ana.client, "one", map[string]any{board.Notes: "x", board.Title: "hers"})
	s.options.Storage = 1
	asked := 0
	s.engine.Guard = func(clock.ClientID, record.Mutation) error { asked++; return nil }
	var chain []record.Mutation
	for i := range 20 {
		s.wall = s.wall.Add(time.Second)
		m := s.edit(ben.client, task("one"), title(fmt.Sprint(i)))
		if m.Base = nil; i > 0 {
			w, _ := chain[i-1].Data.Get(board.Title)
			m.Base = map[string]clock.Stamp{board.Title: w.Stamp}
		}
		chain = append(chain, m)
	}
	for _, reply := range ben.push2(chain...) {
		require.Equal(t, merge.StorageFull, reply.Code)
		require.True(t, reply.Retryable)
	}
	require.LessOrEqual(t, asked, 3*len(chain))
	w, _ := s.stored("one").Get(board.Title)
	require.Equal(t, `"hers"`, w.Value.JSON())
}

func TestKeepNeedsLostEdits(t *testing.T) {
	s := open(t, databasetest.SQLite(t))
	_, err := New(context.Background(), s.database, Options{Keep: func(_, _ string) bool { return true }})
	require.ErrorContains(t, err, "LostEdits")
}
