package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"sync"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/stretchr/testify/require"
)

// measureRounds turns TestMeasureRace on.
var measureRounds = flag.Int("measure", 0, "the number of rounds in which TestMeasureRace lets two bookings race")

// writer books a room for one of two clients, in one round.
type writer func(s *server, id, room string, by clock.ClientID) error

// TestMeasureRace measures how often two clients that book a room at the same time miss
// each other's booking, and how often one of them is aborted. It prints the numbers and
// does not check them.
func TestMeasureRace(t *testing.T) {
	if *measureRounds == 0 {
		t.Skip("SKIPPED: a measurement; run it with -measure 200")
	}
	for _, c := range []struct {
		name   string
		locked bool
		write  func(t *testing.T) writer
	}{
		{"in the transaction, READ COMMITTED", false, inTransaction(sql.LevelReadCommitted)},
		{"in the transaction, REPEATABLE READ", false, inTransaction(sql.LevelRepeatableRead)},
		{"in the transaction, SERIALIZABLE", false, inTransaction(sql.LevelSerializable)},
		{"READ COMMITTED, scopes locked", true, inTransaction(sql.LevelReadCommitted)},
		{"READ COMMITTED, checked after the commit", false, checkedAfterCommit},
		{"the push handler, scopes locked", true, pushed},
		{"the push handler, without a lock", false, pushed},
	} {
		missed, aborted := measure(t, c.locked, c.write(t))
		fmt.Printf("| %s | %d | %d |\n", c.name, missed, aborted)
	}
}

// measure counts the rounds in which the violation was missed, and those in which a
// writer was aborted.
func measure(t *testing.T, locked bool, write writer) (missed, aborted int) {
	t.Helper()
	s := postgresFlagging(t, bookingRules())
	if !locked {
		s.violations.lock = ""
	}
	for round := range *measureRounds {
		room := fmt.Sprint("room ", round)
		switch outcomeOf(t, s, room, bookAtOnce(s, room, write)) {
		case "missed":
			missed++
		case "aborted":
			aborted++
		}
	}
	return missed, aborted
}

// bookAtOnce lets both clients book a room, and returns an error if one of them failed.
func bookAtOnce(s *server, room string, write writer) error {
	var both sync.WaitGroup
	errs := make([]error, 2)
	start := make(chan struct{})
	for i, by := range []clock.ClientID{ana, ben} {
		both.Go(func() {
			<-start
			errs[i] = write(s, fmt.Sprint(room, " ", i), room, by)
		})
	}
	close(start)
	both.Wait()
	if errs[0] != nil {
		return errs[0]
	}
	return errs[1]
}

// inTransaction returns a writer that checks and stores in one transaction at the given
// isolation level.
func inTransaction(level sql.IsolationLevel) func(*testing.T) writer {
	return func(t *testing.T) writer {
		return func(s *server, id, room string, by clock.ClientID) error {
			return s.transaction(context.Background(), &sql.TxOptions{Isolation: level}, func(tx *sql.Tx) error {
				return book(s, tx, booking(t, id, room, by))
			})
		}
	}
}

// checkedAfterCommit returns a writer that checks without a lock, and again with the
// lock after the commit.
func checkedAfterCommit(t *testing.T) writer {
	first := inTransaction(sql.LevelReadCommitted)(t)
	return func(s *server, id, room string, by clock.ClientID) error {
		if err := first(s, id, room, by); err != nil {
			return err
		}
		again := *s // this copy takes the lock
		again.violations = &violations{s.violations.checker, scopesPostgres()}
		return again.recheck(context.Background(), scopesOfRoom(t, &again, room))
	}
}

// pushed returns a writer that uses the push handler.
func pushed(t *testing.T) writer {
	return func(s *server, id, room string, by clock.ClientID) error {
		_, err := s.push(context.Background(), by, batchOf(booking(t, id, room, by)))
		return err
	}
}

// TestConcurrentDoubleBookingsAreAllFound lets two clients book at the same time, for a few
// rounds with each writer that must find every double booking.
func TestConcurrentDoubleBookingsAreAllFound(t *testing.T) {
	for name, write := range map[string]func(*testing.T) writer{"push": pushed, "checked after the commit": checkedAfterCommit} {
		t.Run(name, func(t *testing.T) {
			s := postgresFlagging(t, bookingRules())
			if name != "push" {
				s.violations.lock = ""
			}
			for round := range 10 {
				room := fmt.Sprint("room ", round)
				require.Equal(t, "found", outcomeOf(t, s, room, bookAtOnce(s, room, write(t))))
			}
			requireAudited(t, s)
		})
	}
}
