package violation_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// crowd returns n bookings of room B that all overlap, sorted by ID.
func crowd(n int) (all []record.Record) {
	for i := range n {
		all = append(all, book(fmt.Sprintf("%05d", i), by(1, i), "B", 2, 4))
	}
	return all
}

// TestCrowdedGroupListsTheFirstPairs: 5,000 overlapping bookings have a row for each of the
// first pairs in the order of their keys, and one row with the exact total. The use of
// memory is not quadratic.
func TestCrowdedGroupListsTheFirstPairs(t *testing.T) {
	const n = 5000
	s := newServer(smallRules())
	writes := crowd(n)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	report := s.push(t, writes...)
	runtime.ReadMemStats(&after)
	require.NoError(t, report.Err)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(n*(n-1)/2*8), "the check must allocate less than eight bytes per pair")
	require.Len(t, report.Updates, 100+1)
	require.Equal(t, 100+1, report.Open)

	pairs := 0
	for _, v := range s.violations(t) {
		if v.Total == 1 {
			pairs++
			require.Equal(t, []string{"00000"}, v.Conflicting)
			require.LessOrEqual(t, v.RecordID, "00100", "the listed pairs must be the first ones in the order of their keys")
			continue
		}
		require.Equal(t, n*(n-1)/2, v.Total)
		require.Empty(t, v.Conflicting)
		require.Equal(t, by(1, n-1).Time, v.DetectedAt)
		require.Contains(t, v.Description, "12497500")
	}
	require.Equal(t, 100, pairs)

	// The total no longer counts the pairs of a booking that leaves.
	report = s.push(t, book("04999", by(1, n), "C", 2, 4))
	require.Len(t, report.Updates, 1)
	v, err := violation.Parse(report.Updates[0].After)
	require.NoError(t, err)
	require.Equal(t, (n-1)*(n-2)/2, v.Total)
}

// TestRowForAllExistsOnlyAboveTheCap: up to the cap, every violation is listed, and no row
// represents the whole group.
func TestRowForAllExistsOnlyAboveTheCap(t *testing.T) {
	for most, want := range map[int]int{1: 2, 2: 3, 3: 3, 4: 3, 0: 3, -1: 3} {
		s := serverOf(&violation.Checker{Rules: smallRules(), MaxPerScope: most})
		require.NoError(t, s.push(t, crowd(3)...).Err)
		require.Len(t, s.violations(t), want, most)
		totals := 0
		for _, v := range s.violations(t) {
			if v.Total != 1 {
				require.Equal(t, 3, v.Total)
				totals++
			}
		}
		require.Equal(t, most == 1 || most == 2, totals == 1, most)
	}
}

// TestHiddenRowsReopenBelowTheCap: a hidden row is open again once it is listed again, and the
// row for the whole group is resolved. An audit determines what became of the other hidden
// rows.
func TestHiddenRowsReopenBelowTheCap(t *testing.T) {
	s := serverOf(&violation.Checker{Rules: smallRules(), MaxPerScope: 3})
	s.push(t, crowd(3)...) // three pairs
	require.Len(t, s.opened(t), 3)
	// A fourth booking, whose key comes first, hides the three old pairs.
	s.push(t, book("0", by(1, 9), "B", 2, 4))
	require.Len(t, s.with(t, violation.Open), 4)
	require.Len(t, s.with(t, violation.Hidden), 3, "hidden rows must not be resolved")
	s.push(t, remove("bookings", "00002", by(1, 10)))
	require.Len(t, s.with(t, violation.Open), 3, "want the pairs 0 and 00000, 0 and 00001, and 00000 and 00001")
	require.Len(t, s.with(t, violation.Hidden), 2)
	s.push(t, remove("bookings", "0", by(1, 11)))
	require.Equal(t, []string{"overlap 00001: 00000"}, s.opened(t))
	s.audit(t)
	require.Equal(t, []string{"overlap 00001: 00000"}, s.opened(t))
	require.Empty(t, s.with(t, violation.Hidden))
	require.Len(t, s.with(t, violation.Obsolete), 4, "the violations about 00002 or 0 must be obsolete")
	require.Empty(t, s.audit(t).Updates)
}

// TestAuditClosesHiddenRows: an audit closes a hidden row if its subject is deleted or one of
// its records has left the group, even if the group still has too many violations to list.
func TestAuditClosesHiddenRows(t *testing.T) {
	for want, change := range map[violation.Status]record.Record{
		violation.Obsolete: remove("bookings", "z", by(1, 3)),
		violation.Resolved: book("y", by(1, 3), "C", 2, 4),
		violation.Hidden:   book("y", by(1, 3), "B", 3, 4),
	} {
		s := serverOf(&violation.Checker{Rules: smallRules(), MaxPerScope: 2})
		s.push(t, book("y", by(1, 1), "B", 2, 4), book("z", by(1, 2), "B", 2, 4))
		id := s.only(t).ID
		s.push(t, crowd(4)...)
		hidden, err := violation.Parse(s.row(id))
		require.NoError(t, err)
		require.Equal(t, violation.Hidden, hidden.Status)
		s.push(t, change)
		s.audit(t)
		after, err := violation.Parse(s.row(id))
		require.NoError(t, err)
		require.Equal(t, want, after.Status)
	}
}

// TestCappedRowsDoNotDependOnOrder: open rows depend on the state alone, however often and in
// whichever order the writes crossed the cap.
func TestCappedRowsDoNotDependOnOrder(t *testing.T) {
	writes := crowd(5)
	for i := range 3 {
		writes = append(writes, book(fmt.Sprintf("%05d", i), by(1, 100+i), []string{"B", "C", "B"}[i], 3, 5))
	}
	writes = append(writes, remove("bookings", "00003", by(1, 200)), write("bookings", "00003", by(1, 201), fields{record.DeletedField: false}))
	c := &violation.Checker{Rules: smallRules(), MaxPerScope: 4}
	want := serverOf(c)
	want.push(t, writes...)
	require.Len(t, want.opened(t), 5)
	d := rand.New(rand.NewPCG(3, 3))
	hidden := 0
	for range 200 {
		d.Shuffle(len(writes), func(i, j int) { writes[i], writes[j] = writes[j], writes[i] })
		s := serverOf(c)
		for rest := writes; len(rest) > 0; {
			n := 1 + d.IntN(len(rest))
			s.push(t, rest[:n]...)
			rest = rest[n:]
		}
		require.Equal(t, want.openLines(t), s.openLines(t))
		hidden += len(s.with(t, violation.Hidden))
	}
	require.Positive(t, hidden)
}

// TestGroupRowHasADistinctID: no finding of a rule has the ID of the row for the whole group,
// not even a finding about a record of a table named group.
func TestGroupRowHasADistinctID(t *testing.T) {
	one := func(table, id string) record.Record { return write(table, id, by(1, 1), fields{"x": 1}) }
	rule := hostile{
		scopes: func(record.Record) ([]string, error) { return []string{"a"}, nil },
		check: func(g violation.Group) (f violation.Findings, err error) {
			for _, r := range g.Records {
				f.List = append(f.List, violation.Finding{Key: violation.RecordKey(r.Key()), Record: r.Key()})
			}
			return f, nil
		},
	}
	s := serverOf(&violation.Checker{Rules: map[string]violation.Rule{"r": rule}, MaxPerScope: 2})
	s.push(t, one("group", "a"), one("group", "b"), one("group", "c"))
	require.Len(t, s.opened(t), 3)
}
