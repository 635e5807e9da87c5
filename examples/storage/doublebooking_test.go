package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
	"github.com/stretchr/testify/require"
)

// TestDoubleBookingNeedsLockedScopes: two transactions book one room. The second one begins
// before the first one has committed. The first one commits when the second has stored its
// booking or waits for the first. If the double booking is missed, a recheck finds it, with
// the row that an audit finds.
func TestDoubleBookingNeedsLockedScopes(t *testing.T) {
	for _, c := range []struct {
		name   string
		level  sql.IsolationLevel
		locked bool
		want   string
	}{
		{"READ COMMITTED", sql.LevelReadCommitted, false, "missed"},
		{"REPEATABLE READ", sql.LevelRepeatableRead, false, "missed"},
		{"SERIALIZABLE", sql.LevelSerializable, false, "aborted"},
		{"READ COMMITTED, scopes locked", sql.LevelReadCommitted, true, "found"},
		// After waiting, the transaction still sees the state as it was when the
		// transaction began.
		{"REPEATABLE READ, scopes locked", sql.LevelRepeatableRead, true, "missed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := postgresFlagging(t, bookingRules())
			if !c.locked {
				s.violations.lock = ""
			}
			first, second := beginAt(t, s.db, c.level), beginAt(t, s.db, c.level)
			pid := backend(t, second)
			require.NoError(t, book(s, first, booking(t, "a", "A", ana)))
			result := make(chan error, 1)
			b := booking(t, "b", "A", ben)
			go func() { result <- book(s, second, b) }()
			waitFor(func() bool { return len(result) > 0 || isBlocked(t, s.db, pid) })
			require.NoError(t, first.Commit())
			err := <-result
			if err == nil {
				err = second.Commit()
			}
			require.Equal(t, c.want, outcomeOf(t, s, "A", err), "%v", err)
			if c.want == "aborted" {
				pushAs(t, s, ben, b) // the client pushes again
			}
			require.NoError(t, s.recheck(context.Background(), scopesOfRoom(t, s, "A")))
			require.NotEmpty(t, rowsOfRoom(t, s, "A"))
			requireAudited(t, s)
		})
	}
}

// bookSequence is the last sequence that book used.
var bookSequence atomic.Int64

// book stores a new booking and its violations, in a transaction that stays open. It uses
// neither watermarks nor the counter, which would make a second transaction wait or, if
// its isolation level is not READ COMMITTED, fail.
func book(s *server, tx *sql.Tx, r record.Record) error {
	ctx := context.Background()
	changes := []merge.Update{{Before: record.New(r.Key()), After: r}}
	rows, err := s.flag(ctx, tx, violation.Input{Changes: changes})
	if err != nil {
		return err
	}
	var updates []update
	var records []record.Record
	for _, u := range append(changes, rows...) {
		updates = append(updates, update{u, bookSequence.Add(1)})
		records = append(records, u.After)
	}
	if err := s.layout.save(ctx, tx, updates); err != nil {
		return err
	}
	return s.violations.index(ctx, tx, records)
}

// outcomeOf returns the outcome of two bookings of a room: "aborted" if err is not nil,
// otherwise "missed" or "found".
func outcomeOf(t *testing.T, s *server, room string, err error) string {
	t.Helper()
	switch {
	case err != nil:
		require.Equal(t, "40001", codeOf(err), "%v", err)
		return "aborted"
	case len(rowsOfRoom(t, s, room)) == 0:
		return "missed"
	}
	return "found"
}

// stored returns the stored record of a key.
func stored(t *testing.T, s *server, key record.Key) record.Record {
	t.Helper()
	tx := begin(t, s.db)
	defer tx.Rollback()
	found, err := view{s.violations, tx}.Get(context.Background(), []record.Key{key})
	require.NoError(t, err)
	return found[0].Record
}

// rowsOfRoom returns the open violation rows of a room.
func rowsOfRoom(t *testing.T, s *server, room string) []record.Record {
	t.Helper()
	tx := begin(t, s.db)
	defer tx.Rollback()
	scopes := scopesOfRoom(t, s, room) // one scope: the tests book in one month only
	require.Len(t, scopes, 1)
	groups, err := view{s.violations, tx}.Groups(context.Background(), "room_taken", []string{scopes[0].Name})
	require.NoError(t, err)
	return groups[0].Rows
}

// TestRecheckNeedsLockedScopes: a check after the commit needs the lock as well. Without
// the lock, the state that the check read may change before its findings are saved, and
// no later check corrects them.
func TestRecheckNeedsLockedScopes(t *testing.T) {
	for name, locked := range map[string]bool{"scopes locked": true, "without a lock": false} {
		t.Run(name, func(t *testing.T) {
			s := postgresFlagging(t, bookingRules())
			v := s.violations
			s.violations = nil // push without a check
			pushAs(t, s, ana, booking(t, "a", "A", ana))
			pushAs(t, s, ben, booking(t, "b", "A", ben))
			require.NoError(t, s.watch(context.Background(), v))
			if !locked {
				v.lock = ""
			}

			tx := begin(t, s.db)
			rows, err := s.flag(context.Background(), tx, violation.Input{Scopes: scopesOfRoom(t, s, "A")})
			require.NoError(t, err)
			require.Len(t, rows, 1)
			moved := make(chan error, 1)
			body := batchOf(cancelled(t, "b", ben))
			go func() {
				_, err := s.push(context.Background(), ben, body)
				moved <- err
			}()
			waitFor(func() bool { return len(moved) > 0 || isAnyBlocked(t, s.db) })
			require.NoError(t, s.save(context.Background(), tx, rows))
			require.NoError(t, tx.Commit())
			require.NoError(t, <-moved)
			require.Equal(t, locked, openRows(t, stateOf(t, s)) == "", "the room is free, so no violation may be open")
		})
	}
}

// cancelled returns the deletion of a booking.
func cancelled(t *testing.T, id string, by clock.ClientID) record.Record {
	t.Helper()
	m, err := record.New(record.Key{Table: bookingsTable, ID: id}).Edit(clock.Stamp{Time: at(1), Client: by}).DeleteRecord().Mutation()
	require.NoError(t, err)
	return m.Data
}

// isAnyBlocked reports whether a process of the database waits for a lock. The tests of
// this package run one after another, so the process belongs to the current test.
func isAnyBlocked(t *testing.T, db *sql.DB) (blocked bool) {
	t.Helper()
	require.NoError(t, db.QueryRow(`
		SELECT count(*) > 0 FROM pg_stat_activity
		WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0`).Scan(&blocked))
	return blocked
}

// TestAcknowledgementDuringCheckIsKept: a user acknowledges a violation while a check
// that cannot see this yet closes the violation. Saving the row as it was checked loses
// the acknowledgement.
func TestAcknowledgementDuringCheckIsKept(t *testing.T) {
	for _, c := range []struct {
		name   string
		cancel func(*server, merge.Update) error
		keeps  bool
	}{
		{"row saved as it was checked", saveAsChecked, false},
		{"push handler", func(s *server, gone merge.Update) error {
			_, err := s.push(context.Background(), ben, batchOf(gone.After))
			return err
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := postgresFlagging(t, bookingRules())
			pushAs(t, s, ana, booking(t, "a", "A", ana))
			pushAs(t, s, ben, booking(t, "b", "A", ben))
			row := rowsOfRoom(t, s, "A")[0]
			said, err := row.Edit(clock.Stamp{Time: at(2), Client: ana}).Set(violation.FieldAcknowledged, true).Mutation()
			require.NoError(t, err)
			tx := begin(t, s.db)
			push := s.engine.Prepare(merge.Request{Actor: ana, Wall: noon(), Items: []record.Item{{Mutation: said}}})
			_, err = s.apply(context.Background(), tx, push)
			require.NoError(t, err)

			result := make(chan error, 1)
			gone := merge.Update{Before: booking(t, "b", "A", ben), After: cancelled(t, "b", ben)}
			go func() { result <- c.cancel(s, gone) }()
			waitFor(func() bool { return len(result) > 0 || isAnyBlocked(t, s.db) })
			require.NoError(t, tx.Commit())
			require.NoError(t, <-result)
			v, err := violation.Parse(stored(t, s, row.Key()))
			require.NoError(t, err)
			require.Equal(t, c.keeps, v.Acknowledged)
			require.NotEqual(t, violation.Open, v.Status)
		})
	}
}

// saveAsChecked stores a change and the rows that its check returns.
func saveAsChecked(s *server, u merge.Update) error {
	ctx := context.Background()
	return s.transaction(ctx, nil, func(tx *sql.Tx) error {
		changes := []merge.Update{u}
		report := s.violations.checker.Check(ctx, violation.Input{View: view{s.violations, tx}, Changes: changes})
		return errors.Join(report.Err, s.save(ctx, tx, append(changes, report.Updates...)))
	})
}

// TestBatchOfBookingAndAcknowledgementMayDeadlock: a push locks the records and rows that
// it names before the scopes, and a check locks rows after the scopes. So a push that
// names both a booking and a violation row may wait for another push that is waiting for
// the first. PostgreSQL ends one of the two, and its client pushes again.
func TestBatchOfBookingAndAcknowledgementMayDeadlock(t *testing.T) {
	s := postgresFlagging(t, bookingRules())
	pushAs(t, s, ana, booking(t, "a", "A", ana))
	pushAs(t, s, ben, booking(t, "b", "A", ben))
	row := rowsOfRoom(t, s, "A")[0]

	mixed := begin(t, s.db)
	c := booking(t, "c", "A", ana)
	_, err := s.layout.load(context.Background(), mixed, []record.Key{c.Key(), row.Key()})
	require.NoError(t, err)
	other := make(chan error, 1)
	body := batchOf(cancelled(t, "b", ben))
	go func() {
		_, err := s.push(context.Background(), ben, body)
		other <- err
	}()
	waitFor(func() bool { return len(other) > 0 || isAnyBlocked(t, s.db) })
	_, err = s.flag(context.Background(), mixed, violation.Input{Changes: []merge.Update{{Before: record.New(c.Key()), After: c}}})
	err = errors.Join(err, mixed.Rollback(), <-other)
	require.Equal(t, "40P01", codeOf(err), "%v", err)
	pushAs(t, s, ben, cancelled(t, "b", ben))
	requireAudited(t, s)
}

// TestScopesAreLockedInOrderOfNumbers: scopes are locked in the order of their numbers, so
// two transactions that lock the same scopes cannot deadlock. A transaction that waits for
// the greatest number has locked all smaller ones.
func TestScopesAreLockedInOrderOfNumbers(t *testing.T) {
	s := postgresFlagging(t, bookingRules())
	scopes := slices.Concat(scopesOfRoom(t, s, "A"), scopesOfRoom(t, s, "B"), scopesOfRoom(t, s, "C"))
	slices.SortFunc(scopes, func(a, b violation.Scope) int { return cmp.Compare(b.Lock(), a.Lock()) })
	first, second := begin(t, s.db), begin(t, s.db)
	require.NoError(t, s.violations.lockScopes(context.Background(), first, scopes[:1]))
	result := make(chan error, 1)
	go func() { result <- s.violations.lockScopes(context.Background(), second, scopes) }()
	waitFor(func() bool { return len(result) > 0 || isAnyBlocked(t, s.db) })
	for _, scope := range scopes[1:] {
		var free bool
		require.NoError(t, first.QueryRow(`SELECT pg_try_advisory_xact_lock($1)`, scope.Lock()).Scan(&free))
		require.False(t, free, "%v", scope)
	}
	require.NoError(t, first.Commit())
	require.NoError(t, <-result)
}
