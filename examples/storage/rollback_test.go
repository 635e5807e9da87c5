package main

import (
	"context"
	"errors"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/stretchr/testify/require"
)

// errDisk is the error of a layout that fails.
var errDisk = errors.New("disk full")

// failingOnce returns a copy of the layout whose first save fails. By then, the watermark
// of the client has been stored and sequences have been taken.
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

// TestRollbackLeavesNoTrace: a push that is not committed changes neither the store nor
// the clock. If the client pushes it again, the answer is the same as for a first
// delivery.
func TestRollbackLeavesNoTrace(t *testing.T) {
	onEachLayout(t, func(t *testing.T, s *server) {
		push(t, s, titled(t, "a", "Paint", clock.Stamp{Time: at(0), Client: ana}))
		state, last := stateOf(t, s), s.clock.Last()
		body := batchOf(
			titled(t, "a", "Paint it green", clock.Stamp{Time: at(1), Client: ana}),
			titled(t, "b", "Repair", clock.Stamp{Time: at(2), Client: ana}))

		s.layout = failingOnce(s.layout, func(update) {})
		_, err := s.push(context.Background(), ana, body)
		require.ErrorIs(t, err, errDisk)
		require.Equal(t, state.Digest(), stateOf(t, s).Digest())
		require.Equal(t, last, s.clock.Last())
		require.Equal(t, last, serverOn(t, s.db, s.layout).clock.Last(), "the clock that a restart restores from the watermarks")

		answer, err := s.push(context.Background(), ana, body)
		require.NoError(t, err)
		require.NotContains(t, string(answer), `"changed":false`)
		require.NotContains(t, string(answer), `"notes"`)
		require.Equal(t, at(2), s.clock.Last())
		require.Equal(t, merge.Join(state, reference(t, []batch{{ana, body}})).Digest(), stateOf(t, s).Digest())
	})
}

// TestObserveBeforeCommitOutlivesRollback: a clock that observes before the commit is
// moved by writes that were rolled back.
func TestObserveBeforeCommitOutlivesRollback(t *testing.T) {
	s := serverOn(t, sqlite(t), documents(documentsSQLite()))
	s.layout = failingOnce(s.layout, func(u update) {
		title, _ := u.After.Get("title")
		require.NoError(t, s.clock.Observe(title.Stamp.Time))
	})
	_, err := s.push(context.Background(), ana, batchOf(titled(t, "a", "Paint", clock.Stamp{Time: at(4), Client: ana})))
	require.ErrorIs(t, err, errDisk)
	require.Zero(t, stateOf(t, s).Len())
	require.Equal(t, at(4)+1, s.clock.Now(), "the clock is four minutes ahead because of a write that was rolled back")
}
