package main

import (
	"context"
	"errors"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/stretchr/testify/require"
)

// errDisk is what the store of these tests fails with.
var errDisk = errors.New("disk full")

// failingOnce returns the layout, which fails the first time that it is to save. By
// then the mark of the client was stored, and sequences were taken.
func failingOnce(l layout, before func(update)) layout {
	encode, failed := l.encode, false
	l.encode = func(u update) ([]any, error) {
		if !failed {
			failed = true
			before(u)
			return nil, errDisk
		}
		return encode(u)
	}
	return l
}

// TestRollback: a push that is not committed leaves no trace in the store nor in the
// clock, and when it is sent again the answer is that of a first delivery.
func TestRollback(t *testing.T) {
	onEachLayout(t, func(t *testing.T, s *server) {
		push(t, s, titled(t, "a", "Paint", clock.Stamp{Time: at(0), Client: ana}))
		state, last := stateOf(t, s), s.clock.Last()
		body := batchOf(
			titled(t, "a", "Paint it green", clock.Stamp{Time: at(1), Client: ana}),
			titled(t, "b", "Mend", clock.Stamp{Time: at(2), Client: ana}))

		s.layout = failingOnce(s.layout, func(update) {})
		_, err := s.push(context.Background(), ana, body)
		require.ErrorIs(t, err, errDisk)
		require.Equal(t, state.Digest(), stateOf(t, s).Digest())
		require.Equal(t, last, s.clock.Last())
		require.Equal(t, last, serverOn(t, s.db, s.layout).clock.Last(), "the marks")

		answer, err := s.push(context.Background(), ana, body)
		require.NoError(t, err)
		require.NotContains(t, string(answer), `"changed":false`)
		require.NotContains(t, string(answer), `"notes"`)
		require.Equal(t, at(2), s.clock.Last())
		require.Equal(t, merge.Join(state, reference(t, []batch{{ana, body}})).Digest(), stateOf(t, s).Digest())
	})
}

// TestObserveTooEarly: a clock that observes before the commit is driven by writes that
// do not exist.
func TestObserveTooEarly(t *testing.T) {
	s := serverOn(t, sqlite(t), documents(documentsSQLite()))
	s.layout = failingOnce(s.layout, func(u update) {
		title, _ := u.After.Get("title")
		require.NoError(t, s.clock.Observe(title.Stamp.Time))
	})
	_, err := s.push(context.Background(), ana, batchOf(titled(t, "a", "Paint", clock.Stamp{Time: at(4), Client: ana})))
	require.ErrorIs(t, err, errDisk)
	require.Zero(t, stateOf(t, s).Len())
	require.Equal(t, at(4)+1, s.clock.Now(), "four minutes ahead of the wall clock, for nothing")
}
