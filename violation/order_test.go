package violation_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// shuffling is a view that returns the records and rows of a scope in a new order each time,
// with duplicates.
type shuffling struct {
	violation.View
	dice *rand.Rand
}

func (v shuffling) Groups(ctx context.Context, rule string, names []string) ([]violation.ScopeRecords, error) {
	groups, err := v.View.Groups(ctx, rule, names)
	for i := range groups {
		groups[i].Records = v.shuffle(groups[i].Records)
		groups[i].Rows = v.shuffle(groups[i].Rows)
	}
	return groups, err
}

func (v shuffling) shuffle(records []record.Record) []record.Record {
	if len(records) > 0 {
		records = append(records, records[v.dice.IntN(len(records))])
	}
	v.dice.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	return records
}

// reported returns the updates of a report as bytes.
func reported(r violation.Report) string {
	var text []byte
	for _, u := range r.Updates {
		text = append(record.Mutation{Data: u.Before}.AppendJSON(text), '\n')
		text = append(record.Mutation{Data: u.After}.AppendJSON(text), '\n')
	}
	return string(text)
}

// TestReportIsDeterministic: the same state and rules give the same report, whatever the order
// of the rules, of the view's answers and of the changes.
func TestReportIsDeterministic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := genChecker().Draw(t, "checker")
		writes := genWrites(4, 24, false).Draw(t, "writes")
		a := serverOf(c)
		a.push(t, writes[:len(writes)/2]...)
		changes := a.join(writes[len(writes)/2:])

		ordered := []string{"seats", "person", "overlap", "email", "done"}
		other := &violation.Checker{Rules: map[string]violation.Rule{}, MaxPerScope: c.MaxPerScope, Buckets: c.Buckets}
		for _, name := range rapid.Permutation(ordered).Draw(t, "rules") {
			other.Rules[name] = c.Rules[name]
		}
		view := shuffling{a.view, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))}
		shuffled := slices.Clone(changes)
		view.dice.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })

		want := c.Check(context.Background(), violation.Input{View: a.view, Changes: changes})
		got := other.Check(context.Background(), violation.Input{View: view, Changes: shuffled})
		require.Equal(t, reported(want), reported(got))
		require.Equal(t, want.Open, got.Open)
		require.Equal(t, want.Unknown, got.Unknown)
		first, err := c.Scopes(changes)
		require.NoError(t, err)
		second, err := other.Scopes(shuffled)
		require.NoError(t, err)
		require.Equal(t, first, second)
		require.True(t, slices.IsSortedFunc(first, violation.Scope.Compare))
	})
}

func TestRulesDoNotChangeMergedData(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := smallRules()
		for name := range rules {
			if rapid.Bool().Draw(t, name) {
				delete(rules, name)
			}
		}
		if rapid.Bool().Draw(t, "hostile") {
			rules["panics"], rules["mutates"] = hostile{check: panics}, hostile{check: mutates}
		}
		writes := genWrites(1, 20, false).Draw(t, "writes")
		s := newServer(rules)
		var want merge.Collection
		for _, batch := range cut(t, writes) {
			s.push(t, batch...)
			want = merge.Join(want, merge.Collect(batch...))
		}
		require.True(t, want.Equal(merge.Collect(s.data()...)))
	})
}
