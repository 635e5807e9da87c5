package violation_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// TestRecheckFindsWhatConcurrentChecksMiss: two transactions that check at the same time, each
// on the records stored before both, miss a conflict that they create together. Another check
// of the touched scopes after the commit finds the conflict, and an audit finds the same row.
// Both transactions touch the same scope, so a lock on it would have made one of them wait.
func TestRecheckFindsWhatConcurrentChecksMiss(t *testing.T) {
	s := newServer(smallRules())
	one := s.join([]record.Record{book("a", by(1, 1), "B", 2, 4)})
	two := s.join([]record.Record{book("b", by(2, 2), "B", 3, 5)})
	check := func(in violation.Input) violation.Report {
		in.View = s.view
		report := s.checker.Check(context.Background(), in)
		require.NoError(t, report.Err)
		return report
	}
	require.Empty(t, check(violation.Input{Changes: one}).Updates)
	require.Empty(t, check(violation.Input{Changes: two}).Updates)
	locks := map[int64]int{}
	var scopes []violation.Scope
	for _, changes := range [][]merge.Update{one, two} {
		touched, err := s.checker.Scopes(changes)
		require.NoError(t, err)
		for _, scope := range touched {
			locks[scope.Lock()]++
		}
		scopes = touched
	}
	require.Contains(t, locks, violation.Scope{Rule: "overlap", Name: "B"}.Lock())
	require.Equal(t, 2, locks[violation.Scope{Rule: "overlap", Name: "B"}.Lock()])

	s.store(one)
	s.store(two)
	audited := s.checker.Audit(s.all(), 0).Updates
	require.Len(t, audited, 1)
	require.Equal(t, audited, check(violation.Input{Scopes: scopes}).Updates)
}

// TestServersExchangeUserFieldsOnly: servers exchange only the user-written fields of a row.
// If they joined whole rows, the join of an open and a resolved row could be either one.
func TestServersExchangeUserFieldsOnly(t *testing.T) {
	s, v := conflict(t)
	require.Zero(t, violation.UserFields(s.row(v.ID)).Len())
	s.guarded(t, 1, says(v.ID, 1, 3, fields{violation.FieldAcknowledged: true, violation.FieldNote: "mine"}))
	said := violation.UserFields(s.row(v.ID))
	require.Equal(t, s.row(v.ID).Key(), said.Key())
	require.Equal(t, map[string]any{"acknowledged": true, "note": "mine"}, said.Map())

	other := newServer(smallRules())
	other.store(other.join([]record.Record{said}))
	_, err := violation.Parse(other.row(v.ID))
	require.ErrorIs(t, err, violation.ErrRow, "the other server must not have derived the row yet")
	other.push(t, s.data()...)
	require.True(t, s.row(v.ID).Equal(other.row(v.ID)))
}
