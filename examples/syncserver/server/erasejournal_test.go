package server

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// TestNamesInItemsWithoutAKeyAreErased erases a record, after an item on it was malformed before its
// key. The refusal of such an item names a field.
func TestNamesInItemsWithoutAKeyAreErased(t *testing.T) {
	s, _ := openEraser(t, databasetest.SQLite(t))
	ana := joined(t, listen(t, s.Server), "demo", "")
	ana.push2(s.edit(ana, task("gone"), title("x")))
	for _, body := range []string{
		`{"data":{"covert":5},"table":"tasks","id":"gone"}`,
		`{"table":"tasks","data":{"covert":5},"id":"gone"}`,
		`{"id":"gone","data":{"covert":5},"table":"tasks"}`,
	} {
		status, answer := ana.request("POST", "/v1/push?v=2", body)
		require.Equal(t, 200, status)
		require.Contains(t, answer, "covert")
	}
	done, err := s.Erase(t.Context(), "demo", task("gone").Key())
	require.NoError(t, err)
	require.Equal(t, 4, done.Lines)
	var journal bytes.Buffer
	require.NoError(t, s.database.Journal(t.Context(), &journal, "demo"))
	require.NotContains(t, journal.String(), "covert")
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
	in := func(table, id string) record.Record { return record.New(record.Key{Table: table, ID: id}) }
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
