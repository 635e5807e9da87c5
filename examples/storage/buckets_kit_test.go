package main

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest"
)

// divided adapts a server with buckets to the convergence kit.
type divided struct {
	underTest
	d *division
}

// newDivided returns a constructor of such servers. The parameter open returns an empty
// database for each server.
func newDivided(t *testing.T, l layout, open func(*testing.T) *sql.DB) func(*mergetest.Env) (mergetest.Backend, error) {
	return func(env *mergetest.Env) (mergetest.Backend, error) {
		s, err := newServer(open(t), l, env.Now)
		if err != nil {
			return nil, err
		}
		d := &division{mergetest.Buckets, logOf(t)}
		return divided{underTest{s, env}, d}, s.divide(context.Background(), d)
	}
}

// logOf returns the SQL of the log for the database of a test.
func logOf(t *testing.T) logStatements {
	if strings.Contains(t.Name(), "/PostgreSQL") {
		return logPostgres()
	}
	return logSQLite()
}

func (d divided) Restart() (mergetest.Backend, error) {
	s, err := newServer(d.db, d.layout, d.env.Now)
	if err != nil {
		return nil, err
	}
	return divided{underTest{s, d.env}, d.d}, s.divide(context.Background(), d.d)
}

func (d divided) Grant(client clock.ClientID, bucket string) error {
	return d.grant(context.Background(), client, bucket)
}

func (d divided) Revoke(client clock.ClientID, bucket string) error {
	return d.revoke(context.Background(), client, bucket)
}

// Pull reads pages of one record. Other clients may push, and rights may change, before the
// page arrives.
func (d divided) Pull(client clock.ClientID, cursor string) ([]byte, string, error) {
	c, err := d.pullBuckets(context.Background(), position{client, cursor, 1})
	d.env.Pause()
	return c.lines, c.cursor, err
}

// TestEachLayoutDividesRecords: with each layout on both databases, each client holds the
// records of its buckets, and receives nothing of others.
func TestEachLayoutDividesRecords(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		for _, l := range sqliteLayouts() {
			t.Run(l.name, func(t *testing.T) { mergetest.Run(t, newDivided(t, l, sqlite), convergence(4)) })
		}
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		for _, l := range postgresLayouts() {
			t.Run(l.name, func(t *testing.T) { mergetest.Run(t, newDivided(t, l, postgres), convergence(2)) })
		}
	})
}
