package server

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/memory"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// clash returns a server on which two tasks have one title, and the key of the violation row about it.
func clash(t *testing.T, o Options) (*Server, record.Key) {
	o.Rules = &violation.Checker{Table: "conflicts", Rules: map[string]violation.Rule{"unique": violation.Unique{Table: "tasks", Fields: []string{"title"}, Description: "the title occurs twice"}}}
	s := open(t, memory.New(), o)
	for i := range 2 {
		s.pushes(t, write(t, fmt.Sprint(i), clock.TimestampOf(noon)+clock.Timestamp(i), "secret"))
	}
	for _, r := range allOf(t, s.store, workspace) {
		if r.Key().Table == violation.DefaultTable {
			return s, r.Key()
		}
	}
	require.Fail(t, "no row")
	return s, record.Key{}
}

// row returns a record as it is stored.
func (s *Server) row(t *testing.T, key record.Key) stored {
	a := s.newAttempt(workspace)
	require.NoError(t, a.load(t.Context(), store.RecordKey(workspace, key)))
	r, err := a.record(key)
	require.NoError(t, err)
	return r
}

// TestClientsWriteNoDerivedFieldWithoutAGuard checks that the rows of a checker are in the guarded table, whatever table
// the checker names, and that clients write only their own fields of them.
func TestClientsWriteNoDerivedFieldWithoutAGuard(t *testing.T) {
	s, key := clash(t, Options{})
	e := func() *record.Edit {
		return record.New(key).Edit(clock.Stamp{Time: clock.TimestampOf(noon) + 5, Client: ana})
	}
	for field, accepted := range map[string]bool{"status": false, violation.FieldNote: true} {
		m, err := e().Set(field, "resolved").Mutation()
		require.NoError(t, err)
		m.New = false
		require.Equal(t, accepted, s.pushes(t, m.AppendJSON(nil)).Accepted(), field)
	}
	require.False(t, isClosed(s.row(t, key).Record))
}

// TestRowsAboutAnErasedRecordAreErased: the row may quote the record.
func TestRowsAboutAnErasedRecordAreErased(t *testing.T) {
	s, key := clash(t, Options{})
	_, err := s.Erase(t.Context(), workspace, record.Key{Table: "tasks", ID: "0"}, clock.Stamp{})
	require.NoError(t, err)
	require.True(t, s.row(t, key).Erased())
}

// TestClosedRowsAreDropped resolves a violation, and lets the fence pass the row twice: clients are told first that it
// has left, and then its message is deleted.
func TestClosedRowsAreDropped(t *testing.T) {
	s, key := clash(t, Options{})
	s.pushes(t, write(t, "0", clock.TimestampOf(noon)+5, "other"))
	require.True(t, isClosed(s.row(t, key).Record))
	s.raise(t)
	require.NoError(t, s.sweep(t.Context(), workspace))
	row := s.row(t, key)
	require.Zero(t, row.Len())
	require.Equal(t, map[string]int64{"": row.seq}, row.left)
	s.raise(t)
	require.NoError(t, s.sweep(t.Context(), workspace))
	require.Zero(t, s.row(t, key).seq)
}
