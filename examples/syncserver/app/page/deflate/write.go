package deflate

import "slices"

// writer writes bits.
type writer struct {
	bytes []byte
	bits  uint64 // not yet in bytes
	n     int    // the number of these bits
}

// write writes the lowest n bits of a number, at most 48.
func (w *writer) write(number uint64, n int) {
	w.bits |= number << w.n
	for w.n += n; w.n >= 8; w.n -= 8 {
		w.bytes = append(w.bytes, byte(w.bits))
		w.bits >>= 8
	}
}

// flush fills the last byte with zeros.
func (w *writer) flush() {
	if w.n > 0 {
		w.write(0, 8-w.n)
	}
}

// symbol writes a number: its symbol in a code, and the further bits.
func (w *writer) symbol(c code, s symbol, number uint16) {
	w.write(c.bits[s.code], c.lengths[s.code])
	w.write(uint64(number)&(1<<s.extra-1), int(s.extra))
}

// block writes a block with codes of its own.
func (w *writer) block(tokens []token, last bool) {
	var n counts
	n.add(tokens)
	n.literals[endOfBlock] = 1
	literals, distances := newCode(n.literals[:], 15), newCode(n.distances[:], 15)
	final := uint64(0)
	if last {
		final = 1
	}
	w.write(final, 1)
	w.write(2, 2) // with codes of its own
	w.codes(literals, distances)
	for _, t := range tokens {
		if t.distance == 0 {
			w.symbol(literals, symbol{code: int(t.length)}, 0)
			continue
		}
		w.symbol(literals, lengthSymbol(t.length), t.length-minLength)
		w.symbol(distances, distanceSymbol(t.distance), t.distance-1)
	}
	w.symbol(literals, symbol{code: endOfBlock}, 0)
}

// Symbols of the code for the lengths of codes. The others are lengths.
const (
	repeatLast  = 16 // 3 to 6 times
	fewZeros    = 17 // 3 to 10
	manyZeros   = 18 // 11 to 138
	lengthCodes = 19
)

// A run is a symbol of the code for the lengths of codes, with its further bits.
type run struct {
	symbol
	number uint16
}

// codes writes the lengths of two codes, themselves in a code.
func (w *writer) codes(literals, distances code) {
	l, d := trim(literals.lengths, firstLength), trim(distances.lengths, 1)
	runs := runsOf(slices.Concat(l, d))
	var n [lengthCodes]int
	for _, r := range runs {
		n[r.code]++
	}
	lengths := newCode(n[:], 7)
	order := []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	for len(order) > 4 && lengths.lengths[order[len(order)-1]] == 0 {
		order = order[:len(order)-1]
	}
	w.write(uint64(len(l)-firstLength), 5)
	w.write(uint64(len(d)-1), 5)
	w.write(uint64(len(order)-4), 4)
	for _, s := range order {
		w.write(uint64(lengths.lengths[s]), 3)
	}
	for _, r := range runs {
		w.symbol(lengths, r.symbol, r.number)
	}
}

// trim removes zeros at the end, and keeps at least the given number of lengths.
func trim(lengths []int, least int) []int {
	for len(lengths) > least && lengths[len(lengths)-1] == 0 {
		lengths = lengths[:len(lengths)-1]
	}
	return lengths
}

// runsOf joins equal lengths.
func runsOf(lengths []int) []run {
	var runs []run
	for len(lengths) > 0 {
		length, n := lengths[0], 1
		for n < len(lengths) && lengths[n] == length {
			n++
		}
		lengths = lengths[n:]
		if length > 0 {
			runs, n = append(runs, run{symbol: symbol{code: length}}), n-1
		}
		for n > 0 {
			r, size := longestRun(length, n)
			runs, n = append(runs, r), n-size
		}
	}
	return runs
}

// longestRun returns the run that stands for as many of n equal lengths as possible, and how many these are. If the length
// is not 0, it comes just before them.
func longestRun(length, n int) (run, int) {
	switch {
	case n < 3:
		return run{symbol: symbol{code: length}}, 1
	case length > 0:
		n = min(n, 6)
		return run{symbol{repeatLast, 2}, uint16(n - 3)}, n
	case n <= 10:
		return run{symbol{fewZeros, 3}, uint16(n - 3)}, n
	default:
		n = min(n, 138)
		return run{symbol{manyZeros, 7}, uint16(n - 11)}, n
	}
}
