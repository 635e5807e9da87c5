package deflate

import (
	"cmp"
	"math/bits"
	"slices"
)

// A code is what is written for each symbol of an alphabet.
type code struct {
	lengths []int    // in bits; 0 if the symbol does not occur
	bits    []uint64 // the first bit is the lowest one
}

// newCode returns the Huffman code for counts, with at most limit bits a symbol. It has at least two symbols, because some
// decoders refuse a code with one.
func newCode(counts []int, limit int) code {
	weights := slices.Clone(counts)
	for i := 0; i < len(weights) && used(weights) < 2; i++ {
		weights[i] = max(weights[i], 1)
	}
	lengths := treeDepths(weights)
	for slices.Max(lengths) > limit { // more equal weights make a flatter tree
		for i, w := range weights {
			weights[i] = (w + 1) / 2
		}
		lengths = treeDepths(weights)
	}
	return code{lengths, canonical(lengths)}
}

func used(weights []int) int {
	n := 0
	for _, w := range weights {
		if w > 0 {
			n++
		}
	}
	return n
}

// treeDepths returns the depth of each symbol in a Huffman tree.
func treeDepths(weights []int) []int {
	type node struct{ weight, parent int }
	var nodes []node  // leaves in the order of their weights, then inner nodes, which have this order too
	var symbols []int // of the leaves
	for i, w := range weights {
		if w > 0 {
			symbols = append(symbols, i)
		}
	}
	slices.SortStableFunc(symbols, func(a, b int) int { return cmp.Compare(weights[a], weights[b]) })
	for _, i := range symbols {
		nodes = append(nodes, node{weight: weights[i]})
	}
	leaf, inner := 0, len(symbols)
	lightest := func() *node {
		if leaf < len(symbols) && (inner == len(nodes) || nodes[leaf].weight <= nodes[inner].weight) {
			leaf++
			return &nodes[leaf-1]
		}
		inner++
		return &nodes[inner-1]
	}
	for range len(symbols) - 1 {
		a, b := lightest(), lightest()
		a.parent, b.parent = len(nodes), len(nodes)
		nodes = append(nodes, node{weight: a.weight + b.weight})
	}
	depths := make([]int, len(nodes))
	for i := len(nodes) - 2; i >= 0; i-- {
		depths[i] = depths[nodes[i].parent] + 1
	}
	lengths := make([]int, len(weights))
	for i, s := range symbols {
		lengths[s] = depths[i]
	}
	return lengths
}

// canonical returns the bits of each symbol: shorter codes come first, and codes of one length are in the order of their
// symbols.
func canonical(lengths []int) []uint64 {
	codes, next := make([]uint64, len(lengths)), uint64(0)
	for length := 1; length <= slices.Max(lengths); length++ {
		next <<= 1
		for s, l := range lengths {
			if l == length {
				codes[s] = bits.Reverse64(next) >> (64 - length)
				next++
			}
		}
	}
	return codes
}
