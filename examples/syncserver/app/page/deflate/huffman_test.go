package deflate

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestCodeIsCompleteAndWithinItsLimit: decoders refuse a code with room for further symbols, and one with longer symbols.
func TestCodeIsCompleteAndWithinItsLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.IntRange(0, 1<<20), 2, literalCodes).Draw(t, "counts")
		isComplete(t, newCode(counts, 15), counts, 15)
	})
	steep := make([]int, lengthCodes) // each is as heavy as all before it together, so the tree is as deep as it can be
	for i := range steep {
		steep[i] = 1 << i
	}
	isComplete(t, newCode(steep, 7), steep, 7)
}

// isComplete requires that all symbols that occur have bits, that no code begins with another one, and that each text is one
// of a code.
func isComplete(t require.TestingT, c code, counts []int, limit int) {
	room := 1 << limit
	for s, length := range c.lengths {
		require.LessOrEqual(t, length, limit)
		if length > 0 {
			room -= 1 << (limit - length)
		}
		require.False(t, counts[s] > 0 && length == 0, "symbol %d has no code", s)
	}
	require.Zero(t, room)
}

// TestFrequentSymbolsHaveShortCodes: the text of a classic example takes as many bits as its best code does.
func TestFrequentSymbolsHaveShortCodes(t *testing.T) {
	c := newCode([]int{45, 13, 12, 16, 9, 5, 0}, 15)
	require.Equal(t, []int{1, 3, 3, 3, 4, 4, 0}, c.lengths)
	require.Equal(t, []uint64{0b0, 0b001, 0b101, 0b011, 0b0111, 0b1111, 0}, c.bits)
}
