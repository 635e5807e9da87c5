package violation_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// TestPurgingChangesNoOpenRow derives the rows of a world, and again from its normal forms under a
// fence. A row that changed would lose its dismissal.
func TestPurgingChangesNoOpenRow(t *testing.T) {
	seen := sightings{}
	seen.until(t, []string{"purged", "overlap", "person", "done", "email", "seats"}, func() {
		rapid.Check(t, func(t *rapid.T) { requirePurgedRows(t, seen) })
	})
}

// requirePurgedRows draws a world and a fence, and counts the rows.
func requirePurgedRows(t *rapid.T, seen sightings) {
	checker := genChecker().Draw(t, "checker")
	if rapid.Bool().Draw(t, "all fields") {
		overlap, unique := checker.Rules["overlap"].(violation.NoOverlap), checker.Rules["email"].(violation.Unique)
		overlap.Fields, unique.Fields = nil, nil
		checker.Rules["overlap"], checker.Rules["email"] = overlap, unique
	}
	all := serverOf(checker)
	all.take(t, all.join(genWrites(10, 60, true).Draw(t, "writes")))
	fence, level := by(1, rapid.IntRange(0, 70).Draw(t, "fence")).Time, rapid.IntRange(1, 2).Draw(t, "level")
	purged := serverOf(checker)
	for _, r := range all.data() {
		n := merge.Purge(r, fence, level)
		purged.store([]merge.Update{{After: n}})
		if n.Len() < r.Len() {
			seen["purged"]++
		}
	}
	require.NoError(t, purged.audit(t).Err)
	require.Equal(t, all.openLines(t), purged.openLines(t))
	for _, v := range all.with(t, violation.Open) {
		seen[v.Rule]++
	}
}

// TestNewestIgnoresDeletedFields: the order of two records must not change when a deleted field
// is purged.
func TestNewestIgnoresDeletedFields(t *testing.T) {
	a, _, err := new(record.Builder).Join(write("bookings", "a", by(1, 1), fields{"slot": 1}), write("bookings", "a", by(1, 9), fields{"other": record.Deletion()}))
	require.NoError(t, err)
	b := write("bookings", "b", by(1, 2), fields{"slot": 1})
	newer, older := violation.Newest(a, b)
	require.Equal(t, []string{"b", "a"}, []string{newer.Key().ID, older.Key().ID})
}

// TestFindingAboutAFieldWithoutAValue: a rule may find that a field is missing. It makes no
// difference whether the field was deleted, and whether it was purged since.
func TestFindingAboutAFieldWithoutAValue(t *testing.T) {
	untitled := violation.PerRecord{Table: "tasks", Fields: []string{"title"}, Type: "untitled", Wrong: func(r record.Record) (string, error) {
		if w, ok := r.Get("title"); !ok || w.Deleted() {
			return "no title", nil
		}
		return "", nil
	}}
	var lines []string
	for _, written := range []fields{{"done": true}, {"done": true, "title": record.Deletion()}} {
		s := serverOf(&violation.Checker{Rules: map[string]violation.Rule{"untitled": untitled}})
		require.NoError(t, s.push(t, write("tasks", "a", by(1, 1), written)).Err)
		lines = append(lines, s.openLines(t))
	}
	require.NotEmpty(t, lines[0])
	require.Equal(t, lines[0], lines[1])
}

// TestDeletedRecordIsNoEvidenceForAFindingWithoutAValue: the row is the same whether a deleted record
// that its finding depends on is still stored or was purged.
func TestDeletedRecordIsNoEvidenceForAFindingWithoutAValue(t *testing.T) {
	a, b := record.Key{Table: "tasks", ID: "a"}, record.Key{Table: "tasks", ID: "b"}
	rule := hostile{
		scopes: func(record.Record) ([]string, error) { return []string{"all"}, nil },
		check: func(violation.Group) (f violation.Findings, err error) {
			f.List = []violation.Finding{{Key: "a", Type: "untitled", Record: a, DependsOn: []record.Key{b}, Fields: []string{"title"}}}
			return f, nil
		},
	}
	var lines []string
	for _, swept := range []bool{false, true} {
		s := serverOf(&violation.Checker{Rules: map[string]violation.Rule{"untitled": rule}})
		if !swept {
			require.NoError(t, s.push(t, remove("tasks", "b", by(1, 9))).Err)
			require.NotEmpty(t, s.openLines(t), "a row may be about deleted records alone")
		}
		require.NoError(t, s.push(t, write("tasks", "a", by(1, 1), fields{"done": true})).Err)
		lines = append(lines, s.openLines(t))
	}
	require.NotEmpty(t, lines[0])
	require.Equal(t, lines[0], lines[1])
}
