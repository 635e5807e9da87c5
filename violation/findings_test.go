package violation_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// TestOrderOfFindingsDoesNotMatter: neither the order nor the repetition of findings matters.
// Of several different findings with one key, the same finding counts each time.
func TestOrderOfFindingsDoesNotMatter(t *testing.T) {
	run := func(seed uint64) string {
		d := rand.New(rand.NewPCG(seed, 0))
		rule := hostile{check: func(g violation.Group) (f violation.Findings, err error) {
			for _, r := range g.Records {
				one := violation.Finding{Key: violation.RecordKey(r.Key()), Type: "t", Record: r.Key(), Description: "x"}
				f.List = append(f.List, one, one, one)
				for _, change := range []func(f *violation.Finding){
					func(f *violation.Finding) { f.Others = []record.Key{g.Records[0].Key()} },
					func(f *violation.Finding) { f.RelevantUntil = noon },
					func(f *violation.Finding) { f.Fields = []string{"slot"} },
					func(f *violation.Finding) { f.DependsOn = []record.Key{g.Records[0].Key()} },
				} {
					other := one
					change(&other)
					f.List = append(f.List, other, one)
				}
			}
			d.Shuffle(len(f.List), func(i, j int) { f.List[i], f.List[j] = f.List[j], f.List[i] })
			f.Total = len(f.List) // a check must not count the repetitions
			return f, nil
		}}
		s := serverOf(&violation.Checker{Rules: map[string]violation.Rule{"r": rule}, MaxPerScope: 3})
		report := s.push(t, book("a", by(1, 1), "B", 2, 4), book("b", by(1, 2), "B", 2, 4), book("c", by(1, 2), "B", 2, 4))
		require.NoError(t, report.Err)
		require.Len(t, report.Updates, 3)
		return reported(report)
	}
	want := run(0)
	for seed := range uint64(50) {
		require.Equal(t, want, run(seed))
	}
}

func TestOthersAreSortedWithoutDuplicates(t *testing.T) {
	run := func(ids ...string) *server {
		s := alone(returning(func(f *violation.Finding) {
			for _, id := range ids {
				f.Others = append(f.Others, keyOf("bookings", id))
			}
		}))
		require.NoError(t, s.push(t, crowd(3)...).Err)
		return s
	}
	s := run("00001", "00002")
	require.Equal(t, "r 00000: 00001,00002", names(s.only(t)))
	require.Equal(t, s.openLines(t), run("00002", "00001", "00002").openLines(t))
}

func TestRulesNeverSeeRows(t *testing.T) {
	asked := map[string]int{}
	s := alone(hostile{
		check:  func(violation.Group) (f violation.Findings, err error) { return f, nil },
		scopes: func(r record.Record) ([]string, error) { asked[r.Key().Table]++; return []string{"all"}, nil },
	})
	s.checker.Rules["overlap"] = overlapRule
	s.push(t, book("a", by(1, 1), "B", 2, 4), book("b", by(1, 2), "B", 2, 4))
	v := s.with(t, violation.Open)[0]
	s.guarded(t, 1, says(v.ID, 1, 9, fields{violation.FieldNote: "x"}))
	s.audit(t)
	require.Positive(t, asked["bookings"])
	require.Len(t, asked, 1)
}

// TestLongDescriptionIsCut: a row is never too long for a client to read.
func TestLongDescriptionIsCut(t *testing.T) {
	for _, pad := range []string{"", "a", "aa"} { // shifts the cut into the middle of a character
		text := pad + strings.Repeat("ß", 1<<19)
		s := newServer(map[string]violation.Rule{"r": returning(func(f *violation.Finding) { f.Description = text })})
		require.NoError(t, s.push(t, book("a", by(1, 1), "B", 2, 4)).Err)
		v := s.only(t)
		require.LessOrEqual(t, len(v.Description), 4096)
		require.Greater(t, len(v.Description), 4096-5)
		begin, ok := strings.CutSuffix(v.Description, "…")
		require.True(t, ok)
		require.True(t, strings.HasPrefix(text, begin))
		var d record.Decoder
		_, err := d.Record(s.row(v.ID).Key(), s.row(v.ID).AppendJSON(nil))
		require.NoError(t, err)
	}
	whole := strings.Repeat("x", 4096)
	s := newServer(map[string]violation.Rule{"r": returning(func(f *violation.Finding) { f.Description = whole })})
	s.push(t, book("a", by(1, 1), "B", 2, 4))
	require.Equal(t, whole, s.only(t).Description)
}

// TestRelevantUntilThatCannotBeStoredDoesNoHarm: a time before 1970 has passed, and a time
// after clock.MaxTimestamp means never.
func TestRelevantUntilThatCannotBeStoredDoesNoHarm(t *testing.T) {
	for until, want := range map[clock.Timestamp]violation.Status{
		math.MinInt64: violation.Obsolete, -1: violation.Obsolete, 1: violation.Obsolete,
		0: violation.Open, clock.MaxTimestamp: violation.Open, clock.MaxTimestamp + 1: violation.Open, math.MaxInt64: violation.Open,
	} {
		s := newServer(map[string]violation.Rule{"r": returning(func(f *violation.Finding) { f.RelevantUntil = until })})
		require.NoError(t, s.push(t, book("a", by(1, 1), "B", 2, 4)).Err)
		require.Equal(t, want, s.only(t).StatusAt(noon), until)
	}
}
