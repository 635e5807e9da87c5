package main

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// onLockedTask runs a test on PostgreSQL with the task a, which has a title and is at the minute 0.
func onLockedTask(t *testing.T) (*server, func(string) chan error) {
	s := serverOn(t, postgres(t), columns(columnsPostgres()))
	push(t, s, titled(t, "a", "Paint", clock.Stamp{Time: at(0), Client: ana}))
	return s, func(title string) chan error {
		done := make(chan error, 1)
		go func() {
			_, err := s.push(context.Background(), ben, batchOf(titled(t, "a", title, clock.Stamp{Time: at(2), Client: ben})))
			done <- err
		}()
		return done
	}
}

// TestPushWaitsForForeignTransaction: a push to a row that an open foreign transaction has changed
// waits for it, and then stamps what it has committed.
func TestPushWaitsForForeignTransaction(t *testing.T) {
	for _, c := range []struct {
		name, estimate string
		end            func(*sql.Tx) error
	}{{"commit", "7", (*sql.Tx).Commit}, {"rollback", "", (*sql.Tx).Rollback}} {
		t.Run(c.name, func(t *testing.T) {
			s, pushTitle := onLockedTask(t)
			foreign := begin(t, s.db)
			_, err := foreign.Exec(`UPDATE tasks SET estimate = 7 WHERE id = 'a'`)
			require.NoError(t, err)
			pushed := pushTitle("Oil")
			waitFor(func() bool { return len(pushed) > 0 || isAnyBlocked(t, s.db) })
			require.Empty(t, pushed, "the push must wait")
			require.Equal(t, map[string]string{"title": `"Paint"`}, seen(t, s), "a pull does not wait")
			require.NoError(t, c.end(foreign))
			require.NoError(t, <-pushed)
			require.Equal(t, `"Oil"`, seen(t, s)["title"])
			require.Equal(t, c.estimate, seen(t, s)["estimate"])
			require.Empty(t, dirtyRows(t, s))
		})
	}
}

// TestForeignUpdateWaitsForPush: a foreign UPDATE of a row that a push has locked waits for it. The
// trigger then keeps the value and the stamp of the push, not those that it saw before the wait.
func TestForeignUpdateWaitsForPush(t *testing.T) {
	for _, c := range []struct{ statement, title, deleted string }{
		{`UPDATE tasks SET title = 'Wax' WHERE id = 'a'`, `"Wax"`, ""},
		{`UPDATE tasks SET title = title || '!' WHERE id = 'a'`, `"Oil!"`, ""},
		{`UPDATE tasks SET title = 'Paint' WHERE id = 'a'`, `"Paint"`, ""},
		{`UPDATE tasks SET title = 'Wax' WHERE title = 'Paint'`, `"Oil"`, ""},
		{`DELETE FROM tasks WHERE id = 'a'`, `"Oil"`, "true"},
	} {
		t.Run(c.statement, func(t *testing.T) {
			s, _ := onLockedTask(t)
			pushing := begin(t, s.db)
			body := batchOf(titled(t, "a", "Oil", clock.Stamp{Time: at(2), Client: ben}))
			items, err := s.engine.Decode(body)
			require.NoError(t, err)
			_, err = s.apply(context.Background(), pushing, s.engine.Prepare(merge.Request{Actor: ben, Wall: noon(), Items: items}))
			require.NoError(t, err)
			done := make(chan error, 1)
			go func() {
				_, err := s.db.Exec(c.statement)
				done <- err
			}()
			waitFor(func() bool { return len(done) > 0 || isAnyBlocked(t, s.db) })
			require.Empty(t, done, "the foreign statement must wait")
			require.NoError(t, pushing.Commit())
			require.NoError(t, <-done)
			require.Equal(t, map[string]string{"title": `"Oil"`}, seen(t, s), "before the sweep")
			require.Equal(t, clock.Stamp{Time: at(2), Client: ben}, titleOf(t, s).Stamp)
			require.NoError(t, s.sweep(context.Background()))
			require.Equal(t, c.title, seen(t, s)["title"])
			require.Equal(t, c.deleted, seen(t, s)["$deleted"])
		})
	}
}

// TestServersStartDuringForeignWrites: processes of the server start at the same time, while a shell
// writes and devices push. Each start replaces the triggers.
func TestServersStartDuringForeignWrites(t *testing.T) {
	onEachShell(t, func(t *testing.T, s *server, sh shell) {
		for id := range 5 {
			push(t, s, titled(t, fmt.Sprint("t", id), "begin", clock.Stamp{Time: at(0), Client: ana}))
		}
		var all sync.WaitGroup
		all.Go(func() {
			_, err := sh.try(foreignScript(0, 10))
			assert.NoError(t, err)
		})
		all.Go(func() {
			e := newEditor(t, 1)
			for range 10 {
				e.work(t, s, rand.New(rand.NewPCG(1, 1)))
			}
		})
		for range 4 {
			all.Go(func() {
				again, err := newServer(s.db, s.layout, noon)
				if assert.NoError(t, err) {
					assert.NoError(t, again.sweep(context.Background()))
				}
			})
		}
		all.Wait()
		require.NoError(t, s.sweep(context.Background()))
		require.Empty(t, dirtyRows(t, s))
	})
}
