package main

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
	"github.com/fieldlww/fieldlww/violation/violationtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// flaggingServer is a function that opens a server with the documents layout, which flags
// the violations that a checker finds.
type flaggingServer func(*testing.T, *violation.Checker) *server

// onEachFlagging runs a test on both databases.
func onEachFlagging(t *testing.T, test func(*testing.T, flaggingServer)) {
	t.Run("SQLite", func(t *testing.T) {
		test(t, func(t *testing.T, c *violation.Checker) *server {
			return flagging(t, serverOn(t, sqlite(t), documents(documentsSQLite())), &violations{c, scopesSQLite()})
		})
	})
	t.Run("PostgreSQL", func(t *testing.T) { test(t, postgresFlagging) })
}

// postgresFlagging is the flaggingServer for PostgreSQL.
func postgresFlagging(t *testing.T, c *violation.Checker) *server {
	t.Helper()
	return flagging(t, serverOn(t, postgres(t), documents(documentsPostgres())), &violations{c, scopesPostgres()})
}

// flagging makes a server flag violations.
func flagging(t *testing.T, s *server, v *violations) *server {
	t.Helper()
	s.engine.Guard = bookingsGuard
	require.NoError(t, s.watch(context.Background(), v))
	return s
}

// TestViewReturnsWhatMemoryReturns: the view returns the same records as violation.Memory.
func TestViewReturnsWhatMemoryReturns(t *testing.T) {
	onEachFlagging(t, func(t *testing.T, open flaggingServer) {
		require.NoError(t, violationtest.TestView(func(c *violation.Checker, records []record.Record) (violation.View, error) {
			s := open(t, c)
			tx := begin(t, s.db)
			for _, r := range records {
				if err := s.save(context.Background(), tx, []merge.Update{{After: r}}); err != nil {
					return nil, err
				}
			}
			return view{s.violations, tx}, nil
		}))
	})
}

// TestPushesFlagWhatAnAuditFinds: several clients push at the same time, and an audit
// of the whole state finds the same violation rows.
func TestPushesFlagWhatAnAuditFinds(t *testing.T) {
	onEachFlagging(t, func(t *testing.T, open flaggingServer) {
		s := open(t, bookingRules())
		var pushes sync.WaitGroup
		for n := range byte(4) {
			pushes.Go(func() {
				r := rand.New(rand.NewPCG(9, uint64(n)))
				for range 15 {
					client := clock.ClientID{15: n + 1}
					_, err := s.push(context.Background(), client, randomBookings(r, client))
					assert.NoError(t, err)
				}
			})
		}
		pushes.Wait()
		requireAudited(t, s)
		require.NotEmpty(t, openRows(t, stateOf(t, s)))
	})
}

// randomBookings returns a batch of bookings in few rooms and hours, so that they
// overlap.
func randomBookings(r *rand.Rand, client clock.ClientID) []byte {
	var body strings.Builder
	for range 1 + r.IntN(4) {
		hour := 8 + r.IntN(4)
		value := fmt.Sprintf(`{"room":"%c","start":"2026-03-02T%02d:00:00Z","end":"2026-03-02T%02d:30:00Z"}`, 'A'+rune(r.IntN(3)), hour, hour+r.IntN(2))
		name, value := "slot", `"value":`+value
		switch r.IntN(8) {
		case 0:
			value = `"deleted":true`
		case 1:
			name, value = record.DeletedField, fmt.Sprintf(`"value":%v`, r.IntN(2) == 0)
		}
		fmt.Fprintf(&body, `{"table":"bookings","id":"%d","data":{%s}}`+"\n", r.IntN(20), randomField(r, name, value, client))
	}
	return []byte(body.String())
}

// requireAudited requires that an audit of the whole state changes nothing, and that an
// audit of the bookings without the stored rows opens the same rows. The second
// requirement holds because all bookings are readable: a violation of a booking that
// becomes unreadable stays open.
func requireAudited(t *testing.T, s *server) {
	t.Helper()
	all := stateOf(t, s)
	report := s.violations.checker.Audit(all, 0)
	require.NoError(t, report.Err)
	require.Empty(t, report.Updates)
	require.Equal(t, openRows(t, auditOf(t, s, all)), openRows(t, all))
}

// auditOf returns the rows that an audit finds in the bookings alone.
func auditOf(t *testing.T, s *server, all merge.Collection) merge.Collection {
	t.Helper()
	var bookings, rows []record.Record
	for r := range all.All() {
		if r.Key().Table == bookingsTable {
			bookings = append(bookings, r)
		}
	}
	report := s.violations.checker.Audit(merge.Collect(bookings...), 0)
	require.NoError(t, report.Err)
	for _, u := range report.Updates {
		rows = append(rows, u.After)
	}
	return merge.Collect(rows...)
}

// openRows returns the open violation rows, as JSON Lines.
func openRows(t *testing.T, all merge.Collection) string {
	t.Helper()
	var open []record.Record
	for r := range all.All() {
		if r.Key().Table != violation.DefaultTable {
			continue
		}
		if v, err := violation.Parse(r); err == nil && v.Status == violation.Open {
			open = append(open, r)
		}
	}
	return string(batchOf(open...))
}

// booking returns a booking of a room for one hour from two o'clock.
func booking(t *testing.T, id, room string, by clock.ClientID) record.Record {
	t.Helper()
	two := time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)
	m, err := record.New(record.Key{Table: bookingsTable, ID: id}).Edit(clock.Stamp{Time: at(0), Client: by}).
		Set("slot", slot{room, two, two.Add(time.Hour)}).Mutation()
	require.NoError(t, err)
	return m.Data
}

// pushAs pushes records as a client, and requires that they are accepted.
func pushAs(t *testing.T, s *server, client clock.ClientID, records ...record.Record) {
	t.Helper()
	answer, err := s.push(context.Background(), client, batchOf(records...))
	require.NoError(t, err)
	require.NotContains(t, string(answer), "refused")
}

// TestAnyScopeNameCanBeStored: users name the rooms. Whatever they write, the name of
// the scope can be stored and found.
func TestAnyScopeNameCanBeStored(t *testing.T) {
	random := make([]byte, 5000) // an entry of a PostgreSQL index has at most 2,704 bytes, compressed
	r := rand.New(rand.NewPCG(1, 3))
	for i := range random {
		random[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[r.IntN(36)]
	}
	onEachFlagging(t, func(t *testing.T, open flaggingServer) {
		for name, room := range map[string]string{"long": string(random), "NUL": "a\x00b"} {
			t.Run(name, func(t *testing.T) {
				s := open(t, bookingRules())
				pushAs(t, s, ana, booking(t, "a", room, ana))
				pushAs(t, s, ben, booking(t, "b", room, ben))
				require.NotEmpty(t, openRows(t, stateOf(t, s)))
				requireAudited(t, s)
			})
		}
	})
}

// TestPanickingRuleDoesNotStopPush: a rule that panics stops neither the push nor the
// other rules. A statement that fails does stop the push, because PostgreSQL aborts the
// transaction.
func TestPanickingRuleDoesNotStopPush(t *testing.T) {
	onEachFlagging(t, func(t *testing.T, open flaggingServer) {
		rules := bookingRules()
		rules.Rules["broken"] = violation.NoOverlap{Table: bookingsTable} // calls a nil function
		s := open(t, rules)
		pushAs(t, s, ana, booking(t, "a", "A", ana))
		pushAs(t, s, ben, booking(t, "b", "A", ben))
		require.NotEmpty(t, openRows(t, stateOf(t, s)))

		before := stateOf(t, s)
		s.violations.groups = `SELECT mistake`
		_, err := s.push(context.Background(), ana, batchOf(booking(t, "c", "A", ana)))
		require.ErrorIs(t, err, errView)
		require.Equal(t, before.Digest(), stateOf(t, s).Digest())
	})
}

// TestNewRulesNeedRebuiltIndex: if a server gets new or changed rules, its index does not
// list the old records under the new scopes. A view that does not find these records hides
// their violations.
func TestNewRulesNeedRebuiltIndex(t *testing.T) {
	onEachFlagging(t, func(t *testing.T, open flaggingServer) {
		s := open(t, new(violation.Checker))
		pushAs(t, s, ana, booking(t, "a", "A", ana))
		v := &violations{bookingRules(), s.violations.scopeStatements}
		s.violations = v // without watch
		pushAs(t, s, ben, booking(t, "b", "A", ben))
		require.Empty(t, openRows(t, stateOf(t, s)))

		require.NoError(t, s.watch(context.Background(), v))
		require.NoError(t, s.recheck(context.Background(), scopesOfRoom(t, s, "A")))
		require.NotEmpty(t, openRows(t, stateOf(t, s)))
		requireAudited(t, s)
	})
}

// scopesOfRoom returns the scopes that a booking of the room belongs to.
func scopesOfRoom(t *testing.T, s *server, room string) []violation.Scope {
	t.Helper()
	scopes, err := s.violations.checker.Scopes([]merge.Update{{After: booking(t, "any", room, ana)}})
	require.NoError(t, err)
	return scopes
}

// beginAt begins a transaction at the given isolation level.
func beginAt(t *testing.T, db *sql.DB, level sql.IsolationLevel) *sql.Tx {
	t.Helper()
	tx, err := db.BeginTx(context.Background(), &sql.TxOptions{Isolation: level})
	require.NoError(t, err)
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}
