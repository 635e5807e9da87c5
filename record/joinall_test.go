package record_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// TestJoinAllJoinsTheRecordsOfEachKey checks all pairs of sets over four keys: the result has
// the greater record of each key, and is the first set itself if the second adds nothing.
func TestJoinAllJoinsTheRecordsOfEachKey(t *testing.T) {
	const keys = 4
	for pattern := range 1 << (2 * keys) {
		for newer := range 2 {
			var x, y, want []record.Record
			adds := false
			for i := range keys {
				key := record.Key{Table: "t", ID: string(rune('a' + i))}
				at := func(later int) record.Record {
					s := stampOf(1+later, clock.ClientID{1})
					m, err := record.New(key).Edit(s).Set("f", later).Mutation()
					require.NoError(t, err)
					return m.Data
				}
				inX, inY := pattern>>(2*i)&1 == 1, pattern>>(2*i)&2 == 2
				if inX {
					x = append(x, at(1))
				}
				if inY {
					y = append(y, at(2*newer))
				}
				switch {
				case inY && (newer == 1 || !inX):
					want, adds = append(want, at(2*newer)), true
				case inX:
					want = append(want, at(1))
				}
			}
			var b record.Builder
			before := slices.Clone(x)
			got := b.JoinAll(x, y)
			require.True(t, slices.EqualFunc(want, got, record.Record.Equal), "pattern %b, newer %d: %v", pattern, newer, got)
			require.True(t, slices.EqualFunc(before, x, record.Record.Equal), "the input must not change")
			if !adds && len(x) > 0 {
				require.Same(t, &x[0], &got[0])
			}
		}
	}
}
