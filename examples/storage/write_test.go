package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// retitle returns an edit that sets the title.
func retitle(title string) func(*record.Edit) error {
	return func(e *record.Edit) error {
		e.Set("title", title)
		return nil
	}
}

// titleOf returns the title of the task a, as a new device pulls it.
func titleOf(t *testing.T, s *server) record.FieldValue {
	t.Helper()
	a, _ := stateOf(t, s).Get(task("a"))
	title, _ := a.Get("title")
	return title
}

// behind returns another process of a server, whose wall clock is an hour slow. Then a push through
// the first process stores a title that is four minutes ahead, which the engine accepts.
func behind(t *testing.T, s *server) *server {
	t.Helper()
	slow, err := newServer(s.db, s.layout, func() time.Time { return noon().Add(-time.Hour) })
	require.NoError(t, err)
	push(t, s, titled(t, "a", "Paint", clock.Stamp{Time: at(4), Client: ana}))
	return slow
}

// TestServerWritesAboveStoredStamps: a write of the server wins over the stored write, whatever
// its wall clock shows, and the next edit of a device that has seen it wins over that.
func TestServerWritesAboveStoredStamps(t *testing.T) {
	onEachLayout(t, func(t *testing.T, s *server) {
		s = behind(t, s)
		require.NoError(t, s.write(context.Background(), task("a"), retitle("Repair")))
		require.Equal(t, record.MustOf("Repair"), titleOf(t, s).Value)
		require.Equal(t, clock.Stamp{Time: at(4) + 1, Client: s.id}, titleOf(t, s).Stamp)

		phone := device{id: ana}
		require.NoError(t, phone.pull(context.Background(), s))
		m, err := phone.edit("a", at(4)+2).Set("title", "Oil").Mutation()
		require.NoError(t, err)
		s.wall = noon
		answer, err := s.push(context.Background(), ana, m.AppendJSON(nil))
		require.NoError(t, err)
		require.NotContains(t, string(answer), "lost_edit", "the device has seen the write of the server")
		require.Equal(t, record.MustOf("Oil"), titleOf(t, s).Value)
	})
}

// TestServerWritesAboveDeletions: the stamp of a deletion counts like any other.
func TestServerWritesAboveDeletions(t *testing.T) {
	onEachLayout(t, func(t *testing.T, s *server) {
		slow, err := newServer(s.db, s.layout, func() time.Time { return noon().Add(-time.Hour) })
		require.NoError(t, err)
		m, err := record.New(task("a")).Edit(clock.Stamp{Time: at(4), Client: ana}).Delete("title").Mutation()
		require.NoError(t, err)
		push(t, s, m.Data)
		require.NoError(t, slow.write(context.Background(), task("a"), retitle("Repair")))
		require.Equal(t, clock.Stamp{Time: at(4) + 1, Client: slow.id}, titleOf(t, s).Stamp)
	})
}

// TestServerClockNeedsNoBound: with the engine's bound, the clock of a server whose wall clock was
// set back refuses a stamp that the engine has accepted. The server can then not write the record.
func TestServerClockNeedsNoBound(t *testing.T) {
	onEachLayout(t, func(t *testing.T, s *server) {
		s = behind(t, s)
		var err error
		s.clock, err = clock.New(clock.Options{Now: s.wall, MaxAhead: s.engine.MaxAhead})
		require.NoError(t, err)
		err = s.write(context.Background(), task("a"), retitle("Repair"))
		require.ErrorIs(t, err, clock.ErrAhead)
		require.Equal(t, record.MustOf("Paint"), titleOf(t, s).Value)
	})
}

// TestNewClientIDIsNotLater: a client ID that no process had before makes a stamp unique. It does
// not make it greater than the stored one, so an edit without Observe is refused.
func TestNewClientIDIsNotLater(t *testing.T) {
	s := behind(t, serverOn(t, sqlite(t), documents(documentsSQLite())))
	own, err := clock.New(clock.Options{Now: s.wall})
	require.NoError(t, err)
	a, _ := stateOf(t, s).Get(task("a"))
	stamp := clock.Stamp{Time: own.Now(), Client: s.id}
	_, err = a.Edit(stamp).Set("title", "Repair").Mutation()
	require.ErrorIs(t, err, record.ErrStamp)

	joined, err := merge.Records(a, titled(t, "a", "Repair", stamp))
	require.NoError(t, err)
	require.True(t, joined.Equal(a), "a write that is made by hand is lost")
}

// TestServerWriteSeesTheStoredRecord: the edit sees the record. Its error stores nothing, and an
// edit of nothing takes no sequence.
func TestServerWriteSeesTheStoredRecord(t *testing.T) {
	onEachLayout(t, func(t *testing.T, s *server) {
		push(t, s, titled(t, "a", "Paint", clock.Stamp{Time: at(0), Client: ana}))
		before, err := s.pull(context.Background(), 0, 10)
		require.NoError(t, err)
		errNoTask := errors.New("no such task")
		finish := func(e *record.Edit) error {
			if e.Seen().Len() == 0 {
				e.Set("done", true)
				return errNoTask
			}
			e.SetMap(map[string]any{"title": "Paint"})
			return nil
		}
		require.NoError(t, s.write(context.Background(), task("a"), finish))
		require.ErrorIs(t, s.write(context.Background(), task("b"), finish), errNoTask)
		after, err := s.pull(context.Background(), 0, 10)
		require.NoError(t, err)
		require.Equal(t, before, after)
	})
}

// TestServerWriteIsFlagged: a booking by the server that overlaps another one is a violation.
func TestServerWriteIsFlagged(t *testing.T) {
	onEachFlagging(t, func(t *testing.T, open flaggingServer) {
		s := open(t, bookingRules())
		pushAs(t, s, ana, booking(t, "a", "A", ana))
		require.NoError(t, s.write(context.Background(), booking(t, "b", "A", ana).Key(), func(e *record.Edit) error {
			e.Set("slot", slot{"A", noon().Add(2 * time.Hour), noon().Add(3 * time.Hour)})
			return nil
		}))
		require.NotEmpty(t, openRows(t, stateOf(t, s)))
		requireAudited(t, s)
	})
}

// TestServerWritesAmongPushesLoseNothing: two processes of the server count in one field while a
// device pushes to the same record. Each write is above the one that it saw, and none is lost.
func TestServerWritesAmongPushesLoseNothing(t *testing.T) {
	const writes = 15
	onEachLayout(t, func(t *testing.T, s *server) {
		var group sync.WaitGroup
		for range 2 {
			process := serverOn(t, s.db, s.layout)
			group.Go(func() {
				for range writes {
					assert.NoError(t, process.write(context.Background(), task("a"), func(e *record.Edit) error {
						w, _ := e.Seen().Get("estimate")
						n, _ := w.Value.Int()
						e.Set("estimate", n+1)
						return nil
					}))
				}
			})
		}
		group.Go(func() {
			for i := range writes {
				_, err := s.push(context.Background(), ana,
					batchOf(titled(t, "a", fmt.Sprint(i), clock.Stamp{Time: at(0) + clock.Timestamp(i), Client: ana})))
				assert.NoError(t, err)
			}
		})
		phone := pullUntil(t, s, &group)
		a, _ := phone.seen.Get(task("a"))
		require.Equal(t, map[string]any{"title": fmt.Sprint(writes - 1), "estimate": int64(2 * writes)}, a.Map())
	})
}
