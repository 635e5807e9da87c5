package violation_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

func attend(id string, ms int, units int64) record.Record {
	return write("attendees", id, by(2, ms), fields{"place": map[string]any{"event": "x", "units": units}})
}

// secret is a world with a violation, a write that makes part of it unreadable, and later
// writes.
type secret struct {
	world []record.Record
	seal  record.Record
	// poke changes the unreadable record or another record of the group, without an effect on
	// the violation.
	poke record.Record
	// cure makes the record readable again and ends the violation.
	cure record.Record
}

func secrets() map[string]secret {
	note := fields{"other": 1}
	seats := []record.Record{write("events", "x", by(1, 1), fields{"seats": 1}), attend("a", 1, 1), attend("b", 2, 1)}
	left := []record.Record{write("people", "p", by(1, 1), fields{"left": true}), write("tasks", "a", by(1, 1), fields{"who": "p"})}
	return map[string]secret{
		"overlap": {
			[]record.Record{book("a", by(1, 1), "B", 2, 4), book("b", by(1, 2), "B", 2, 4)},
			write("bookings", "a", by(1, 3), fields{"slot": sealed()}), book("c", by(1, 3), "B", 8, 9), book("a", by(1, 4), "C", 2, 4),
		},
		"seats": {seats, write("attendees", "a", by(1, 3), fields{"place": sealed()}), write("attendees", "b", by(1, 3), note), attend("a", 4, 0)},
		"limit": {seats, write("events", "x", by(1, 3), fields{"seats": "9f3c"}), attend("c", 3, 5), write("events", "x", by(1, 4), fields{"seats": 9})},
		"reference": {left, write("tasks", "a", by(1, 3), fields{"who": sealed()}), write("people", "p", by(1, 3), note),
			write("tasks", "a", by(1, 4), fields{"who": "q"})},
		"target": {left, write("people", "p", by(1, 3), fields{"left": "9f3c"}), write("tasks", "b", by(1, 3), fields{"who": "p"}),
			write("people", "p", by(1, 4), fields{"left": false})},
		"email": {
			[]record.Record{write("users", "a", by(1, 1), fields{"email": "ana@"}), write("users", "b", by(1, 1), fields{"email": "ana@"})},
			write("users", "a", by(1, 3), fields{"email": sealed()}), write("users", "b", by(1, 3), note), write("users", "a", by(1, 4), fields{"email": "ben@"}),
		},
		"single": {
			[]record.Record{write("tasks", "a", by(1, 1), fields{"done": true})},
			write("tasks", "a", by(1, 3), fields{"when": sealed()}), write("tasks", "a", by(1, 3), note), write("tasks", "a", by(1, 4), fields{"when": "today"}),
		},
	}
}

// TestUnreadableRecordResolvesNothing: a record that becomes unreadable resolves nothing,
// neither at once nor in later checks of the group, nor in an audit. Once it is readable
// again, a check can resolve the violation.
func TestUnreadableRecordResolvesNothing(t *testing.T) {
	for name, c := range secrets() {
		for _, together := range []bool{false, true} {
			s := newServer(smallRules())
			if name == "reference" { // create person q, so that a reference to q is not stale
				s.push(t, write("people", "q", by(1, 1), fields{"left": false}))
			}
			s.push(t, c.world...)
			v := s.only(t)
			require.Equal(t, violation.Open, v.Status, name)
			row := s.row(v.ID)
			var report violation.Report
			if together {
				report = s.push(t, c.seal, c.poke)
			} else {
				report = s.push(t, c.seal)
				s.push(t, c.poke)
			}
			require.NoError(t, report.Err)
			require.Positive(t, report.Unknown, name)
			require.Equal(t, row.String(), s.row(v.ID).String(), name)
			require.Positive(t, s.audit(t).Unknown, name)
			require.Equal(t, row.String(), s.row(v.ID).String(), name)

			updates := s.join([]record.Record{c.cure})
			s.take(t, updates, s.unsealed(t, updates)...)
			require.Equal(t, violation.Resolved, s.only(t).Status, name)
		}
	}
}

// TestUnreadableRecordOpensNothing: a record that could never be read is not evidence.
func TestUnreadableRecordOpensNothing(t *testing.T) {
	for name, c := range secrets() {
		s := newServer(smallRules())
		report := s.push(t, append(c.world, c.seal)...)
		require.NoError(t, report.Err)
		require.Positive(t, report.Unknown, name)
		s.push(t, c.poke)
		s.audit(t)
		require.Empty(t, s.violations(t), name)
	}
}

// TestDeletionOfAnUnreadableRecordCounts: the deletion of a record can be read, even if its
// other fields cannot.
func TestDeletionOfAnUnreadableRecordCounts(t *testing.T) {
	for name, c := range secrets() {
		for _, together := range []bool{false, true} {
			s := newServer(smallRules())
			s.push(t, c.world...)
			gone := remove(c.seal.Key().Table, c.seal.Key().ID, by(2, 9))
			if together {
				s.push(t, c.seal, gone)
			} else {
				s.push(t, c.seal)
				updates := s.join([]record.Record{gone})
				s.take(t, updates, s.unsealed(t, updates)...)
			}
			want := violation.Resolved
			switch {
			case name == "target": // a reference to a deleted person is stale as well
				want = violation.Open
			case s.only(t).Record() == gone.Key():
				want = violation.Obsolete
			}
			require.Equal(t, want, s.only(t).Status, name)
		}
	}
}

// partial is a view that knows only part of each group of one rule, and nothing about one
// table.
type partial struct {
	violation.View
	rule, table string
}

func (v partial) Groups(ctx context.Context, rule string, names []string) ([]violation.ScopeRecords, error) {
	groups, err := v.View.Groups(ctx, rule, names)
	for i := range groups {
		groups[i].Partial = rule == v.rule
	}
	return groups, err
}

func (v partial) Get(ctx context.Context, keys []record.Key) ([]violation.Lookup, error) {
	found, err := v.View.Get(ctx, keys)
	for i := range found {
		if keys[i].Table == v.table {
			found[i] = violation.Lookup{Record: record.New(keys[i]), Unknown: true}
		}
	}
	return found, err
}

// on joins writes, checks them on another view of the server's storage, and stores the result.
func (s *server) on(t require.TestingT, v violation.View, writes ...record.Record) violation.Report {
	updates := s.join(writes)
	report := s.checker.Check(context.Background(), violation.Input{View: v, Changes: updates})
	require.NoError(t, report.Err)
	s.store(updates)
	s.store(report.Updates)
	return report
}

// TestPartialViewClosesNothing: a violation that the known records prove is found, but a
// missing record closes nothing.
func TestPartialViewClosesNothing(t *testing.T) {
	s := newServer(smallRules())
	view := partial{View: s.view, rule: "overlap"}
	report := s.on(t, view, book("a", by(1, 1), "B", 2, 4), book("b", by(1, 2), "B", 2, 4))
	require.Equal(t, []string{"overlap b: a"}, s.opened(t))
	require.Equal(t, 1, report.Unknown)
	s.on(t, view, book("b", by(1, 3), "B", 8, 9))
	require.Equal(t, violation.Open, s.only(t).Status)
	s.on(t, s.view, book("b", by(1, 4), "B", 7, 9))
	require.Equal(t, violation.Resolved, s.only(t).Status)
}

// TestUnknownParticipantClosesNothing: a record closes nothing if the view cannot tell whether
// it exists. A record that is known to be missing closes its row.
func TestUnknownParticipantClosesNothing(t *testing.T) {
	s, v := conflict(t)
	client := newServer(smallRules()) // stores booking b and the row, but not booking a
	client.store([]merge.Update{{After: s.get(keyOf("bookings", "b"))}, {After: s.row(v.ID)}})
	client.on(t, partial{View: client.view, table: "bookings"}, book("c", by(1, 5), "B", 8, 9))
	require.Equal(t, violation.Open, client.only(t).Status)
	client.on(t, client.view, book("c", by(1, 6), "B", 8, 9))
	require.Equal(t, violation.Resolved, client.only(t).Status)
}

// TestMissingTargetProvesNothingInAPartialView: on a client that does not hold all targets, a
// missing target proves nothing, but an unfit target proves a violation.
func TestMissingTargetProvesNothingInAPartialView(t *testing.T) {
	s := newServer(smallRules())
	view := partial{View: s.view, rule: "person", table: "people"}
	report := s.on(t, view, write("tasks", "a", by(1, 1), fields{"who": "p"}))
	require.Empty(t, s.violations(t))
	require.Positive(t, report.Unknown)
	s.on(t, view, write("people", "p", by(1, 2), fields{"left": true}))
	require.Equal(t, []string{"person a: p"}, s.opened(t))
	// This view knows all targets, and person q is missing.
	s.on(t, s.view, write("tasks", "b", by(1, 1), fields{"who": "q"}))
	require.Equal(t, []string{"person a: p", "person b: q"}, s.opened(t))
	s.on(t, view, write("tasks", "b", by(1, 2), fields{"other": 1}))
	require.Equal(t, []string{"person a: p", "person b: q"}, s.opened(t), "a target that has become unknown must close nothing")
}

// TestAuditOnAPartialViewClosesNothing: a client audits its own records with a check of all
// scopes on its view, which closes nothing.
func TestAuditOnAPartialViewClosesNothing(t *testing.T) {
	s, v := conflict(t)
	s.store([]merge.Update{{After: book("a", by(1, 9), "C", 2, 4)}})
	in := violation.Input{View: partial{View: s.view, rule: "overlap"}, Scopes: s.view.Scopes()}
	require.Empty(t, s.checker.Check(context.Background(), in).Updates)
	require.Equal(t, v, s.only(t))
	s.audit(t)
	require.Equal(t, violation.Resolved, s.only(t).Status)
}
