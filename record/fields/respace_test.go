package fields

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRespaceMovesLongNeighboursToo: next to a long position, a new one may be too long. So the neighbour moves too.
func TestRespaceMovesLongNeighboursToo(t *testing.T) {
	a, b := hashOf(clientOf(1)), hashOf(clientOf(2))
	begin := []element{{maxCount, a, maxCount}, {0, a, 1<<36 - 1}}
	low := text(append(begin[:2:2], element{-1, b, maxCount}))
	high := text(append(begin[:2:2], element{0, a, 0}))
	deep := text([]element{{leastInt, a, maxCount}, {leastInt, b, maxCount}, {-1, b, 0}})
	for name, list := range map[string][]Placed{
		"below": {{"low", low}, {"moved", "7"}, {"high", high}},
		"above": {{"moved", "7"}, {"high", deep}},
	} {
		require.Greater(t, len(low), short, name)
		require.Greater(t, len(deep), short, name)
		moves, err := Respace(list, Turn{clientOf(3), maxCount - 3})
		require.NoError(t, err)
		require.Len(t, moves, 2, name)
		for _, m := range moves {
			require.LessOrEqual(t, len(m.Position), tooLong, name)
		}
	}
}
