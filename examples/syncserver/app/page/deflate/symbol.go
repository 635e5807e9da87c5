package deflate

import (
	"math"
	"math/bits"
)

// Symbols of the alphabet of literals and lengths, and the sizes of both alphabets.
const (
	endOfBlock    = 256
	firstLength   = 257
	literalCodes  = 286
	distanceCodes = 30
)

// A symbol is how the format writes a number: a code, and further bits.
type symbol struct {
	code  int
	extra uint // the number of further bits, the lowest bits of the number
}

// symbolOf returns the symbol of a number in an alphabet where each power of two is divided into 1<<keep codes.
func symbolOf(number uint, keep int) symbol {
	extra := max(0, bits.Len(number)-1-keep)
	return symbol{extra<<keep + int(number>>extra), uint(extra)}
}

func lengthSymbol(length uint16) symbol {
	if length == maxLength {
		return symbol{literalCodes - 1, 0}
	}
	s := symbolOf(uint(length-minLength), 2)
	s.code += firstLength
	return s
}

func distanceSymbol(distance uint16) symbol { return symbolOf(uint(distance-1), 1) }

// counts tells how often a block has each code.
type counts struct {
	literals  [literalCodes]int // and lengths
	distances [distanceCodes]int
}

// add counts tokens.
func (c *counts) add(tokens []token) {
	for _, t := range tokens {
		if t.distance == 0 {
			c.literals[t.length]++
			continue
		}
		c.literals[lengthSymbol(t.length).code]++
		c.distances[distanceSymbol(t.distance).code]++
	}
}

// costs are the prices of literals and copies, in bits, further bits included.
type costs struct {
	literals  [256]float64
	lengths   [maxLength + 1]float64
	distances [distanceCodes]float64
}

// costs returns the prices in a block with these counts.
func (c *counts) costs() *costs {
	literals, distances := information(c.literals[:]), information(c.distances[:])
	var prices costs
	copy(prices.literals[:], literals)
	for length := uint16(minLength); length <= maxLength; length++ {
		s := lengthSymbol(length)
		prices.lengths[length] = literals[s.code] + float64(s.extra)
	}
	for code := range prices.distances {
		prices.distances[code] = distances[code] + float64(max(0, code/2-1))
	}
	return &prices
}

// information returns the bits that each code takes at best. A code that does not occur is as dear as one that occurs once.
func information(counts []int) []float64 {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	prices := make([]float64, len(counts))
	for code, n := range counts {
		prices[code] = math.Log2(float64(max(sum, 2)) / float64(max(n, 1)))
	}
	return prices
}
