package main

import (
	"context"
	"database/sql"
	"strconv"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest"
	"github.com/fieldlww/fieldlww/record"
)

// underTest adapts a server with its own database to the convergence kit.
type underTest struct {
	*server
	env *mergetest.Env
}

// newUnderTest returns a constructor of such servers. The parameter open returns an empty
// database for each server.
func newUnderTest(t *testing.T, l layout, open func(*testing.T) *sql.DB) func(*mergetest.Env) (mergetest.Backend, error) {
	return func(env *mergetest.Env) (mergetest.Backend, error) {
		s, err := newServer(open(t), l, env.Now)
		return underTest{s, env}, err
	}
}

func (u underTest) Close() error { return u.db.Close() }

// Restart opens the same database with a new server, over the same connections.
func (u underTest) Restart() (mergetest.Backend, error) {
	s, err := newServer(u.db, u.layout, u.env.Now)
	return underTest{s, u.env}, err
}

// Push may crash before anything is stored, and after the commit.
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

// Pull reads pages of one record, so that every record boundary is the end of a page. Other
// clients may push before the page arrives.
func (u underTest) Pull(_ clock.ClientID, cursor string) ([]byte, string, error) {
	after, _ := strconv.ParseInt(cursor, 10, 64) // the first cursor is empty
	p, err := u.pull(context.Background(), after, 1)
	u.env.Pause()
	if err != nil || p.cursor == after {
		return nil, cursor, err
	}
	return p.lines, strconv.FormatInt(p.cursor, 10), nil
}

func (u underTest) Write(key record.Key, field string, v record.Value) error {
	return u.write(context.Background(), key, func(e *record.Edit) error {
		e.Set(field, v)
		return nil
	})
}

// TestEachLayoutConverges: simulated devices work with each layout on both databases, with
// all faults that the kit simulates.
func TestEachLayoutConverges(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		for _, l := range sqliteLayouts() {
			t.Run(l.name, func(t *testing.T) { mergetest.Run(t, newUnderTest(t, l, sqlite), convergence(10)) })
		}
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		for _, l := range postgresLayouts() {
			t.Run(l.name, func(t *testing.T) { mergetest.Run(t, newUnderTest(t, l, postgres), convergence(5)) })
		}
	})
}

// convergence returns the options of a run: the fields that have columns, and one that has
// none.
func convergence(seeds int) mergetest.Options {
	return mergetest.Options{
		Seeds: seeds,
		Table: tasksTable,
		Fields: map[string][]string{
			"title":    {`""`, "null", `"x"`},
			"estimate": {"9", "10", "9007199254740993", `"soon"`},
			"done":     {"true", "false"},
			"tag/é":    {"2.5", `{"<é>":[]}`},
		},
		OnlyFields: true,
	}
}
