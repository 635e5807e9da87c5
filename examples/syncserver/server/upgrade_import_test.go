package server

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

// louder is the lens of an app that renames a field, changes the values of another one, and splits a third one.
func louder(t *testing.T) lens.Lens {
	t.Helper()
	of := func(f func(string) string) func(record.Value) (record.Value, error) {
		return func(v record.Value) (record.Value, error) {
			text, _ := v.Text()
			return record.MustOf(f(text)), nil
		}
	}
	l, err := lens.New(lens.Table{
		Name: board.Tasks,
		Fields: []lens.Field{
			{Old: "caption", New: board.Title},
			{Old: "state", New: "state", Up: of(strings.ToUpper), Down: of(strings.ToLower)},
		},
		Splits: []lens.Split{{
			Old: "person", New: []string{"first", "last"},
			Up: func(v record.Value) ([]record.Value, error) {
				text, _ := v.Text()
				first, last, _ := strings.Cut(text, " ")
				return []record.Value{record.MustOf(first), record.MustOf(last)}, nil
			},
			Down: func(v []record.Value) (record.Value, error) {
				first, _ := v[0].Text()
				last, _ := v[1].Text()
				return record.MustOf(first + " " + last), nil
			},
		}},
	})
	require.NoError(t, err)
	return l
}

// TestUpgradeBringsNothingDeletedBack: what people deleted, and the retention has purged, stays deleted in the runs of an
// import that give the new names and values. A value that has changed in the source comes over.
func TestUpgradeBringsNothingDeletedBack(t *testing.T) {
	for level := 1; level <= 2; level++ {
		databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
			database, wall := name(t), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
			o := versioned(t, Options{PurgeLevel: level, Now: func() time.Time { return wall }})
			o.Schema = ""
			former, url := servedBy(t, database, o)
			crm := func(s *Server, all taskRows) int {
				t.Helper()
				done, err := s.Import(t.Context(), "demo", Source{Name: "crm"}, all.rows(t))
				require.NoError(t, err)
				return done.Changed
			}
			old := map[string]any{"caption": "one", "state": "open", "person": "Ana Lee", board.Notes: "x"}
			source := taskRows{"field": old, "whole": old, "kept": old}
			for i := range auditRecords { // so that the ledgers are not all read at once
				source[fmt.Sprint("other", i)] = map[string]any{board.Notes: "y"}
			}
			require.Equal(t, len(source), crm(former, source))
			ana := joined(t, url, "demo", "")
			edit := func(id string) *record.Edit {
				wall = wall.Add(time.Second)
				return task(id).Edit(clock.Stamp{Time: clock.TimestampOf(wall), Client: ana.ID})
			}
			for _, e := range []*record.Edit{edit("field").Delete("caption").Delete("state").Delete("person"), edit("whole").DeleteRecord()} {
				m, err := e.Mutation()
				require.NoError(t, err)
				require.True(t, ana.pushOf("", m)[0].Changed)
			}
			for range 92 {
				wall = wall.Add(sampleEvery)
				require.NoError(t, former.Retain(t.Context()))
			}

			o.Schema, o.Lenses = "2", map[string]lens.Lens{"": louder(t)}
			s, _ := servedBy(t, database, o)
			now := map[string]any{board.Title: "one", "state": "OPEN", "first": "Ana", "last": "Lee", board.Notes: "x"}
			source = taskRows{"field": now, "whole": now, "kept": now}
			require.Zero(t, crm(s, source))
			require.Zero(t, crm(s, source))
			read := func(id string) map[string]any {
				all, err := s.Read(t.Context(), "demo", task(id).Key())
				require.NoError(t, err)
				return all[0].Map()
			}
			require.Equal(t, map[string]any{board.Notes: "x"}, read("field"))
			require.NotContains(t, read("whole"), board.Notes)
			require.Equal(t, now, read("kept"))

			for _, field := range []string{board.Title, "state", "first"} {
				later := map[string]any{board.Title: "one", "state": "OPEN", "first": "Ana", "last": "Lee", board.Notes: "x", field: "CHANGED"}
				source["field"] = later
				require.Equal(t, 1, crm(s, source), field)
				require.Equal(t, "CHANGED", read("field")[field])
			}
			source["whole"] = map[string]any{board.Title: "two", "state": "OPEN", "first": "Ana", "last": "Lee", board.Notes: "x"}
			require.Equal(t, 1, crm(s, source))
			require.Equal(t, source["whole"], read("whole"))
		})
	}
}
