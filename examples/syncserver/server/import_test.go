package server

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// taskRows is the table of tasks in another system, by ID.
type taskRows map[string]map[string]any

func (s taskRows) rows(t *testing.T) (rows []imports.Row) {
	t.Helper()
	for id, fields := range s {
		row := imports.Row{Key: task(id).Key(), Fields: make(map[string]record.Value)}
		for name, v := range fields {
			row.Fields[name] = record.MustOf(v)
		}
		rows = append(rows, row)
	}
	return rows
}

// imports makes a run of the import crm.
func (c *calendar) imports(s taskRows) Imported {
	c.t.Helper()
	done, err := c.Import(context.Background(), "demo", Source{Name: "crm"}, s.rows(c.t))
	require.NoError(c.t, err)
	require.NoError(c.t, done.Err)
	return done
}

// values returns the fields of a task.
func (c *calendar) values(id string) map[string]any {
	c.t.Helper()
	return c.normals()[task(id).Key()].Map()
}

// lastSeq returns the last sequence, and the last entry of the journal.
func (c *calendar) lastSeq() (seq, entries int64) {
	c.t.Helper()
	require.NoError(c.t, c.database.db.QueryRow(`SELECT seq, entries FROM workspaces WHERE name = 'demo'`).Scan(&seq, &entries))
	return seq, entries
}

// TestImportWinsOverNoPerson makes several runs, with edits of people before, between and after them.
func TestImportWinsOverNoPerson(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		ana := joined(t, listen(t, s.Server), "demo", "")
		early := s.edit(ana, task("1"), func(e *record.Edit) { e.Set(board.Notes, "made before the first run") })
		s.wall = s.wall.Add(time.Minute)
		crm := taskRows{
			"1": {board.Title: "one", board.Due: nil, board.Notes: "", "points": 0, "flag": false},
			"2": {board.Title: "two"},
		}
		first := s.imports(crm)
		require.Equal(t, [3]int64{2, 2, 1}, [3]int64{int64(first.Rows), int64(first.Changed), first.Run})
		require.Equal(t, map[string]any{board.Title: "one", board.Due: nil, board.Notes: "", "points": int64(0), "flag": false}, s.values("1"))
		require.Equal(t, map[string]any{board.Title: "two"}, s.values("2"))
		w, _ := s.normals()[task("2").Key()].Get(board.Title)
		require.Equal(t, clock.Stamp{Time: 1, Client: first.ID}, w.Stamp)
		require.Equal(t, first.Seq, ana.pull("0")[2].Seq)

		seq, entries := s.lastSeq()
		again := s.imports(crm)
		require.Equal(t, Imported{ID: first.ID, Run: 2, Rows: 2}, again)
		seq2, entries2 := s.lastSeq()
		require.Equal(t, [2]int64{seq, entries}, [2]int64{seq2, entries2}, "a run without changes took a sequence, or a line of the journal")

		// No edit is lost to an import, or the other way round.
		require.Empty(t, ana.push2(early)[0].Notes)
		require.Equal(t, "made before the first run", s.values("1")[board.Notes])
		unseen := s.edit(ana, task("2"), title("by ana"))
		reply := ana.push2(unseen)[0]
		require.True(t, reply.Changed)
		require.Empty(t, reply.Notes)
		s.pushEdit(ana, "1", func(e *record.Edit) { e.Delete("points") })

		crm["1"] = map[string]any{board.Title: "one, changed", board.Notes: "changed", "points": 7, "new": true}
		crm["2"] = map[string]any{board.Title: "changed"}
		third := s.imports(crm)
		require.Equal(t, 1, third.Changed)
		require.Equal(t, map[string]any{board.Title: "one, changed", board.Due: nil, board.Notes: "made before the first run", "flag": false, "new": true}, s.values("1"))
		require.Equal(t, "by ana", s.values("2")[board.Title])
		w, _ = s.normals()[task("1").Key()].Get("new")
		require.Equal(t, clock.Stamp{Time: 3, Client: first.ID}, w.Stamp)

		described := s.normals()[record.Key{Table: ImportsTable, ID: first.ID.String()}]
		require.Equal(t, map[string]any{importName: "crm", importRun: int64(3)}, described.Map())
		s.requireReplay()
		require.Contains(t, s.lines()[len(s.lines())-1].Request.Imports, first.ID)
		requireCounted(t, s.database)
	})
}

// TestImportBringsNothingDeletedBack deletes and erases records between runs, at both levels, and lets the
// retention pass.
func TestImportBringsNothingDeletedBack(t *testing.T) {
	for level := 1; level <= 2; level++ {
		databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
			s, _ := openEraser(t, name(t))
			s.options.PurgeLevel = level
			ana := joined(t, listen(t, s.Server), "demo", "")
			s.change(ana, "early", map[string]any{board.Title: "covert"})
			crm := taskRows{"1": {board.Title: "one", board.Notes: "x"}, "2": {board.Title: "two"}, "erased": {board.Title: "covert"}, "early": {board.Title: "covert"}}
			_, err := s.Erase(t.Context(), "demo", task("early").Key())
			require.NoError(t, err)
			s.imports(crm)
			s.wall = s.wall.Add(time.Second)
			ana.push2(s.edit(ana, s.normals()[task("1").Key()], deleteRecord), s.edit(ana, s.normals()[task("2").Key()], func(e *record.Edit) { e.Delete(board.Title) }))
			_, err = s.Erase(t.Context(), "demo", task("erased").Key())
			require.NoError(t, err)
			var hashes int
			require.NoError(t, s.database.db.QueryRow(`SELECT count(*) FROM ledgers WHERE id IN ('erased', 'early') AND ledger LIKE '%hashes%'`).Scan(&hashes))
			require.Zero(t, hashes)
			require.Zero(t, s.imports(crm).Changed)

			s.pass(92)
			require.Positive(t, s.fenced().stamp)
			require.Zero(t, s.imports(crm).Changed)
			crm["1"] = map[string]any{board.Title: "one, changed", board.Notes: "x"}
			for _, id := range []string{"erased", "early"} {
				crm[id] = map[string]any{board.Title: "covert, changed"}
			}
			changed := s.imports(crm)
			require.Equal(t, 1, changed.Changed)
			require.Equal(t, map[string]any{board.Title: "one, changed", board.Notes: "x"}, s.values("1"))
			w, _ := s.normals()[task("1").Key()].Get(board.Title)
			require.Equal(t, s.fenced().stamp+clock.Timestamp(changed.Run), w.Stamp.Time)
			for _, id := range []string{"erased", "early"} {
				require.NotContains(t, s.values(id), board.Title)
			}
			s.requireReplay()
			requireCounted(t, s.database)
		})
	}
}

// TestRefusedRowsAreTriedAgain checks that a row that is refused affects no other, and is not taken for seen.
func TestRefusedRowsAreTriedAgain(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		long := strings.Repeat("secret", 100)
		crm := taskRows{"1": {board.Title: long, board.Notes: "x"}, "2": {board.Title: "two"}}
		for range 2 {
			done := s.imports(crm)
			require.Len(t, done.Refused, 1)
			require.Equal(t, task("1").Key(), done.Refused[0].Key)
			require.Equal(t, board.TitleTooLong, done.Refused[0].Refusal.Code)
			require.NotContains(t, done.Refused[0].Refusal.Error(), "secret")
			require.Empty(t, s.values("1"))
		}
		s.options.Guard = nil
		s.engine.Guard = nil
		require.Equal(t, 1, s.imports(crm).Changed)
		require.Equal(t, long, s.values("1")[board.Title])
		s.options.Storage = 1
		crm["3"] = map[string]any{board.Title: "three"}
		full := s.imports(crm)
		require.Len(t, full.Refused, 1)
		require.Equal(t, merge.StorageFull, full.Refused[0].Refusal.Code)

		for _, table := range []string{violation.DefaultTable, ImportsTable, ""} {
			_, err := s.Import(t.Context(), "demo", Source{Name: "crm"}, []imports.Row{{Key: record.Key{Table: table, ID: "1"}}})
			require.ErrorIs(t, err, record.ErrName)
			require.NotErrorIs(t, err, record.ErrReserved) // its text is about fields
		}
		_, err := s.Import(t.Context(), "demo", Source{Name: "crm"}, append(crm.rows(t), crm.rows(t)...))
		require.ErrorIs(t, err, imports.ErrDuplicate)
		for _, from := range []Source{{}, {Name: strings.Repeat("x", 101)}, {Name: "\xff"}, {Name: "crm", ID: clock.ClientID{1}}} {
			_, err = s.Import(t.Context(), "demo", from, nil)
			require.Error(t, err)
		}
		s.wall = time.Unix(1, 0)
		_, err = s.Import(t.Context(), "demo", Source{Name: "crm"}, nil)
		require.ErrorIs(t, err, clock.ErrWall)
	})
}

// TestImportThatFillsTheStorageKeepsItsRows: the record that describes an import is stored with the rows that were
// accepted, also if these have filled the storage. Later rows are refused.
func TestImportThatFillsTheStorageKeepsItsRows(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		s.options.Storage = 1
		done := s.imports(taskRows{"1": {board.Title: "a long title"}})
		require.Empty(t, done.Refused)
		require.Equal(t, 1, done.Changed)
		for run := int64(2); run <= 10; run++ { // the record of run 10 is longer than the one of run 9
			crm := taskRows{"1": {board.Title: "a long title"[run:]}, "2": {board.Title: "x"}}
			done = s.imports(crm)
			require.Len(t, done.Refused, 1)
			require.Equal(t, merge.StorageFull, done.Refused[0].Refusal.Code)
			require.Equal(t, 1, done.Changed)
			described := s.normals()[record.Key{Table: ImportsTable, ID: done.ID.String()}]
			require.Equal(t, map[string]any{importName: "crm", importRun: run}, described.Map())
		}
		requireCounted(t, s.database)
	})
}

// TestNoClientMayUseTheIDOfAnImport checks an ID that the server made, and one that the app chose.
func TestNoClientMayUseTheIDOfAnImport(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		ana := joined(t, listen(t, s.Server), "demo", "")
		made := s.imports(taskRows{"1": {board.Title: "x"}}).ID
		chosen := clock.ClientID(uuid.New())
		_, err := s.Import(t.Context(), "demo", Source{Name: "erp", ID: chosen}, nil)
		require.NoError(t, err)
		for _, id := range []clock.ClientID{made, chosen} {
			_, err := s.admitted(id)
			_, code := StatusOf(err)
			require.Equal(t, "client_taken", code)
		}
		for _, id := range []clock.ClientID{ana.ID, made, chosen} {
			_, err = s.Import(t.Context(), "demo", Source{Name: "third", ID: id}, nil)
			require.Error(t, err)
		}

		// Only the server writes records that describe imports, or a client could say that another one is an import.
		s.engine = EngineOf(Options{})
		for _, id := range []clock.ClientID{made, chosen, clock.ClientID(uuid.New())} {
			m := s.edit(ana, in(ImportsTable, id.String()), func(e *record.Edit) { e.Set(importName, "forged") })
			require.Equal(t, merge.Forbidden, ana.push2(m)[0].Code)
		}
	})
}

// TestImportOpensViolations checks the rules, the buckets and the rows of kept fields.
func TestImportOpensViolations(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s, c := keeping(t, name(t), "", "x")
		done := s.imports(taskRows{"a": {board.Title: "same", board.Notes: "y"}, "b": {board.Title: "same", board.Notes: "y"}})
		require.Equal(t, 1, done.Opened)
		report, err := s.Audit(t.Context(), "demo")
		require.NoError(t, err)
		require.Equal(t, 1, report.Open)
		require.Empty(t, report.Updates)

		l := heard(t, &s.feed, bound(s.Server, c[1].ID), 0, "x")
		s.imports(taskRows{"1": {board.Title: "kept by the source", board.Notes: "x"}})
		woken, _, _ := l.woken(&s.feed)
		require.True(t, woken)
		_, there := s.places()[place{"x", task("1").Key()}]
		require.True(t, there)
		violations := len(s.normals())
		s.wall = s.wall.Add(time.Second)
		reply := c[1].push2(s.edit(c[1].client, s.normals()[task("1").Key()], title("by a person")))[0]
		require.Empty(t, reply.Notes)
		s.imports(taskRows{"1": {board.Title: "changed", board.Notes: "x"}})
		require.Equal(t, "by a person", s.values("1")[board.Title])
		s.imports(taskRows{"1": {board.Title: "changed", board.Notes: "x"}, "2": {board.Title: "a", board.Notes: "x"}})
		s.imports(taskRows{"2": {board.Title: "b", board.Notes: "x"}})
		require.Len(t, s.normals(), violations+1, "a row of a lost edit was made")

		// A kept value that a person overwrites without having seen it is in a row.
		reply = c[1].push2(s.edit(c[1].client, task("2"), title("by another person")))[0]
		require.Empty(t, reply.Notes)
		require.Len(t, s.normals(), violations+2)
		requireCounted(t, s.database)
	})
}

// TestImportThatBreaksOffIsCompleted lets the first run fail after some parts. The next run must store exactly what one
// run stores.
func TestImportThatBreaksOffIsCompleted(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		crm := make(taskRows)
		for i := range 3*importRows - 1 {
			crm[fmt.Sprint(i)] = map[string]any{board.Title: fmt.Sprint("task ", i)}
		}
		ctx, cancel := context.WithCancel(context.Background())
		guard, judged := s.engine.Guard, 0
		s.engine.Guard = func(actor clock.ClientID, m record.Mutation) error {
			if judged++; judged > importRows+9 {
				cancel()
			}
			return guard(actor, m)
		}
		part, err := s.Import(ctx, "demo", Source{Name: "crm"}, crm.rows(t))
		s.engine.Guard = guard
		require.Error(t, err)
		require.Equal(t, importRows, part.Changed)
		seq, _ := s.lastSeq()
		require.EqualValues(t, importRows+1, seq)
		done := s.imports(crm)
		require.EqualValues(t, 2, done.Run)
		require.Equal(t, 3*importRows-1, done.Rows)
		require.Equal(t, 2*importRows-1, done.Changed)
		require.Zero(t, s.imports(crm).Changed)
		require.Len(t, s.data(), len(crm))
	})
}

// TestEarlierRunStopsWhenALaterOneHasBegun: otherwise, the earlier run could store what it read of the source
// before the later one, where the later one had nothing to change.
func TestEarlierRunStopsWhenALaterOneHasBegun(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		crm := taskRows{"1": {board.Title: "one"}}
		s.imports(crm)
		earlier := importing{Server: s.Server, workspace: "demo"}
		require.NoError(t, s.maintain(t.Context(), "demo", func(tx *session) error { return earlier.begin(t.Context(), tx, Source{Name: "crm"}) }))
		require.Zero(t, s.imports(crm).Changed)
		require.ErrorIs(t, earlier.store(t.Context(), taskRows{"1": {board.Title: "for a moment"}}.rows(t)), imports.ErrRun)
		require.Equal(t, "one", s.values("1")[board.Title])
	})
}

// TestPushesGoOnBesideAnImport: the edits of a client to the imported records all win.
func TestPushesGoOnBesideAnImport(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := openCalendar(t, name(t))
		ana := joined(t, listen(t, s.Server), "demo", "")
		crm := make(taskRows)
		for i := range 2 * importRows {
			crm[fmt.Sprint(i)] = map[string]any{board.Title: "imported"}
		}
		var all sync.WaitGroup
		all.Go(func() {
			for i := range 20 {
				m := s.edit(ana, task(fmt.Sprint(i*50)), title("by ana"))
				if _, err := s.push(context.Background(), bound(s.Server, ana.ID), Pushed{Body: m.AppendJSON(nil)}); err != nil {
					panic(err)
				}
			}
		})
		s.imports(crm)
		all.Wait()
		s.imports(crm)
		byAna := 0
		for _, r := range s.normals() {
			if r.Map()[board.Title] == "by ana" {
				byAna++
			}
		}
		require.Equal(t, 20, byAna)
		s.requireReplay()
		requireCounted(t, s.database)
	})
}

// TestLedgersAreStoredInTheOrderOfTheirKeys: equal runs send equal statements.
func TestLedgersAreStoredInTheOrderOfTheirKeys(t *testing.T) {
	all := make(map[record.Key]imports.Ledger)
	for i := range 20 {
		all[task(fmt.Sprint(10+i)).Key()] = imports.Closed()
	}
	rows, err := ledgerRows(clock.ClientID{1}, all)
	require.NoError(t, err)
	require.Len(t, rows, len(all))
	for i, row := range rows {
		require.Equal(t, fmt.Sprint(10+i), row.ID)
	}
}
