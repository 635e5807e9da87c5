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

// crowd returns bookings of room B that all overlap, the first ones by ID first.
func crowd(n int) (all []record.Record) {
	for i := range n {
		all = append(all, book(fmt.Sprintf("%05d", i), by(1, i), "B", 2, 4))
	}
	return all
}

// TestFiveThousandOverlaps: the first pairs by key, and one row with the exact total.
// Memory is not quadratic.
func TestFiveThousandOverlaps(t *testing.T) {
	const n = 5000
	s := newServer(smallRules())
	writes := crowd(n)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	report := s.push(t, writes...)
	runtime.ReadMemStats(&after)
	require.NoError(t, report.Err)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(n*(n-1)/2*8), "not even eight bytes for a pair")
	require.Len(t, report.Updates, 100+1)
	require.Equal(t, 100+1, report.Open)

	pairs := 0
	for _, v := range s.violations(t) {
		if v.Total == 1 {
			pairs++
			require.Equal(t, []string{"00000"}, v.Conflicting)
			require.LessOrEqual(t, v.RecordID, "00100", "the first ones by key")
			continue
		}
		require.Equal(t, n*(n-1)/2, v.Total)
		require.Empty(t, v.Conflicting)
		require.Equal(t, by(1, n-1).Time, v.DetectedAt)
		require.Contains(t, v.Description, "12497500")
	}
	require.Equal(t, 100, pairs)

	// One that leaves takes its pairs with it.
	report = s.push(t, book("04999", by(1, n), "C", 2, 4))
	require.Len(t, report.Updates, 1)
	v, err := violation.Parse(report.Updates[0].After)
	require.NoError(t, err)
	require.Equal(t, (n-1)*(n-2)/2, v.Total)
}

// TestExactlyTheCap: as many as may be listed are listed, and no row stands for all.
func TestExactlyTheCap(t *testing.T) {
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

// TestBelowTheCapAgain: a hidden row is open again when it is listed again, and the row that
// stood for all is resolved. What became of the other hidden rows, an audit finds out.
func TestBelowTheCapAgain(t *testing.T) {
	s := serverOf(&violation.Checker{Rules: smallRules(), MaxPerScope: 3})
	s.push(t, crowd(3)...) // three pairs
	require.Len(t, s.opened(t), 3)
	// A fourth, that comes first by key, hides the pairs of 1 and 2.
	s.push(t, book("0", by(1, 9), "B", 2, 4))
	require.Len(t, s.with(t, violation.Open), 4)
	require.Len(t, s.with(t, violation.Hidden), 3, "that are not resolved")
	s.push(t, remove("bookings", "00002", by(1, 10)))
	require.Len(t, s.with(t, violation.Open), 3, "0 with 00000 and 00001, and these two")
	require.Len(t, s.with(t, violation.Hidden), 2)
	s.push(t, remove("bookings", "0", by(1, 11)))
	require.Equal(t, []string{"overlap 00001: 00000"}, s.opened(t))
	s.audit(t)
	require.Equal(t, []string{"overlap 00001: 00000"}, s.opened(t))
	require.Empty(t, s.with(t, violation.Hidden))
	require.Len(t, s.with(t, violation.Obsolete), 4, "what was about 00002 or 0")
	require.Empty(t, s.audit(t).Updates)
}

// TestOverThoughHidden: in an audit, a hidden row whose subject is deleted, or one of whose
// records has left the group, is over, even if its group has too many to list.
func TestOverThoughHidden(t *testing.T) {
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

// TestCapInAnyOrder: open rows are a function of state, whichever way the cap was
// crossed and crossed again.
func TestCapInAnyOrder(t *testing.T) {
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

// TestGroupRowIsItsOwn: no finding of a rule has the ID of the row that stands for all,
// not even one about a record of a table that is named group.
func TestGroupRowIsItsOwn(t *testing.T) {
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
