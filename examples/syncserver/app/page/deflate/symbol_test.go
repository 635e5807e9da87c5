package deflate

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSymbolsAreThoseOfTheFormat: RFC 1951, section 3.2.5.
func TestSymbolsAreThoseOfTheFormat(t *testing.T) {
	for length, want := range map[uint16]symbol{
		3: {257, 0}, 10: {264, 0}, 11: {265, 1}, 12: {265, 1}, 13: {266, 1}, 19: {269, 2}, 114: {279, 4}, 115: {280, 4},
		130: {280, 4}, 131: {281, 5}, 257: {284, 5}, 258: {285, 0},
	} {
		require.Equal(t, want, lengthSymbol(length), length)
	}
	for distance, want := range map[uint16]symbol{
		1: {0, 0}, 4: {3, 0}, 5: {4, 1}, 6: {4, 1}, 7: {5, 1}, 9: {6, 2}, 193: {15, 6}, 256: {15, 6}, 257: {16, 7},
		24576: {28, 13}, 24577: {29, 13}, 32767: {29, 13},
	} {
		require.Equal(t, want, distanceSymbol(distance), distance)
	}
}

// TestPricesAreBits: of four codes that occur once, each takes two bits, and a code that always occurs takes none. The further
// bits are added.
func TestPricesAreBits(t *testing.T) {
	var n counts
	n.add([]token{{length: 'a'}, {11, 9}, {20, 9}, {258, 9}})
	prices := n.costs()
	require.Equal(t, []float64{2, 3, 4, 2}, []float64{prices.literals['a'], prices.lengths[11], prices.lengths[20], prices.lengths[258]})
	require.Equal(t, 2.0, prices.distances[6])
}
