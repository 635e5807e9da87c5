package server

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// inMarch returns a slot that takes the room Lind for an hour in March 2100. The hour counts from
// the beginning of the month.
func inMarch(hour int) record.Value { return slotAt(time.Date(2100, 3, 1, hour, 0, 0, 0, time.UTC)) }

// slotAt returns a slot that takes the room Lind for an hour.
func slotAt(from time.Time) record.Value {
	return record.MustOf(rooms.Slot{Room: "Lind", Start: from, End: from.Add(time.Hour)})
}

// withRules returns a server on a database, with the given rules and their version.
func withRules(t *testing.T, d *Database, rules *violation.Checker, version string) *Server {
	t.Helper()
	s, err := New(context.Background(), d, Options{
		Guard: board.Guard(), Rules: rules, RulesVersion: version, Open: "demo", Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	return s
}

// bookings stores n meetings without pushing them, as if they had been pushed before.
func bookings(t *testing.T, s *Server, n int, from func(i int) time.Time) {
	t.Helper()
	for done := 0; done < n; done += 1000 {
		var updates []merge.Update
		for i := done; i < min(n, done+1000); i++ {
			at := clock.Stamp{Time: clock.TimestampOf(time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC)), Client: clock.ClientID{9}}
			m, err := record.New(record.Key{Table: board.Meetings, ID: fmt.Sprintf("past%06d", i)}).Edit(at).
				Set("slot", slotAt(from(i))).Set(board.Title, "Weekly").Mutation()
			require.NoError(t, err)
			updates = append(updates, merge.Update{After: m.Data})
		}
		err := s.locked(context.Background(), "demo", func(tx *session) error {
			return tx.store(context.Background(), s.options.Rules, updates)
		})
		require.NoError(t, err)
	}
}

// TestPastBookingsAreNotRead checks that a new booking in a room with thousands of bookings reads
// only the bookings of its month, and that an audit finds the same violations.
func TestPastBookingsAreNotRead(t *testing.T) {
	past := 20_000
	if testing.Short() {
		past = 1_000 // these reach back at least to November 2098
	}
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		ana := joined(t, listen(t, s), "demo", "")
		first := time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
		bookings(t, s, past, func(i int) time.Time { return first.Add(-2 * time.Hour * time.Duration(i+1)) })
		ana.push(ana.set(board.Meetings, "a", "slot", inMarch(14)))
		added := ana.set(board.Meetings, "b", "slot", inMarch(14))
		scopes := s.options.Rules.ScopesOf(added.Data)
		require.Len(t, scopes, 1)
		err := s.locked(context.Background(), "demo", func(tx *session) error {
			members, err := (&view{session: tx}).Groups(context.Background(), scopes[0].Rule, []string{scopes[0].Name})
			require.Len(t, members[0].Records, 1, "of %d", past)
			return err
		})
		require.NoError(t, err)
		require.Len(t, ana.push(added).Violations, 1)
		// A booking that crosses the end of a month reads both months.
		over := rooms.Slot{Room: "Lind", Start: time.Date(2098, 11, 30, 23, 0, 0, 0, time.UTC), End: time.Date(2098, 12, 1, 1, 0, 0, 0, time.UTC)}
		both := ana.set(board.Meetings, "c", "slot", record.MustOf(over))
		require.Len(t, s.options.Rules.ScopesOf(both.Data), 2)
		require.Len(t, ana.push(both).Violations, 1)

		before := storedRows(t, s)
		report, err := s.Audit(context.Background(), "demo")
		require.NoError(t, err)
		require.NoError(t, report.Err)
		require.Equal(t, 2, report.Open)
		require.Empty(t, report.Updates)
		_, err = s.database.db.Exec(`DELETE FROM records WHERE tbl = 'violations'`)
		require.NoError(t, err)
		report, err = s.Audit(context.Background(), "demo")
		require.NoError(t, err)
		require.Len(t, report.Updates, 2)
		require.Equal(t, before, storedRows(t, s))
	})
}

// storedRows returns the stored violation rows as text.
func storedRows(t *testing.T, s *Server) (stored []string) {
	t.Helper()
	rows, err := s.database.db.Query(`SELECT id, data FROM records WHERE tbl = 'violations' ORDER BY id`)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var id, data string
		require.NoError(t, rows.Scan(&id, &data))
		stored = append(stored, id+" "+data)
	}
	require.NotEmpty(t, stored)
	return stored
}

// TestViolationOfThousandsOfRecordsRefusesNoPush checks a violation that involves thousands of
// records: its row stays within the size limit, no pushed record is refused, and an audit works.
func TestViolationOfThousandsOfRecordsRefusesNoPush(t *testing.T) {
	if testing.Short() {
		t.Skip("stores thousands of records, and does not test concurrency")
	}
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		const seats, all = 2_990, 3_000
		rule := violation.Capacity{Table: board.Tasks, Fields: []string{board.Title}, Limit: seats, Usage: func(r record.Record) (violation.Usage, error) {
			w, _ := r.Get(board.Title)
			event, _ := w.Value.Text()
			return violation.Usage{Parent: event, Units: 1}, nil
		}}
		d, err := OpenDatabase(context.Background(), name(t))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })
		s := withRules(t, d, &violation.Checker{Rules: map[string]violation.Rule{"seats": rule}}, "")
		ana := joined(t, listen(t, s), "demo", "")
		for i := 0; i < all; i += 1000 {
			var items []record.Mutation
			for j := range 1000 {
				items = append(items, ana.set(board.Tasks, fmt.Sprintf("018f3c61-9c1e-7a0b-8d52-%012d", i+j), board.Title, "conf"))
			}
			for _, reply := range ana.push(items...).Results {
				require.Empty(t, reply.Code)
			}
		}
		lines := ana.pull("0&limit=10000")
		require.Len(t, lines, all+1)
		v, err := violation.Parse(lines[all].Data)
		require.NoError(t, err)
		require.Equal(t, all-1, v.ConflictingTotal)
		require.Less(t, len(lines[all].Data.AppendJSON(nil)), maxValue)
		report, err := s.Audit(context.Background(), "demo")
		require.NoError(t, err)
		require.NoError(t, report.Err)
		require.Empty(t, report.Updates)
	})
}

// TestUncheckedRuleIsReported checks that a push is stored even if a rule cannot read a scope that
// is too large. The answer and health must name the rule until the scope can be read again.
func TestUncheckedRuleIsReported(t *testing.T) {
	if testing.Short() {
		t.Skip("stores 16 MiB of records, and does not test concurrency")
	}
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		s.engine.TableMaxRecord, s.engine.Guard = nil, nil // lets meetings be large, so that the test needs fewer
		url := listen(t, s)
		ana := joined(t, url, "demo", "")
		unchecked := func(items ...record.Mutation) []string {
			var body []byte
			for _, m := range items {
				body = append(m.AppendJSON(body), '\n')
			}
			status, text := ana.request("POST", "/v1/push", string(body))
			require.Equal(t, 200, status, text)
			var answer struct{ Unchecked []string }
			require.NoError(t, json.Unmarshal([]byte(text), &answer))
			return answer.Unchecked
		}
		health := func() string {
			s.health.at = time.Time{} // discards the result of the last check
			_, text := ana.request("GET", "/v1/health", "")
			return text
		}
		long := strings.Repeat("x", 60_000)
		n := 0
		for ; n*4*len(long) < maxLoaded+4*len(long); n++ {
			id := fmt.Sprint(n)
			items := []record.Mutation{ana.set(board.Meetings, id, "slot", inMarch(n))}
			for _, field := range []string{"a", "b", "c", "d"} {
				items = append(items, ana.set(board.Meetings, id, field, long))
			}
			unchecked(items...)
		}
		require.Equal(t, []string{"room_taken"}, unchecked(ana.set(board.Meetings, "0", "slot", inMarch(1))))
		require.Contains(t, health(), `"unchecked":["room_taken"]`)
		// The rule still checks another month of the same push.
		april := slotAt(time.Date(2100, 4, 9, 0, 0, 0, 0, time.UTC))
		require.Equal(t, []string{"room_taken"}, unchecked(ana.set(board.Meetings, "0", "slot", inMarch(1)),
			ana.set(board.Meetings, "x", "slot", april), ana.set(board.Meetings, "y", "slot", april)))
		report, err := s.Audit(context.Background(), "demo")
		require.NoError(t, err)
		require.NoError(t, report.Err, "the audit did not read a scope that is too large for a push")
		require.Equal(t, 2, report.Open, "there must be one violation in March and one in April")
		require.Len(t, report.Updates, 1)
		require.NotContains(t, health(), "unchecked")

		require.NotEmpty(t, unchecked(ana.set(board.Meetings, "0", "slot", inMarch(2))))
		require.Contains(t, health(), "unchecked")
		var smaller []record.Mutation
		for i := range n / 2 {
			smaller = append(smaller, ana.set(board.Meetings, fmt.Sprint(i), "a", ""))
		}
		unchecked(smaller...)
		require.Empty(t, unchecked(ana.set(board.Meetings, "0", "b", "")), "the scope is small enough again, but was not checked")
		require.NotContains(t, health(), "unchecked")
		report, err = s.Audit(context.Background(), "demo")
		require.NoError(t, err)
		require.Empty(t, report.Updates)
	})
}

// TestDeletingRecordsMakesAScopeReadable checks that a scope that is too large is checked again
// after enough of its records are deleted, because rules do not read deleted records.
func TestDeletingRecordsMakesAScopeReadable(t *testing.T) {
	if testing.Short() {
		t.Skip("stores 16 MiB of records, and does not test concurrency")
	}
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		ana := joined(t, listen(t, s), "demo", "")
		book := func(id string) (unchecked []string) {
			out, err := s.push(context.Background(), bound(s, ana.ID), Pushed{Body: ana.set(board.Meetings, id, "slot", inMarch(1)).AppendJSON(nil)})
			require.NoError(t, err)
			return rulesOf(out.Report)
		}
		err := s.locked(context.Background(), "demo", func(tx *session) error {
			for i := range maxLoaded/60_000 + 1 {
				m, err := record.New(record.Key{Table: board.Meetings, ID: fmt.Sprint(i)}).Edit(clock.Stamp{Time: now.Now(), Client: ana.ID}).
					Set("slot", inMarch(i%24)).Set(board.Notes, strings.Repeat("x", 60_000)).Mutation()
				require.NoError(t, err)
				if err := tx.store(context.Background(), s.options.Rules, []merge.Update{{After: m.Data}}); err != nil {
					return err
				}
			}
			return nil
		})
		require.NoError(t, err)
		require.NotEmpty(t, book("a"))
		for i := range 10 {
			ana.push(ana.deletion(board.Meetings, fmt.Sprint(i)))
		}
		require.Empty(t, book("a"))
		report, err := s.Audit(context.Background(), "demo")
		require.NoError(t, err)
		require.NoError(t, report.Err)
	})
}

// TestOnlyTheLargestScopesAreLeftUnchecked checks that if scopes are too large together, the
// smaller scopes are still read.
func TestOnlyTheLargestScopesAreLeftUnchecked(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		stored := func(id string, month time.Month, size int) merge.Update {
			at := clock.Stamp{Time: now.Now(), Client: clock.ClientID{9}}
			m, err := record.New(record.Key{Table: board.Meetings, ID: id}).Edit(at).
				Set("slot", slotAt(time.Date(2100, month, 1, 0, 0, 0, 0, time.UTC))).Set(board.Notes, strings.Repeat("x", size)).Mutation()
			require.NoError(t, err)
			return merge.Update{After: m.Data}
		}
		var names []string
		err := s.locked(context.Background(), "demo", func(tx *session) error {
			var updates []merge.Update
			for month, size := range map[time.Month]int{1: 10, 2: 900, 3: 2000, 4: 20, 5: 1500} {
				updates = append(updates, stored(fmt.Sprint(month), month, size))
			}
			for month := range time.Month(6) {
				names = append(names, s.options.Rules.ScopesOf(stored("x", month+1, 1).After)[0].Name)
			}
			if err := tx.store(context.Background(), s.options.Rules, updates); err != nil {
				return err
			}
			for most, want := range map[int][]int{1 << 20: nil, 3900: {2}, 2000: {2, 4}, 400: {0, 1, 2, 3, 4, 5}} {
				members, err := (&view{session: tx, most: most}).Groups(context.Background(), "room_taken", names)
				if err != nil {
					return err
				}
				require.Len(t, members, len(names))
				var tooLarge []int
				for i, m := range members {
					if m.Err != nil {
						require.ErrorIs(t, m.Err, violation.ErrTooLarge)
						tooLarge = append(tooLarge, i)
						continue
					}
					require.Len(t, m.Records, min(1, 5-i))
				}
				require.Equal(t, want, tooLarge, most)
			}
			return nil
		})
		require.NoError(t, err)
	})
}

// TestChangedRulesAreAuditedOnceAtStart checks that a database is audited once when a server starts
// and finds an index by an earlier version or by other rules. The audit must remove closed rows from
// the index, and index the open rows under the scopes of the current rules.
func TestChangedRulesAreAuditedOnceAtStart(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		d, err := OpenDatabase(context.Background(), name(t))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })
		byRoom := rooms.Checker()
		rule := byRoom.Rules["room_taken"].(violation.NoOverlap)
		rule.Monthly = false
		byRoom.Rules["room_taken"] = rule
		s := withRules(t, d, byRoom, "by room")
		ana := joined(t, listen(t, s), "demo", "")
		ana.push(ana.set(board.Meetings, "a", "slot", inMarch(14)), ana.set(board.Meetings, "b", "slot", inMarch(14)), ana.set(board.Meetings, "c", "slot", inMarch(14)))
		ana.push(ana.set(board.Meetings, "c", "slot", inMarch(15)))
		// An earlier version kept closed rows in the index.
		_, err = d.db.Exec(`
			INSERT INTO scopes (workspace, rule, name, tbl, id)
			SELECT workspace, 'room_taken', $1, tbl, id FROM records WHERE tbl = 'violations' ON CONFLICT DO NOTHING`, hashOf("Lind"))
		require.NoError(t, err)
		_, err = d.db.Exec(`DELETE FROM indexed`)
		require.NoError(t, err)
		indexed := func() (n int) {
			require.NoError(t, d.db.QueryRow(`SELECT count(*) FROM scopes`).Scan(&n))
			return n
		}
		require.Equal(t, 6, indexed())

		s = withRules(t, d, board.Rules(), "")
		require.Equal(t, 4, indexed(), "the index must contain three meetings and the open row")
		seq, err := d.sequence(context.Background(), "demo")
		require.NoError(t, err)
		ben := joined(t, listen(t, s), "demo", "")
		closed := ben.push(ben.set(board.Meetings, "b", "slot", inMarch(16))).Violations
		require.Len(t, closed, 1)
		require.Equal(t, violation.Resolved, closed[0].Status)
		require.Equal(t, 3, indexed())

		withRules(t, d, board.Rules(), "")
		again, err := d.sequence(context.Background(), "demo")
		require.NoError(t, err)
		require.Equal(t, seq+2, again, "the second start changed records")
	})
}

// TestFastClockHidesNoViolation checks a violation that a server with a clock three days ahead
// treated as past. It must be open when the clock is right again, without an audit.
func TestFastClockHidesNoViolation(t *testing.T) {
	databasetest.OnEach(t, func(t *testing.T, name func(*testing.T) string) {
		s := open(t, name(t))
		ana := joined(t, listen(t, s), "demo", "")
		s.options.Now = func() time.Time { return time.Now().Add(72 * time.Hour) }
		require.Empty(t, ana.push(ana.set(board.Meetings, "a", "slot", taken(1)), ana.set(board.Meetings, "b", "slot", taken(1))).Violations)
		_, err := s.Audit(context.Background(), "demo")
		require.NoError(t, err)
		s.options.Now = time.Now
		lines := ana.pull("0")
		v, err := violation.Parse(lines[len(lines)-1].Data)
		require.NoError(t, err)
		require.Equal(t, violation.Open, v.StatusAt(clock.TimestampOf(time.Now())))
		report, err := s.Audit(context.Background(), "demo")
		require.NoError(t, err)
		require.Equal(t, 1, report.Open)
		require.Empty(t, report.Updates)
	})
}
