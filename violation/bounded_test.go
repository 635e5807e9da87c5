package violation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// everybody returns a rule that limits how many units the attendees of an event use together.
func everybody(limit int64) violation.Capacity {
	return violation.Capacity{Table: "attendees", Fields: []string{"place"}, Usage: placeOf, Limit: limit}
}

// TestLongRowListsTheFirstRecordsAndTheTotal: a row about thousands of records lists the first
// ones and the total number. All records are evidence: a dismissal ends when an unlisted
// record changes.
func TestLongRowListsTheFirstRecordsAndTheTotal(t *testing.T) {
	const n = 7_000
	s := alone(everybody(10))
	var all []record.Record
	for i := range n {
		all = append(all, attend(fmt.Sprintf("018f3c61-9c1e-7a0b-8d52-%012d", i), i%50, 1))
	}
	require.NoError(t, s.push(t, all...).Err)
	v := s.only(t)
	require.Len(t, v.Conflicting, violation.MaxConflicting)
	require.Equal(t, n-1, v.ConflictingTotal)
	require.IsIncreasing(t, v.Conflicting)
	require.Equal(t, "018f3c61-9c1e-7a0b-8d52-000000000099", v.Conflicting[99])
	require.Less(t, len(s.row(v.ID).AppendJSON(nil)), 8<<10)
	text, err := json.Marshal(v)
	require.NoError(t, err)
	require.Contains(t, string(text), `"conflictingTotal":6999`)

	s.guarded(t, 1, says(v.ID, 1, 60, fields{violation.FieldDismissed: v.Evidence}))
	require.True(t, s.only(t).Dismissed)
	s.push(t, write("attendees", all[5_000].Key().ID, by(1, 70), fields{"other": 1}))
	require.True(t, s.only(t).Dismissed, "a field that the rule does not read must not end a dismissal")
	s.push(t, attend(all[5_000].Key().ID, 70, 2))
	require.False(t, s.only(t).Dismissed)
	require.Empty(t, s.audit(t).Updates)
	for _, r := range all[12:] {
		all = append(all, remove("attendees", r.Key().ID, by(1, 90)))
	}
	s.push(t, all[n:]...)
	require.Len(t, s.only(t).Conflicting, 11)
	require.Zero(t, s.only(t).ConflictingTotal)
	_, told := s.row(v.ID).Get("conflictingTotal")
	require.False(t, told, "a complete list must have no total")
}

// longNames returns a name of n bytes that takes as much JSON as possible.
func longNames(n int) string { return strings.Repeat("\x01", n) }

// TestRowFitsTheDecoderLimits: whatever the names of records and the texts of users, a row
// fits the limits of every client and server that reads it.
func TestRowFitsTheDecoderLimits(t *testing.T) {
	if testing.Short() {
		t.Skip("slow; TestLongRowListsTheFirstRecordsAndTheTotal also runs, with shorter names")
	}
	const most = 64 << 10
	const long = 1024 // the default limit for a name
	table := longNames(long)
	rules := map[string]violation.Rule{
		"seats": violation.Capacity{Table: table, Usage: func(r record.Record) (violation.Usage, error) {
			return violation.Usage{Parent: longNames(100_000), Units: 1}, nil
		}, Describe: func(_, _ int64) string { return longNames(100_000) }},
		"email": violation.Unique{Table: table, Fields: []string{"x"}, Description: strings.Repeat(`"`, 100_000)},
		"slots": violation.NoOverlap{Table: table, Monthly: true, Slot: func(record.Record) (violation.Slot, error) {
			return violation.Slot{Resource: longNames(100_000), From: noon, To: hours(1)}, nil
		}},
	}
	s := newServer(rules)
	var all []record.Record
	for i := range 150 {
		all = append(all, write(table, fmt.Sprint(longNames(long-3), 100+i), by(1, i), fields{"x": strings.Repeat("x", 100_000)}))
	}
	require.NoError(t, s.push(t, all...).Err)
	require.Len(t, s.with(t, violation.Open), 2+100+1)
	for _, v := range s.violations(t) {
		said := s.guarded(t, 1, says(v.ID, 1, 999, fields{
			violation.FieldNote: strings.Repeat("x", violation.MaxUserField-2), violation.FieldAcknowledged: strings.Repeat("x", violation.MaxUserField-2),
			violation.FieldDismissed: strings.Repeat("x", violation.MaxUserField-2),
		}))
		require.True(t, said.Results[0].Accepted())
		text := s.row(v.ID).AppendJSON(nil)
		require.Less(t, len(text), most)
		var d record.Decoder
		_, err := d.Record(s.row(v.ID).Key(), text)
		require.NoError(t, err)
		again, err := violation.Parse(s.row(v.ID))
		require.NoError(t, err)
		require.Equal(t, []violation.Scope{{Rule: again.Rule, Name: again.Scope}}, s.checker.ScopesOf(s.row(v.ID)))
	}
	// After a record leaves these groups, an audit finds nothing that the check missed.
	s.push(t, remove(table, all[0].Key().ID, by(1, 500)))
	require.Empty(t, s.audit(t).Updates)
	for _, r := range all {
		all = append(all, remove(table, r.Key().ID, by(1, 600)))
	}
	s.push(t, all[150:]...)
	require.Empty(t, s.opened(t))
}

// TestGuardLimitsUserFields: the guard refuses a text that is too long for a row, because
// every check of the scope would read it.
func TestGuardLimitsUserFields(t *testing.T) {
	s, v := conflict(t)
	for _, name := range []string{violation.FieldNote, violation.FieldAcknowledged, violation.FieldDismissed} {
		for length, accepted := range map[int]bool{violation.MaxUserField - 2: true, violation.MaxUserField - 1: false} {
			answer := s.guarded(t, 1, says(v.ID, 1, 9, fields{name: strings.Repeat("x", length)}))
			require.Equal(t, accepted, answer.Results[0].Accepted())
			if !accepted {
				require.Equal(t, merge.LimitExceeded, answer.Results[0].Refusal.Code)
				require.Equal(t, "data."+name, answer.Results[0].Refusal.Path)
			}
		}
	}
}

// TestLongScopeNamesStayDistinct: two long names with the same beginning are two groups, and a
// name that looks like a shortened one is a third group.
func TestLongScopeNamesStayDistinct(t *testing.T) {
	long := strings.Repeat("é", 2_000)
	user := func(id, email string) record.Record { return write("users", id, by(1, 1), fields{"email": email}) }
	s := newServer(smallRules())
	s.push(t, user("a", long+"1"), user("b", long+"2"), user("c", long+"1"))
	require.Equal(t, []string{"email c: a"}, s.opened(t))
	stored := s.only(t).Scope
	require.Less(t, len(stored), 1100)
	s.push(t, user("d", stored))
	require.Equal(t, []string{"email c: a"}, s.opened(t))
	require.Equal(t, []violation.Scope{{Rule: "email", Name: stored}}, s.checker.ScopesOf(s.get(keyOf("users", "a"))))
	require.NotEqual(t, stored, s.checker.ScopesOf(s.get(keyOf("users", "d")))[0].Name)
	// Rows of an earlier release hold the whole name.
	s.store([]merge.Update{{After: rewrite(t, s.row(s.only(t).ID), "scope", "email/"+long+"1")}})
	require.Equal(t, stored, s.only(t).Scope)
	s.push(t, user("a", "ana@"), write("users", "a", by(1, 2), fields{"email": "ana@"}))
	require.Equal(t, violation.Resolved, s.only(t).Status)
}

// rewrite returns a row with another value in a field.
func rewrite(t require.TestingT, row record.Record, field string, value any) record.Record {
	var b record.Builder
	r, err := b.Record(row.Key(), func(yield func(string, record.FieldValue) bool) {
		for name, w := range row.All() {
			if name == field {
				w.Value = record.MustOf(value)
			}
			if !yield(name, w) {
				return
			}
		}
	})
	require.NoError(t, err)
	return r
}

// narrow is a view that cannot read some scopes.
type narrow struct {
	violation.View
	blind map[string]bool
}

func (v narrow) Groups(ctx context.Context, rule string, names []string) ([]violation.ScopeRecords, error) {
	groups, err := v.View.Groups(ctx, rule, names)
	for i, name := range names {
		if v.blind[name] {
			groups[i] = violation.ScopeRecords{Err: fmt.Errorf("%w: 9 MiB", violation.ErrTooLarge)}
		}
	}
	return groups, err
}

// TestUnreadScopeIsReportedAndKeepsItsRows: a scope that the view cannot read is reported by
// name, its rows stay, and the other scopes of the rule are checked. Once the view can read it
// again, its violations are found.
func TestUnreadScopeIsReportedAndKeepsItsRows(t *testing.T) {
	s := newServer(smallRules())
	s.push(t, book("a", by(1, 1), "B", 2, 4), book("b", by(1, 2), "B", 2, 4), book("c", by(1, 2), "C", 2, 4))
	row := s.openLines(t)
	blind := narrow{s.view, map[string]bool{"B": true}}
	check := func(writes ...record.Record) violation.Report {
		updates := s.join(writes)
		report := s.checker.Check(context.Background(), violation.Input{View: blind, Changes: updates})
		s.store(updates)
		s.store(report.Updates)
		return report
	}
	report := check(remove("bookings", "a", by(1, 3)), book("d", by(1, 3), "B", 2, 4), book("e", by(1, 3), "C", 2, 4))
	require.ErrorIs(t, report.Err, violation.ErrTooLarge)
	require.Len(t, report.Failed, 1)
	require.Equal(t, []string{"B"}, report.Failed[0].Scopes)
	require.Equal(t, "overlap", report.Failed[0].Rule)
	require.NotContains(t, strings.ReplaceAll(report.Err.Error(), "MiB", ""), "B", "the text must omit names, which may be private")
	require.Equal(t, []string{"overlap b: a", "overlap e: c"}, s.opened(t))
	require.Contains(t, s.openLines(t), strings.TrimSuffix(row, "\n"))

	// A record that moves from a readable scope into an unreadable one may conflict there.
	check(book("c", by(1, 4), "B", 2, 4), book("e", by(1, 4), "B", 2, 4))
	require.Contains(t, s.opened(t), "overlap e: c")

	s.push(t, book("f", by(1, 5), "B", 8, 9))
	require.Equal(t, []string{"overlap c: b", "overlap c: d", "overlap d: b", "overlap e: b", "overlap e: c", "overlap e: d"}, s.opened(t))
	require.Empty(t, s.audit(t).Updates)
}

// TestCheckStopsAfterTenThousandRows: a push that finds more rows than one check may find
// leaves its remaining groups unchecked and names them. A check of these groups finds the
// rest.
func TestCheckStopsAfterTenThousandRows(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: books thousands of meetings")
	}
	s := newServer(map[string]violation.Rule{"overlap": overlapRule})
	var all []record.Record
	for room := range 120 {
		for i := range 20 {
			all = append(all, book(fmt.Sprint(room, "/", i), by(1, i), fmt.Sprint("room ", room), 2, 4))
		}
	}
	report := s.push(t, all...)
	require.ErrorIs(t, report.Err, violation.ErrTooLarge)
	require.InDelta(t, 10_000, len(report.Updates), 200)
	found, unchecked := len(report.Updates), report.Failed[0].Scopes
	require.Len(t, unchecked, 120-found/101)
	var scopes []violation.Scope
	for _, name := range unchecked {
		scopes = append(scopes, violation.Scope{Rule: "overlap", Name: name})
	}
	require.NoError(t, s.take(t, nil, scopes...).Err)
	require.Len(t, s.with(t, violation.Open), 120*101)
}

func (v longMemory) Groups(ctx context.Context, rule string, names []string) ([]violation.ScopeRecords, error) {
	groups, err := v.View.Groups(ctx, rule, names)
	for i := range groups {
		groups[i].Rows = append(groups[i].Rows, v.rows...)
	}
	return groups, err
}
