package violation_test

import (
	"context"
	"encoding/json"
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

// everybody says what all records of a group take of one event.
func everybody(limit int64) violation.Capacity {
	return violation.Capacity{Table: "attendees", Fields: []string{"place"}, Usage: placeOf, Limit: limit}
}

// TestRowListsTheFirstOnes: a row of thousands of records lists the first ones, and how
// many there are. All of them are evidence: a dismissal falls when one that is not listed
// changes.
func TestRowListsTheFirstOnes(t *testing.T) {
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
	require.True(t, s.only(t).Dismissed, "the rule does not read this field")
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
	require.False(t, told, "a complete list needs no number")
}

// longNames are names that take as much JSON as names can.
func longNames(n int) string { return strings.Repeat("\x01", n) }

// TestRowFitsEveryLimit: whatever records are named and users write, a row fits the limits
// by which a client or a server reads it.
func TestRowFitsEveryLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("TestRowListsTheFirstOnes has shorter names")
	}
	const most = 64 << 10
	const long = 1024 // by default
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
	// Their groups are found again, and one that leaves is missed.
	s.push(t, remove(table, all[0].Key().ID, by(1, 500)))
	require.Empty(t, s.audit(t).Updates)
	for _, r := range all {
		all = append(all, remove(table, r.Key().ID, by(1, 600)))
	}
	s.push(t, all[150:]...)
	require.Empty(t, s.opened(t))
}

// TestPeopleWriteLittle: a text that is too long for a row is refused, as it would be read
// with each check.
func TestPeopleWriteLittle(t *testing.T) {
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

// TestLongScopeNames: two long names that begin alike are two groups, and a name that is
// made to look like a shortened one is a third.
func TestLongScopeNames(t *testing.T) {
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
	// A row of an earlier release has the whole name.
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

// TestScopeThatCannotBeRead: it is reported by its name, its rows stay, and the other scopes
// of the rule are checked. Once it can be read again, all is found.
func TestScopeThatCannotBeRead(t *testing.T) {
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
	require.NotContains(t, strings.ReplaceAll(report.Err.Error(), "MiB", ""), "B", "a name may be private")
	require.Equal(t, []string{"overlap b: a", "overlap e: c"}, s.opened(t))
	require.Contains(t, s.openLines(t), strings.TrimSuffix(row, "\n"))

	// What moves from a scope that can be read into one that cannot may be in conflict there.
	check(book("c", by(1, 4), "B", 2, 4), book("e", by(1, 4), "B", 2, 4))
	require.Contains(t, s.opened(t), "overlap e: c")

	s.push(t, book("f", by(1, 5), "B", 8, 9))
	require.Equal(t, []string{"overlap c: b", "overlap c: d", "overlap d: b", "overlap e: b", "overlap e: c", "overlap e: d"}, s.opened(t))
	require.Empty(t, s.audit(t).Updates)
}

// TestTooMuchFound: a push that would find more than can be stored at once leaves the rest
// of its groups unchecked, and says which; checking these finds the rest.
func TestTooMuchFound(t *testing.T) {
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

// TestClosedRowsCostNothing: a check reads the open rows of a scope, however many were
// closed there, and however many stay open as something cannot be read.
func TestClosedRowsCostNothing(t *testing.T) {
	s := newServer(smallRules())
	read := func() int {
		view := &weighing{View: s.view}
		s.on(t, view, book("probe", by(9, s.last), "B", 5, 6))
		return view.records
	}
	s.push(t, book("a", by(1, 1), "B", 2, 4), book("probe", by(1, 1), "B", 5, 6))
	before := read()
	for i := range 50 {
		s.push(t, book(fmt.Sprint(i), by(1, 2+i), "B", 2, 4))
		s.push(t, book(fmt.Sprint(i), by(2, 2+i), "elsewhere", 2*i+10, 2*i+11))
	}
	require.Len(t, s.with(t, violation.Resolved), 50)
	require.Equal(t, before, read())
	sealedRows := 500
	if testing.Short() {
		sealedRows = 250 // still more than the bound below
	}
	for i := range sealedRows {
		id := fmt.Sprint("sealed", i)
		s.push(t, book(id, by(1, 100+i), "B", 2, 4))
		s.push(t, write("bookings", id, by(2, 100+i), fields{"slot": sealed()}))
	}
	require.LessOrEqual(t, read(), before+2*100)
	hidden := len(s.with(t, violation.Hidden))
	require.Equal(t, sealedRows-2*100, hidden)
	require.Len(t, s.with(t, violation.Open), 2*100)
	require.Empty(t, s.with(t, violation.Resolved)[50:], "what cannot be read resolves nothing")

	// What is known to be resolved is, however many rows that are at once.
	var moved []record.Record
	for i := range 5 {
		s.push(t, book(fmt.Sprint("more", i), by(3, i), "B", 2, 4))
		moved = append(moved, book(fmt.Sprint("more", i), by(4, i), "elsewhere", 2000+i, 2001+i))
	}
	for i := range sealedRows {
		moved = append(moved, book(fmt.Sprint("sealed", i), by(3, 100+i), "elsewhere", 3000+2*i, 3001+2*i))
	}
	open := len(s.with(t, violation.Open))
	require.Greater(t, open, 2*100)
	s.push(t, moved...)
	require.Empty(t, s.with(t, violation.Open))
	require.Len(t, s.with(t, violation.Resolved), 50+open)
	require.Len(t, s.with(t, violation.Hidden), hidden)
}

// TestClosedRowsOfAnIndex: a view whose index has closed rows, as of an earlier release,
// answers with more than it should, and all is found as it is.
func TestClosedRowsOfAnIndex(t *testing.T) {
	s := newServer(smallRules())
	s.push(t, book("a", by(1, 1), "B", 2, 4), book("b", by(1, 2), "B", 2, 4))
	s.push(t, book("b", by(1, 3), "C", 2, 4))
	row := s.row(s.only(t).ID)
	view := longMemory{s.view, []record.Record{row}}
	report := s.checker.Check(context.Background(), violation.Input{View: view, Changes: s.join([]record.Record{book("c", by(1, 4), "B", 8, 9)})})
	require.NoError(t, report.Err)
	require.Empty(t, report.Updates)
	report = s.checker.Check(context.Background(), violation.Input{View: view, Changes: s.join([]record.Record{book("b", by(1, 4), "B", 2, 4)})})
	require.Len(t, report.Updates, 1)
	require.True(t, report.Updates[0].Before.Equal(row))
}

// longMemory is a view that returns some rows with each group.
type longMemory struct {
	violation.View
	rows []record.Record
}

func (v longMemory) Groups(ctx context.Context, rule string, names []string) ([]violation.ScopeRecords, error) {
	groups, err := v.View.Groups(ctx, rule, names)
	for i := range groups {
		groups[i].Rows = append(groups[i].Rows, v.rows...)
	}
	return groups, err
}

// TestRecordThatBreaksARule: a record that a rule fails on is reported with each check that
// meets it. It opens and closes nothing, and the rest of its group is checked.
func TestRecordThatBreaksARule(t *testing.T) {
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
	require.Empty(t, report.Failed[0].Scopes, "its groups cannot be told")
	require.Equal(t, []string{"overlap b: a", "overlap c: a"}, s.opened(t))
	report = s.push(t, book("d", by(1, 4), "B", 8, 9))
	require.ErrorIs(t, report.Err, errBroken)
	require.Contains(t, s.openLines(t), strings.TrimSuffix(row, "\n"))
	s.push(t, remove("bookings", "b", by(1, 5)))
	require.NoError(t, s.push(t, book("d", by(1, 6), "B", 7, 9)).Err)
	require.Equal(t, []string{"overlap c: a"}, s.opened(t))
}

// TestWrappedUnknownOfAFetchedRecord: a record that is named by a row, and is now in a form
// that cannot be read, is unknown also where the rule wraps ErrUnknown.
func TestWrappedUnknownOfAFetchedRecord(t *testing.T) {
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
	report := s.push(t, book("c", by(1, 4), "B", 8, 9)) // b is fetched, since the row names it
	require.NoError(t, report.Err)
	require.Equal(t, 1, report.Unknown)
	require.Equal(t, row, s.openLines(t))
	require.False(t, errors.Is(report.Err, violation.ErrUnknown))
}

// TestRulesOfEmptyRecords: a record without fields belongs to no group, and rules are not
// asked about it, neither before a first write nor where nothing is found under a key.
func TestRulesOfEmptyRecords(t *testing.T) {
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
	require.Equal(t, 1, asked, "the empty record before is nothing to ask about")
}

// TestSameFieldOfAnotherTable: a field of the same name in a table that the rule is not
// about is no reference.
func TestSameFieldOfAnotherTable(t *testing.T) {
	s := newServer(smallRules())
	s.push(t, write("notes", "n", by(1, 1), fields{"who": "p"}), write("people", "p", by(1, 1), fields{"who": "q"}))
	require.Empty(t, s.violations(t))
	rule := violation.LiveReference{Table: "people", Field: "who", Target: "people"}
	group := violation.Group{Scope: "p", Limit: 10, Records: []record.Record{write("notes", "n", by(1, 1), fields{"who": "p"})}}
	f, err := rule.Check(group)
	require.NoError(t, err)
	require.Empty(t, f.List, "even if a group of a rule of one's own has it")
	names, err := personRule.Scopes(group.Records[0])
	require.NoError(t, err)
	require.Empty(t, names)
}

// TestGroupOfScopesAlone: a check of Input.Scopes alone names the group in the row that it
// finds, as a check of the changes does.
func TestGroupOfScopesAlone(t *testing.T) {
	s, v := conflict(t)
	other := newServer(smallRules())
	for _, r := range s.data() {
		other.store([]merge.Update{{After: r}})
	}
	other.take(t, nil, violation.Scope{Rule: "overlap", Name: "B"}, violation.Scope{Rule: "email", Name: "B"})
	require.Equal(t, v, other.only(t))
	require.Equal(t, "B", other.only(t).Scope)
}

// TestBeforeOfANewRow: the row before one that is found for the first time has its key and
// no fields.
func TestBeforeOfANewRow(t *testing.T) {
	s := newServer(smallRules())
	report := s.push(t, book("a", by(1, 1), "B", 2, 4), book("b", by(1, 2), "B", 2, 4))
	before := report.Updates[0].Before
	require.Equal(t, report.Updates[0].After.Key(), before.Key())
	require.Zero(t, before.Len())
}

// TestScopesCompare: by rule and then by name, also where the names say the opposite.
func TestScopesCompare(t *testing.T) {
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

// TestEndInNineteenSeventy: a slot that ends as time begins is over, and not endless.
func TestEndInNineteenSeventy(t *testing.T) {
	rule := violation.NoOverlap{Table: "bookings", Relevant: true, Slot: func(record.Record) (violation.Slot, error) {
		return violation.Slot{Resource: "B", From: -10, To: 0}, nil
	}}
	s := newServer(map[string]violation.Rule{"overlap": rule})
	s.push(t, book("a", by(1, 1), "B", 2, 4), book("b", by(1, 2), "B", 2, 4))
	require.Equal(t, violation.Obsolete, s.only(t).StatusAt(clock.Timestamp(1)))
}
