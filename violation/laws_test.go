package violation_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// unsealed returns the scopes of the rows that name records which could not be read
// before a change. A check cannot know them, as the documentation of ErrUnknown says.
func (s *server) unsealed(t require.TestingT, updates []merge.Update) (scopes []violation.Scope) {
	for _, u := range updates {
		before := plainOf(u.Before)
		for name := range before.fields {
			if !isSealed(before, name) {
				continue
			}
			for _, v := range s.violations(t) {
				isOther := v.ConflictingTable == before.table && slices.Contains(v.Conflicting, before.id)
				if v.Record() == u.Before.Key() || isOther {
					scopes = append(scopes, violation.Scope{Rule: v.Rule, Name: v.Scope})
				}
			}
		}
	}
	return scopes
}

// wrongOf returns an open row as the oracle has it.
func wrongOf(v violation.Violation) wrong {
	return wrong{v.Rule, v.Scope, v.RecordID, strings.Join(v.Conflicting, ","), v.Total, int64(v.DetectedAt)}
}

// requireOracle compares the open rows with the oracle. What the oracle cannot know
// stays as it was.
func (s *server) requireOracle(t require.TestingT, before map[string]record.Record) {
	o := oracleOf(s.data())
	most := s.checker.MaxPerScope
	if most == 0 {
		most = 100
	}
	want := sortedWrongs(o.all(most))
	got := []wrong{}
	for _, v := range s.violations(t) {
		w := wrongOf(v)
		if v.Status == violation.Open && (!o.doubted(v) || slices.Contains(want, w)) {
			got = append(got, w)
		} else if old, ok := before[v.ID]; o.doubted(v) && ok {
			require.Equal(t, old.String(), s.row(v.ID).String(), "what is not known stays as it is")
		}
	}
	if len(want) == 0 {
		want = []wrong{}
	}
	require.Equal(t, want, sortedWrongs(got))
}

// requireAudit checks that audits find what the checks found.
func (s *server) requireAudit(t require.TestingT) {
	again := s.checker.Audit(s.all(), s.now)
	require.NoError(t, again.Err)
	for _, u := range again.Updates { // what became of hidden rows is for audits
		before, err := violation.Parse(u.Before)
		require.NoError(t, err)
		after, err := violation.Parse(u.After)
		require.NoError(t, err)
		require.Equal(t, violation.Hidden, before.Status, "an audit of everything finds nothing new")
		require.Contains(t, []violation.Status{violation.Resolved, violation.Obsolete}, after.Status)
	}

	fresh := serverOf(s.checker)
	fresh.now = s.now
	for _, r := range s.data() {
		fresh.store([]merge.Update{{After: r}})
	}
	fresh.audit(t)
	o := oracleOf(s.data())
	open := s.openLines(t)
	for line := range strings.Lines(fresh.openLines(t)) {
		require.Contains(t, open, line, "an audit of the data alone finds what is open, byte for byte")
	}
	for _, v := range s.with(t, violation.Open) {
		if !o.doubted(v) {
			require.Equal(t, s.row(v.ID).String(), fresh.row(v.ID).String())
		}
	}
}

// TestRowsAreTheOracle: after each batch, what is open is what the oracle says, what
// an audit finds, and nothing that the same batch once more would change.
func TestRowsAreTheOracle(t *testing.T) {
	seen := map[string]int{}
	for name, readable := range map[string]bool{"readable": true, "sealed": false} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				s := serverOf(genChecker().Draw(t, "checker"))
				for _, batch := range cut(t, genWrites(1, 40, readable).Draw(t, "writes")) {
					before := map[string]record.Record{}
					for _, v := range s.violations(t) {
						before[v.ID] = s.row(v.ID)
					}
					updates := s.join(batch)
					report := s.take(t, updates, s.unsealed(t, updates)...)
					require.NoError(t, report.Err)
					require.Empty(t, s.take(t, updates, s.unsealed(t, updates)...).Updates, "once more changes nothing")
					s.requireOracle(t, before)
					s.requireAudit(t)
				}
				for _, v := range s.violations(t) {
					seen[v.Rule+" "+string(v.Status)]++
					if v.Total > 1 {
						seen["total"]++
					}
				}
			})
		})
	}
	if testing.Short() {
		return // too few checks to have seen everything
	}
	want := []string{"total", "overlap hidden"}
	for rule := range smallRules() {
		want = append(want, rule+" open", rule+" resolved", rule+" obsolete")
	}
	for _, what := range want {
		require.Positive(t, seen[what], what)
	}
}

// TestServersAgree: servers that get the same writes in any order, some of them twice,
// in any calls, hold the same open rows, byte for byte.
func TestServersAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := genChecker().Draw(t, "checker")
		writes := genWrites(1, 24, true).Draw(t, "writes")
		a, b := serverOf(c), serverOf(c)
		for _, batch := range cut(t, writes) {
			a.push(t, batch...)
		}
		for _, batch := range cut(t, rapid.Permutation(append(writes, writes[0])).Draw(t, "order")) {
			b.push(t, batch...)
		}
		require.Equal(t, a.openLines(t), b.openLines(t))
	})
}
