package violation_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// TestRecordOnWhichARuleFailsIsReported: every check that reads the record reports the
// failure. The record opens and closes nothing, and the rest of its group is checked.
func TestRecordOnWhichARuleFailsIsReported(t *testing.T) {
	rule := overlapRule
	rule.Slot = func(r record.Record) (violation.Slot, error) {
		if _, ok := r.Get("broken"); ok {
			return violation.Slot{}, errBroken
		}
		return slotOf(r)
	}
	s := newServer(map[string]violation.Rule{"overlap": rule})
	s.push(t, book("a", by(1, 1), "B", 2, 4), book("b", by(1, 2), "B", 2, 4))
	row := s.openLines(t)
	report := s.push(t, write("bookings", "b", by(1, 3), fields{"broken": 1}), book("c", by(1, 3), "B", 3, 5))
	require.ErrorIs(t, report.Err, errBroken)
	require.Empty(t, report.Failed[0].Scopes, "no group can be named, because the groups of the record are not known")
	require.Equal(t, []string{"overlap b: a", "overlap c: a"}, s.opened(t))
	report = s.push(t, book("d", by(1, 4), "B", 8, 9))
	require.ErrorIs(t, report.Err, errBroken)
	require.Contains(t, s.openLines(t), strings.TrimSuffix(row, "\n"))
	s.push(t, remove("bookings", "b", by(1, 5)))
	require.NoError(t, s.push(t, book("d", by(1, 6), "B", 7, 9)).Err)
	require.Equal(t, []string{"overlap c: a"}, s.opened(t))
}

// TestWrappedErrUnknownCounts: a record that a row names, and that has become unreadable, is
// unknown even if the rule wraps ErrUnknown.
func TestWrappedErrUnknownCounts(t *testing.T) {
	rule := overlapRule
	rule.Slot = func(r record.Record) (violation.Slot, error) {
		slot, err := slotOf(r)
		if err != nil {
			err = fmt.Errorf("a slot of a newer version: %w", err)
		}
		return slot, err
	}
	s := newServer(map[string]violation.Rule{"overlap": rule})
	s.push(t, book("a", by(1, 1), "B", 2, 4), book("b", by(1, 2), "B", 2, 4))
	row := s.openLines(t)
	require.NoError(t, s.push(t, write("bookings", "b", by(1, 3), fields{"slot": sealed()})).Err)
	report := s.push(t, book("c", by(1, 4), "B", 8, 9)) // record b is looked up, because the row names it
	require.NoError(t, report.Err)
	require.Equal(t, 1, report.Unknown)
	require.Equal(t, row, s.openLines(t))
	require.False(t, errors.Is(report.Err, violation.ErrUnknown))
}

// TestRulesAreNotAskedAboutEmptyRecords: a record without fields belongs to no group. Rules
// are not asked about it, neither before a first write nor for a key that is not stored.
func TestRulesAreNotAskedAboutEmptyRecords(t *testing.T) {
	asked := 0
	rule := hostile{
		check: func(violation.Group) (f violation.Findings, err error) { return f, nil },
		scopes: func(r record.Record) ([]string, error) {
			asked++
			require.NotZero(t, r.Len())
			return []string{"all"}, nil
		},
	}
	c := &violation.Checker{Rules: map[string]violation.Rule{"r": rule}}
	empty := record.New(keyOf("t", "1"))
	require.Empty(t, c.ScopesOf(empty))
	for _, u := range []merge.Update{{Before: empty, After: empty}, {After: empty}, {}} {
		scopes, err := c.Scopes([]merge.Update{u})
		require.NoError(t, err)
		require.Empty(t, scopes)
	}
	require.Zero(t, asked)
	scopes, err := c.Scopes([]merge.Update{{After: write("t", "1", by(1, 1), fields{"x": 1})}})
	require.NoError(t, err)
	require.Equal(t, []violation.Scope{{Rule: "r", Name: "all"}}, scopes)
	require.Equal(t, 1, asked, "the rule must not be asked about the empty record before the change")
}

func TestSameFieldOfAnotherTableIsNoReference(t *testing.T) {
	s := newServer(smallRules())
	s.push(t, write("notes", "n", by(1, 1), fields{"who": "p"}), write("people", "p", by(1, 1), fields{"who": "q"}))
	require.Empty(t, s.violations(t))
	rule := violation.LiveReference{Table: "people", Field: "who", Target: "people"}
	group := violation.Group{Scope: "p", Limit: 10, Records: []record.Record{write("notes", "n", by(1, 1), fields{"who": "p"})}}
	f, err := rule.Check(group)
	require.NoError(t, err)
	require.Empty(t, f.List, "a field of another table must not count as a reference, even if its record is in the group")
	names, err := personRule.Scopes(group.Records[0])
	require.NoError(t, err)
	require.Empty(t, names)
}

// TestCheckOfScopesAloneNamesTheGroup: a check of Input.Scopes alone names the same group in
// its row as a check of the changes.
func TestCheckOfScopesAloneNamesTheGroup(t *testing.T) {
	s, v := conflict(t)
	other := newServer(smallRules())
	for _, r := range s.data() {
		other.store([]merge.Update{{After: r}})
	}
	other.take(t, nil, violation.Scope{Rule: "overlap", Name: "B"}, violation.Scope{Rule: "email", Name: "B"})
	require.Equal(t, v, other.only(t))
	require.Equal(t, "B", other.only(t).Scope)
}

// TestNewRowHasAnEmptyBefore: the update of a new row has a Before with the row's key and no
// fields.
func TestNewRowHasAnEmptyBefore(t *testing.T) {
	s := newServer(smallRules())
	report := s.push(t, book("a", by(1, 1), "B", 2, 4), book("b", by(1, 2), "B", 2, 4))
	before := report.Updates[0].Before
	require.Equal(t, report.Updates[0].After.Key(), before.Key())
	require.Zero(t, before.Len())
}

func TestScopesSortByRuleThenName(t *testing.T) {
	for _, c := range []struct {
		a, b violation.Scope
		want int
	}{
		{violation.Scope{Rule: "a", Name: "z"}, violation.Scope{Rule: "b", Name: "a"}, -1},
		{violation.Scope{Rule: "a", Name: "z"}, violation.Scope{Rule: "a", Name: "a"}, 1},
		{violation.Scope{Rule: "a", Name: "z"}, violation.Scope{Rule: "a", Name: "z"}, 0},
		{violation.Scope{Rule: "a"}, violation.Scope{Rule: "ab"}, -1},
	} {
		require.Equal(t, c.want, c.a.Compare(c.b))
		require.Equal(t, -c.want, c.b.Compare(c.a))
	}
	s := newServer(map[string]violation.Rule{"a": manyRooms{}, "b": manyRooms{}})
	scopes, err := s.checker.Scopes([]merge.Update{{After: write("t", "1", by(1, 1), fields{"rooms": "y x"})}})
	require.NoError(t, err)
	require.Equal(t, []violation.Scope{{Rule: "a", Name: "x"}, {Rule: "a", Name: "y"}, {Rule: "b", Name: "x"}, {Rule: "b", Name: "y"}}, scopes)
}

// TestSlotEndingAtTheEpochIsOver: a slot that ends at Unix time 0 is over, not endless.
func TestSlotEndingAtTheEpochIsOver(t *testing.T) {
	rule := violation.NoOverlap{Table: "bookings", Relevant: true, Slot: func(record.Record) (violation.Slot, error) {
		return violation.Slot{Resource: "B", From: -10, To: 0}, nil
	}}
	s := newServer(map[string]violation.Rule{"overlap": rule})
	s.push(t, book("a", by(1, 1), "B", 2, 4), book("b", by(1, 2), "B", 2, 4))
	require.Equal(t, violation.Obsolete, s.only(t).StatusAt(clock.Timestamp(1)))
}
