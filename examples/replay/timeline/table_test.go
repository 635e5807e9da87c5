package timeline

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTableHoldsWhatMattersMostOneByOne: the rest is in runs, and no mark is left out.
func TestTableHoldsWhatMattersMostOneByOne(t *testing.T) {
	of := func(n int, s shape) []mark { return slices.Repeat([]mark{{shape: s}}, n) }
	for name, c := range map[string]struct {
		marks []mark
		alone map[shape]int
	}{
		"few":            {slices.Concat(of(100, won), of(100, repeat), of(100, late)), map[shape]int{won: 100, repeat: 100, late: 100}},
		"many":           {slices.Concat(of(100, won), of(1, lost), of(200, won), of(1, refused), of(1, stands)), map[shape]int{lost: 1, refused: 1, stands: 1}},
		"many that lost": {slices.Concat(of(10, refused), of(200, won), of(1000, lost)), map[shape]int{lost: mostRows}},
	} {
		tl := &Timeline{marks: c.marks}
		got := make(map[shape]int)
		next := 0
		for _, r := range tl.table() {
			for _, i := range r.marks {
				require.Equal(t, next, i, name)
				next++
			}
		}
		require.Equal(t, len(c.marks), next, name)
		for i, alone := range tl.alone() {
			if alone {
				got[c.marks[i].shape]++
			}
		}
		require.Equal(t, c.alone, got, name)
	}
	tl := &Timeline{marks: slices.Concat(of(200, won), of(1, lost), of(150, won))}
	require.Len(t, tl.table(), 3)
	require.Equal(t, "200 replaced", tl.summary(tl.table()[0].marks))
}
