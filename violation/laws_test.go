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

// unsealed returns the scopes of the rows that name records which were unreadable before a
// change. A check cannot know these scopes, as the documentation of ErrUnknown says.
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

// wrongOf returns an open row in the form that the oracle uses.
func wrongOf(v violation.Violation) wrong {
	return wrong{v.Rule, v.Scope, v.RecordID, strings.Join(v.Conflicting, ","), v.Total, int64(v.DetectedAt)}
}

// requireOracle compares the open rows with the oracle. Rows that the oracle cannot judge must
// stay as they were.
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
			require.Equal(t, unplaced(old).String(), unplaced(s.row(v.ID)).String(), "a row that cannot be judged must stay as it is")
		}
	}
	if len(want) == 0 {
		want = []wrong{}
	}
	require.Equal(t, want, sortedWrongs(got))
}

// requireAudit checks that audits find the same rows as the checks.
func (s *server) requireAudit(t require.TestingT) {
	again := s.checker.Audit(s.all(), s.now)
	require.NoError(t, again.Err)
	for _, u := range again.Updates { // only audits close hidden rows
		before, err := violation.Parse(u.Before)
		require.NoError(t, err)
		after, err := violation.Parse(u.After)
		require.NoError(t, err)
		require.Equal(t, violation.Hidden, before.Status, "an audit of everything must change hidden rows only")
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
		require.Contains(t, open, line, "an audit of the data alone must find the same open rows, byte for byte")
	}
	for _, v := range s.with(t, violation.Open) {
		if !o.doubted(v) {
			require.Equal(t, s.row(v.ID).String(), fresh.row(v.ID).String())
		}
	}
}

// TestOpenRowsMatchTheOracle: after each batch, the checks, the oracle and an audit agree on
// the open rows. The same batch again changes nothing.
func TestOpenRowsMatchTheOracle(t *testing.T) {
	want := []string{"total", "overlap hidden"}
	for rule := range smallRules() {
		want = append(want, rule+" open", rule+" resolved", rule+" obsolete")
	}
	if testing.Short() {
		want = nil // too few checks to see every rule and status
	}
	seen := sightings{}
	seen.until(t, want, func() {
		for name, readable := range map[string]bool{"readable": true, "partly unreadable": false} {
			t.Run(name, func(t *testing.T) {
				rapid.Check(t, func(t *rapid.T) { requireOpenRows(t, readable, seen) })
			})
		}
	})
}

// requireOpenRows draws a checker and batches of writes, and counts the rows at the end.
func requireOpenRows(t *rapid.T, readable bool, seen sightings) {
	s := serverOf(genChecker().Draw(t, "checker"))
	for _, batch := range cut(t, genWrites(1, 40, readable).Draw(t, "writes")) {
		before := map[string]record.Record{}
		for _, v := range s.violations(t) {
			before[v.ID] = s.row(v.ID)
		}
		updates := s.join(batch)
		report := s.take(t, updates, s.unsealed(t, updates)...)
		require.NoError(t, report.Err)
		require.Empty(t, s.take(t, updates, s.unsealed(t, updates)...).Updates, "the same batch again must change nothing")
		s.requireOracle(t, before)
		s.requireAudit(t)
	}
	for _, v := range s.violations(t) {
		seen[v.Rule+" "+string(v.Status)]++
		if v.Total > 1 {
			seen["total"]++
		}
	}
}

// TestServersWithTheSameWritesAgree: servers that get the same writes hold the same open rows,
// byte for byte, whatever the order, the repetitions and the division into calls.
func TestServersWithTheSameWritesAgree(t *testing.T) {
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
