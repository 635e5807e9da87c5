package main

import (
	"context"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest"
)

// underTest is a server on a database of its own, as the convergence kit sees it.
type underTest struct {
	*server
	env *mergetest.Env
}

// newUnderTest returns a constructor of such servers.
func newUnderTest(t *testing.T, l layout) func(*mergetest.Env) (mergetest.Backend, error) {
	return func(env *mergetest.Env) (mergetest.Backend, error) {
		db, err := openSQLite(filepath.Join(t.TempDir(), "test.db"))
		if err != nil {
			return nil, err
		}
		s, err := newServer(db, l, env.Now)
		return underTest{s, env}, err
	}
}

func (u underTest) Close() error { return u.db.Close() }

// Restart opens the same database with a new server. The connections go on.
func (u underTest) Restart() (mergetest.Backend, error) {
	s, err := newServer(u.db, u.layout, u.env.Now)
	return underTest{s, u.env}, err
}

// Push may die before anything is stored, and after the commit.
func (u underTest) Push(client clock.ClientID, batch []byte) ([]byte, error) {
	if err := u.env.Crash(); err != nil {
		return nil, err
	}
	answer, err := u.push(context.Background(), client, batch)
	if err := u.env.Crash(); err != nil {
		return nil, err
	}
	return answer, err
}

// Pull reads pages of one record, so that each page ends where it can go wrong.
func (u underTest) Pull(_ clock.ClientID, cursor string) ([]byte, string, error) {
	after, _ := strconv.ParseInt(cursor, 10, 64) // the first cursor is empty
	p, err := u.pull(context.Background(), after, 1)
	if err != nil || p.cursor == after {
		return nil, cursor, err
	}
	return p.lines, strconv.FormatInt(p.cursor, 10), nil
}

// TestConvergence: simulated devices work with each layout, under all faults of the kit. The
// fields are those that have columns, and one that has none.
func TestConvergence(t *testing.T) {
	for _, l := range sqliteLayouts() {
		t.Run(l.name, func(t *testing.T) {
			mergetest.Run(t, newUnderTest(t, l), mergetest.Options{
				Seeds: 10,
				Table: tasksTable,
				Fields: map[string][]string{
					"title":    {`""`, "null", `"x"`},
					"estimate": {"9", "10", "9007199254740993", `"soon"`},
					"done":     {"true", "false"},
					"tag/é":    {"2.5", `{"<é>":[]}`},
				},
			})
		})
	}
}
