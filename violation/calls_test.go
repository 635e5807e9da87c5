package violation_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// counting counts the calls to a view.
type counting struct {
	violation.View
	groups map[string]int // by rule
	gets   int
}

func (v *counting) Groups(ctx context.Context, rule string, names []string) ([]violation.ScopeRecords, error) {
	v.groups[rule]++
	return v.View.Groups(ctx, rule, names)
}

func (v *counting) Get(ctx context.Context, keys []record.Key) ([]violation.Lookup, error) {
	v.gets++
	return v.View.Get(ctx, keys)
}

// TestCheckMakesTwoCallsForEachRule: 1,000 changes that open and close hundreds of violations
// cost one call of Groups and one call of Get for each rule. A rule whose scopes are not
// touched costs no call.
func TestCheckMakesTwoCallsForEachRule(t *testing.T) {
	rules := smallRules()
	rules["again"] = overlapRule
	s := newServer(rules)
	var first, second []record.Record
	for i := range 1000 {
		id, room := fmt.Sprint(i), fmt.Sprint(i/4)
		first = append(first, book(id, by(1, 1), room, i%4/2, 1+i%4/2)) // pairs 0-1 and 2-3
		second = append(second, book(id, by(1, 2), room, i%2, 1+i%2))   // pairs 0-2 and 1-3
	}
	s.push(t, first...)
	view := &counting{View: s.view, groups: map[string]int{}}
	report := s.on(t, view, second...)
	require.Len(t, report.Updates, 2*1000, "each of the two rules must open 500 pairs and resolve 500 pairs")
	require.Equal(t, map[string]int{"overlap": 1, "again": 1}, view.groups)
	require.Equal(t, 2, view.gets)
}

func TestUntouchedScopesCostNoCall(t *testing.T) {
	s, v := conflict(t)
	view := &counting{View: s.view, groups: map[string]int{}}
	s.on(t, view)
	s.on(t, view, write("other", "1", by(1, 1), fields{"x": 1}))
	s.on(t, view, write("bookings", "n", by(1, 1), fields{"title": "no slot"}))
	s.on(t, view, says(v.ID, 1, 5, fields{violation.FieldNote: "n"}))
	report := s.on(t, view, write("bookings", "s", by(1, 1), fields{"slot": sealed()}))
	require.Equal(t, 1, report.Unknown)
	require.Empty(t, view.groups)
	require.Zero(t, view.gets)
}

// TestScopesCoverTheGroupsBeforeAndAfterAChange: Scopes returns the groups of every rule
// before and after a change, sorted and without duplicates. A check of these scopes after the
// commit finds the violations that the transactions missed.
func TestScopesCoverTheGroupsBeforeAndAfterAChange(t *testing.T) {
	s := newServer(smallRules())
	s.push(t, book("a", by(1, 1), "C", 2, 4))
	changes := s.join([]record.Record{
		book("a", by(1, 2), "B", 2, 4), book("b", by(1, 2), "B", 2, 4),
		write("tasks", "t", by(1, 2), fields{"who": "p", "done": true}), write("people", "p", by(1, 2), fields{"left": true}),
	})
	scopes, err := s.checker.Scopes(changes)
	require.NoError(t, err)
	require.Equal(t, []violation.Scope{{Rule: "done", Name: "t"}, {Rule: "overlap", Name: "B"}, {Rule: "overlap", Name: "C"}, {Rule: "person", Name: "p"}}, scopes)
	locks := map[int64]bool{}
	for _, scope := range scopes {
		locks[scope.Lock()] = true
		require.Equal(t, scope.Lock(), scope.Lock())
	}
	require.Len(t, locks, 4)
	require.NotEqual(t, violation.Scope{Rule: "a", Name: "bc"}.Lock(), violation.Scope{Rule: "ab", Name: "c"}.Lock())

	// Two transactions that did not see each other's changes have stored them.
	s.store(changes)
	require.Empty(t, s.violations(t))
	s.take(t, nil, scopes...)
	require.Equal(t, []string{"done t: ", "overlap b: a", "person t: p"}, s.opened(t))
	require.Empty(t, s.audit(t).Updates, "an audit must find the same rows with the same IDs")

	s.checker.Rules["with/slash"] = overlapRule
	scopes, err = s.checker.Scopes(changes)
	var bad *violation.RuleError
	require.ErrorAs(t, err, &bad)
	require.Equal(t, "with/slash", bad.Rule)
	require.Len(t, scopes, 4, "the scopes of the other rules must be returned")
}

func TestContextReachesTheView(t *testing.T) {
	s := newServer(smallRules())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	changes := s.join([]record.Record{book("a", by(1, 1), "B", 2, 4)})
	report := s.checker.Check(ctx, violation.Input{View: heeding{s.view}, Changes: changes})
	require.ErrorIs(t, report.Err, context.Canceled)
	require.Empty(t, s.checker.Check(ctx, violation.Input{View: heeding{s.view}, Changes: []merge.Update{}}).Err)
}

// heeding is a view that fails once its context is canceled.
type heeding struct{ violation.View }

func (v heeding) Groups(ctx context.Context, rule string, names []string) ([]violation.ScopeRecords, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return v.View.Groups(ctx, rule, names)
}

// TestScopesOfNamesTheScopesOfRecordsAndOpenRows: a record is in the scopes of the rules that
// can read it, and a row is in the scope in which it was found.
func TestScopesOfNamesTheScopesOfRecordsAndOpenRows(t *testing.T) {
	s, v := conflict(t)
	require.Equal(t, []violation.Scope{{Rule: v.Rule, Name: v.Scope}}, s.checker.ScopesOf(s.row(v.ID)))
	require.Empty(t, s.checker.ScopesOf(violation.UserFields(s.row(v.ID))), "a row without derived fields must be in no scope")
	for _, r := range s.data() {
		require.Contains(t, s.checker.ScopesOf(r), violation.Scope{Rule: "overlap", Name: "B"})
	}
	failing := &violation.Checker{Rules: map[string]violation.Rule{"overlap": overlapRule, "panics": panicky{}, "a/b": overlapRule, "nil": nil}}
	require.Equal(t, []violation.Scope{{Rule: "overlap", Name: "B"}}, failing.ScopesOf(s.data()[0]))
}

// TestDeletedRecordsLeaveTheirScopes: a check reads no deleted records, however many there
// are. A deleted target stays, so that references to it differ from references to a missing
// target.
func TestDeletedRecordsLeaveTheirScopes(t *testing.T) {
	folder := violation.Capacity{Table: "parts", Usage: placeOf, ParentTable: "parts", LimitField: "room"}
	parent := violation.LiveReference{Table: "people", Field: "boss", Target: "people"}
	rules := smallRules()
	rules["folder"], rules["parent"] = folder, parent
	c := &violation.Checker{Rules: rules}
	for _, r := range []record.Record{
		book("a", by(1, 1), "B", 1, 2), attend("a", 1, 2), write("events", "x", by(1, 1), fields{"seats": 1}),
		write("tasks", "t", by(1, 1), fields{"who": "p", "done": true}), write("users", "a", by(1, 1), fields{"email": "ana@"}),
		write("parts", "p", by(1, 1), fields{"room": 1, "place": map[string]any{"event": "x", "units": 1}}),
	} {
		require.NotEmpty(t, c.ScopesOf(r), r.Key())
		after, _ := merge.Records(r, remove(r.Key().Table, r.Key().ID, by(1, 2)))
		require.Empty(t, c.ScopesOf(after), r.Key())
	}
	boss := write("people", "q", by(1, 1), fields{"boss": "r"})
	require.Len(t, c.ScopesOf(boss), 3, "want one scope for the boss, and two for the record itself")
	after, _ := merge.Records(boss, remove("people", "q", by(1, 2)))
	require.Equal(t, []violation.Scope{{Rule: "parent", Name: "q"}, {Rule: "person", Name: "q"}}, c.ScopesOf(after))
}

func TestMemoryGetKeepsTheKeyOfAnAbsentRecord(t *testing.T) {
	key := record.Key{Table: "bookings", ID: "a"}
	found, err := violation.NewMemory(&violation.Checker{}).Get(context.Background(), []record.Key{key})
	require.NoError(t, err)
	require.Equal(t, []violation.Lookup{{Record: record.New(key)}}, found)
}

// TestRowOfAnotherRuleStays: a row that names another rule is left alone, although it names a
// scope of this rule.
func TestRowOfAnotherRuleStays(t *testing.T) {
	s, v := conflict(t)
	row := s.row(v.ID)
	foreign, _ := merge.Records(row, write(row.Key().Table, v.ID, by(9, 9), fields{"rule": "other"}))
	s.store([]merge.Update{{Before: row, After: foreign.WithKey(record.Key{Table: row.Key().Table, ID: "foreign"})}})
	report := s.push(t, book("c", by(1, 5), "B", 7, 8), remove("bookings", "a", by(1, 6)))
	require.Len(t, report.Updates, 1, "no row may change except the rule's own")
	require.Equal(t, v.ID, report.Updates[0].After.Key().ID)
}

// panicky is a rule whose methods panic.
type panicky struct{}

func (panicky) Scopes(record.Record) ([]string, error)            { panic("hostile") }
func (panicky) Check(violation.Group) (violation.Findings, error) { panic("hostile") }
