package deflate

import "math"

// grain is the number of tokens after which a block may end.
const grain = 1024

// split divides tokens into blocks that together take the least space, and returns them.
func split(tokens []token) [][]token {
	n := (len(tokens) + grain - 1) / grain
	sums := make([]counts, n+1) // of the tokens before each place where a block may end
	for i := range n {
		sums[i+1] = sums[i]
		sums[i+1].add(tokens[i*grain : min((i+1)*grain, len(tokens))])
	}
	size, from := make([]float64, n+1), make([]int, n+1)
	for end := 1; end <= n; end++ {
		size[end] = math.Inf(1)
		for start := range end {
			if s := size[start] + estimate(&sums[start], &sums[end]); s < size[end] {
				size[end], from[end] = s, start
			}
		}
	}
	return cut(tokens, from)
}

// cut returns the blocks, given for each end of a block where the block begins.
func cut(tokens []token, from []int) [][]token {
	var blocks [][]token
	for end := len(from) - 1; end > 0; end = from[end] {
		blocks = append([][]token{tokens[from[end]*grain : min(end*grain, len(tokens))]}, blocks...)
	}
	return blocks
}

// estimate returns the size of a block in bits, with its codes but without the further bits of its tokens.
func estimate(before, after *counts) float64 {
	const header, codeLength = 100, 3.5
	total := float64(header)
	for _, alphabet := range [][2][]int{{before.literals[:], after.literals[:]}, {before.distances[:], after.distances[:]}} {
		sum := 0
		for i, n := range alphabet[1] {
			if n -= alphabet[0][i]; n > 0 {
				sum += n
				total += codeLength - float64(n)*math.Log2(float64(n))
			}
		}
		if sum > 0 {
			total += float64(sum) * math.Log2(float64(sum))
		}
	}
	return total
}
