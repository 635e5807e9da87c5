package server

import (
	"bytes"
	"context"
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
)

func in(table, id string) record.Record { return record.New(record.Key{Table: table, ID: id}) }

// TestViolationsThatHoldWithoutTheErasedValuesStayOpen erases a record to which another one refers,
// and one of three records with the same value.
func TestViolationsThatHoldWithoutTheErasedValuesStayOpen(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		ctx := context.Background()
		s, _ := openEraser(t, name(t))
		s.options.Rules = &violation.Checker{Rules: map[string]violation.Rule{
			"unique":  violation.Unique{Table: board.Users, Fields: []string{board.Name}},
			"project": violation.LiveReference{Table: board.Tasks, Target: board.Projects, Field: board.Project},
		}}
		p := &past{calendar: s, ana: joined(t, listen(t, s.Server), "demo", "")}
		p.push(in(board.Projects, "x"), func(e *record.Edit) { e.Set(board.Name, "covert") })
		p.push(task("a"), func(e *record.Edit) { e.Set(board.Project, "x") })
		for _, id := range []string{"1", "2", "3"} {
			p.push(in(board.Users, id), func(e *record.Edit) { e.Set(board.Name, "Ana") })
		}
		require.Len(t, p.rows(), 1)
		for range 2 {
			_, err := s.Erase(ctx, "demo", in(board.Projects, "x").Key(), in(board.Users, "3").Key())
			require.NoError(t, err)
			rows := p.rows()
			require.Len(t, rows, 2)
			for _, row := range rows {
				v, err := violation.Parse(row)
				require.NoError(t, err)
				require.Equal(t, violation.Open, v.Status)
				require.False(t, row.Deleted() || row.Erased())
				require.NotContains(t, v.Conflicting, "3")
			}
			report, err := s.Audit(ctx, "demo")
			require.NoError(t, err)
			require.Empty(t, report.Updates)
			requireCounted(t, s.database)
		}
	})
}

// TestErasedRowIsAbsentBelowTheFence raises the fence above the erased form of a violation row,
// without a sweep. A client must not be able to create the row again, but the rules must.
func TestErasedRowIsAbsentBelowTheFence(t *testing.T) {
	for _, level := range []int{1, 2} {
		databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
			s, _ := openEraser(t, name(t))
			p := s.fill()
			_, err := s.Erase(context.Background(), "demo", keysGone()[:2]...)
			require.NoError(t, err)
			var journal bytes.Buffer
			require.NoError(t, s.database.Journal(context.Background(), &journal, "demo"))
			require.NotContains(t, journal.String(), "covert-note", "the row that lists only a part of its records has a note")
			s.wall = s.wall.Add(time.Hour)
			s.exec(fmt.Sprintf(`UPDATE workspaces SET fence_seq = seq, fence_stamp = %d, level = %d`, clock.TimestampOf(s.wall), level))
			s.wall = s.wall.Add(time.Second)
			for _, row := range p.rows() {
				note := s.edit(p.ana, record.New(row.Key()), func(e *record.Edit) { e.Set(violation.FieldNote, "x") })
				require.True(t, note.New)
				require.Equal(t, merge.Gone, p.ana.push2(note)[0].Code)
			}
			p.push(meeting("gone"), booked("again", "Lind", 3))
			open := 0
			for _, row := range p.rows() {
				if v, err := violation.Parse(row); err == nil {
					require.Equal(t, violation.Open, v.Status)
					require.False(t, row.Deleted())
					open++
				}
			}
			require.Equal(t, 1, open)
			requireCounted(t, s.database)
		})
	}
}

// TestErasedRowOfAnOpenViolationOpensAgain erases a violation row whose condition holds.
func TestErasedRowOfAnOpenViolationOpensAgain(t *testing.T) {
	s, _ := openEraser(t, databasetest.SQLite(t))
	p := &past{calendar: s, ana: joined(t, listen(t, s.Server), "demo", "")}
	p.push(meeting("a"), booked("a", "Lind", 3))
	p.push(meeting("b"), booked("b", "Lind", 3))
	p.push(record.New(p.rows()[0].Key()), func(e *record.Edit) { e.Set(violation.FieldNote, "covert") })
	_, err := s.Erase(t.Context(), "demo", p.rows()[0].Key())
	require.NoError(t, err)
	row, err := violation.Parse(p.rows()[0])
	require.NoError(t, err)
	require.Equal(t, violation.Open, row.Status)
	require.Empty(t, row.Note)
	requireCounted(t, s.database)
}

// TestRowsThatQuoteARecordWithoutItsNameAreErased erases the record that has the limit of two others.
// The row of the violation describes the limit, and names only the others.
func TestRowsThatQuoteARecordWithoutItsNameAreErased(t *testing.T) {
	s, _ := openEraser(t, databasetest.SQLite(t))
	s.engine.Guard = nil
	s.options.Rules = &violation.Checker{Rules: map[string]violation.Rule{
		"seats": violation.Capacity{Table: "bookings", ParentTable: "events", LimitField: "seats", Usage: func(r record.Record) (violation.Usage, error) {
			w, _ := r.Get("event")
			parent, _ := w.Value.Text()
			return violation.Usage{Parent: parent, Units: 1}, nil
		}},
	}}
	p := &past{calendar: s, ana: joined(t, listen(t, s.Server), "demo", "")}
	p.push(in("events", "gone"), func(e *record.Edit) { e.Set("seats", 1) })
	for _, id := range []string{"1", "2"} {
		p.push(in("bookings", id), func(e *record.Edit) { e.Set("event", "gone") })
	}
	require.Len(t, p.rows(), 1)
	p.push(record.New(p.rows()[0].Key()), func(e *record.Edit) { e.Set(violation.FieldNote, "x") })
	require.Contains(t, fmt.Sprint(s.normals()), "the limit is 1")
	_, err := s.Erase(t.Context(), "demo", in("events", "gone").Key())
	require.NoError(t, err)
	require.True(t, p.rows()[0].Erased())
	require.NotContains(t, fmt.Sprint(s.normals()), "the limit is 1")
	var journal bytes.Buffer
	require.NoError(t, s.database.Journal(t.Context(), &journal, "demo"))
	require.NotContains(t, journal.String(), "the limit is 1")
	requireCounted(t, s.database)
}
