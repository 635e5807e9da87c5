package lawtest

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/merge"
)

// TestDeltaHoldsExactlyTheWinners: Delta(have, want) holds exactly the writes of want that win
// over have.
func TestDeltaHoldsExactlyTheWinners(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genHistory().Draw(t, "have"), genHistory().Draw(t, "want")
		have, want := a.collection(), b.collection()
		expected := []entry{}
		for _, w := range b.winners() {
			if before, ok := a.at(w); !ok || ruleOrder(w, before) > 0 {
				expected = append(expected, w)
			}
		}
		delta := merge.Delta(have, want)
		require.Equal(t, expected, read(delta))
		equal(t, merge.Join(have, want), merge.Join(have, delta))
		require.Zero(t, merge.Delta(merge.Join(have, want), want).Len())
		equal(t, want, merge.Delta(merge.Collection{}, want))
		require.Zero(t, merge.Delta(have, merge.Collection{}).Len())
	})
}

// TestDeltasInAnyOrderReplaceWholeStates: in a chain of deltas, each delta is made against the
// preceding state. Joining the deltas in any order gives the same result as joining the whole
// states.
func TestDeltasInAnyOrderReplaceWholeStates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var state merge.Collection
		var deltas []merge.Collection
		var all history
		for _, h := range rapid.SliceOfN(genHistory(), 1, 4).Draw(t, "steps") {
			next := merge.Join(state, h.collection())
			deltas = append(deltas, merge.Delta(state, next))
			state, all = next, append(all, h...)
		}
		var got merge.Collection
		for _, d := range rapid.Permutation(deltas).Draw(t, "order") {
			got = merge.Join(got, d)
		}
		equal(t, state, got)
		require.Equal(t, all.winners(), read(got))
	})
}

// TestChangesAgreeWithOracle compares the outcome of each field of a record with the oracle.
func TestChangesAgreeWithOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genHistoryOf(keys[0]).Draw(t, "current"), genHistoryOf(keys[0]).Draw(t, "incoming")
		current, _ := a.collection().Get(entry{table: "t", id: "1"}.key())
		incoming, _ := b.collection().Get(entry{table: "t", id: "1"}.key())
		joined := slices.Concat(a, b)
		want := b.winners()
		i := 0
		for name, c := range merge.Changes(current, incoming) {
			w := want[i]
			after, _ := joined.at(w)
			require.Equal(t, w.field, name)
			require.Equal(t, w.fieldValue(), c.Incoming)
			require.Equal(t, a.outcome(w), c.Outcome)
			require.Equal(t, after.fieldValue(), c.Winner())
			if before, ok := a.at(w); ok {
				require.Equal(t, before.fieldValue(), c.Before)
				require.Equal(t, before != after, c.Won())
			} else {
				require.True(t, c.Before.IsZero() && c.Won())
			}
			i++
		}
		require.Len(t, want, i)
	})
}
