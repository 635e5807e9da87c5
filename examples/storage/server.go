package main

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/google/uuid"
)

// server is the sync server that clients push to and pull from.
type server struct {
	db     *sql.DB
	layout layout
	engine merge.Engine
	wall   func() time.Time
	// clock and id stamp the server's own writes. The ID is new in each process: otherwise two
	// processes over one database could issue one stamp, and so could a process over a restored
	// backup, whose last stamps the devices hold.
	clock *clock.Clock
	id    clock.ClientID
	// violations is nil in a server that flags none. See watch.
	violations *violations
	// division is nil in a server whose clients all read and write everything. See divide.
	division *division
}

// newServer returns a server over a database, and creates the tables that are missing.
// Its clock continues above every stamp that was accepted before a restart.
func newServer(db *sql.DB, l layout, wall func() time.Time) (*server, error) {
	s := &server{db: db, layout: l, engine: merge.Engine{Guard: onlyTasks}, wall: wall, id: clock.ClientID(uuid.New())}
	var last clock.Timestamp
	err := s.transaction(context.Background(), nil, func(tx *sql.Tx) error {
		if _, err := tx.Exec(ledger + l.schema); err != nil {
			return err
		}
		if err := l.verify(tx); err != nil {
			return err
		}
		return tx.QueryRow(`SELECT max(at) FROM marks`).Scan(&last)
	})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", l.name, err)
	}
	// No bound: the clock observes only stamps that the engine has accepted and the store
	// holds. With a bound, it would refuse them after the wall clock was set back.
	s.clock, err = clock.New(clock.Options{Now: wall, Last: last, MaxAhead: -1})
	return s, err
}

// transaction runs f in a transaction, and commits it if f returns no error.
//
// On PostgreSQL its isolation level is the default, READ COMMITTED: each statement sees
// everything that was committed before it began. So a statement after a lock sees the
// writes of the transactions that the lock waited for.
func (s *server) transaction(ctx context.Context, o *sql.TxOptions, f func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, o)
	if err != nil {
		return err
	}
	defer tx.Rollback() // without effect after Commit
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}
