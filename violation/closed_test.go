package violation_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// TestClosedRowsCostNothing: a check reads only the open rows of a scope, however many rows
// were closed there. The number of rows that stay open because something cannot be read is
// limited.
func TestClosedRowsCostNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: opens and closes hundreds of rows")
	}
	s := newServer(smallRules())
	read := func() int {
		view := &weighing{View: s.view}
		s.on(t, view, book("probe", by(9, s.last), "B", 5, 6))
		return view.records
	}
	s.push(t, book("a", by(1, 1), "B", 2, 4), book("probe", by(1, 1), "B", 5, 6))
	before := read()
	for i := range 50 {
		s.push(t, book(fmt.Sprint(i), by(1, 2+i), "B", 2, 4))
		s.push(t, book(fmt.Sprint(i), by(2, 2+i), "elsewhere", 2*i+10, 2*i+11))
	}
	require.Len(t, s.with(t, violation.Resolved), 50)
	require.Equal(t, before, read())
	sealedRows := 500
	if testing.Short() {
		sealedRows = 250 // still more than the 200 rows that may stay open
	}
	for i := range sealedRows {
		id := fmt.Sprint("sealed", i)
		s.push(t, book(id, by(1, 100+i), "B", 2, 4))
		s.push(t, write("bookings", id, by(2, 100+i), fields{"slot": sealed()}))
	}
	require.LessOrEqual(t, read(), before+2*100)
	hidden := len(s.with(t, violation.Hidden))
	require.Equal(t, sealedRows-2*100, hidden)
	require.Len(t, s.with(t, violation.Open), 2*100)
	require.Empty(t, s.with(t, violation.Resolved)[50:], "unreadable records must not resolve any row")

	// All rows that are known to be resolved are resolved, however many there are.
	var moved []record.Record
	for i := range 5 {
		s.push(t, book(fmt.Sprint("more", i), by(3, i), "B", 2, 4))
		moved = append(moved, book(fmt.Sprint("more", i), by(4, i), "elsewhere", 2000+i, 2001+i))
	}
	for i := range sealedRows {
		moved = append(moved, book(fmt.Sprint("sealed", i), by(3, 100+i), "elsewhere", 3000+2*i, 3001+2*i))
	}
	open := len(s.with(t, violation.Open))
	require.Greater(t, open, 2*100)
	s.push(t, moved...)
	require.Empty(t, s.with(t, violation.Open))
	require.Len(t, s.with(t, violation.Resolved), 50+open)
	require.Len(t, s.with(t, violation.Hidden), hidden)
}

// TestClosedRowsInAnIndexDoNoHarm: the index of an earlier release may contain closed rows. A
// view that returns them changes no result.
func TestClosedRowsInAnIndexDoNoHarm(t *testing.T) {
	s := newServer(smallRules())
	s.push(t, book("a", by(1, 1), "B", 2, 4), book("b", by(1, 2), "B", 2, 4))
	s.push(t, book("b", by(1, 3), "C", 2, 4))
	row := s.row(s.only(t).ID)
	view := longMemory{s.view, []record.Record{row}}
	report := s.checker.Check(context.Background(), violation.Input{View: view, Changes: s.join([]record.Record{book("c", by(1, 4), "B", 8, 9)})})
	require.NoError(t, report.Err)
	require.Empty(t, report.Updates)
	report = s.checker.Check(context.Background(), violation.Input{View: view, Changes: s.join([]record.Record{book("b", by(1, 4), "B", 2, 4)})})
	require.Len(t, report.Updates, 1)
	require.True(t, report.Updates[0].Before.Equal(row))
}

// longMemory is a view that adds rows to each group.
type longMemory struct {
	violation.View
	rows []record.Record
}
