package jsontext

import (
	"math"
	"math/bits"
	"strconv"
)

// Float returns the float64 nearest to a canonical number.
func Float(number string) float64 {
	literal := []byte(number)
	var buf [maxDigits]byte
	digits, exp := significand(literal, buf[:0])
	if len(digits) == 0 {
		return 0
	}
	return floatOf(literal, digits, exp)
}

// floatOf returns the float64 nearest to a literal, given the results of significand for the
// literal. If two are equally near, it returns the even one. The result is infinite or zero if
// the literal is out of range.
//
// strconv.ParseFloat is fast if the literal has at most 19 significant digits and the result
// is neither subnormal nor infinite. Otherwise it needs up to 30 µs for a few bytes, and it
// misplaces the decimal point of literals with more than 800 digits before the point.
func floatOf(literal, digits []byte, exp int) (f float64) {
	switch {
	case exp < -323: // less than half of the smallest float64
		return 0
	case exp > 309: // greater than every float64
		f = math.Inf(1)
	case -307 < exp && exp <= 308 && len(digits) <= maxDigits:
		var buf [32]byte
		short := strconv.AppendInt(append(append(buf[:0], digits...), 'e'), int64(exp-len(digits)), 10)
		f, _ = strconv.ParseFloat(string(short), 64)
	case len(digits) <= fewDigits:
		var words [2][18]uint64 // 10^309 takes 17 words, and shift adds one.
		f = nearest(digits, exp, words[0][:0], words[1][:0])
	default:
		var buf [maxNumber]byte
		var words [2][53]uint64 // 10^1000 takes 52 words.
		digits, exp = significand(literal, buf[:0])
		f = nearest(digits, exp, words[0][:0], words[1][:0])
	}
	if literal[0] == '-' {
		return -f
	}
	return f
}

// nearest returns the float64 nearest to 0.digits times 10^exp. The slices numerator and
// denominator must be empty, with zeros in their memory up to the capacity. It calculates in
// whole numbers, without rounding, so all literals of the same size cost the same.
//
// For example, the digits 15 and exp 1 are 0.15 * 10^1 = 1.5, so the number is 15 * 10^-1:
//
//	numerator / denominator   15 / 5, since 10^-1 = 5^-1 * 2^-1
//	power                     -1: 15 / 5 * 2^-1 = 1.5
//	quotient                  3 * 2^62, after both were shifted, with power -63
func nearest(digits []byte, exp int, numerator, denominator []uint64) float64 {
	// The number is numerator / denominator * 2^power.
	power := exp - len(digits)
	numerator, denominator = wholeNumber(numerator, digits), append(denominator, 1)
	if power < 0 {
		denominator = timesPowerOfFive(denominator, -power)
	} else {
		numerator = timesPowerOfFive(numerator, power)
	}
	// After these shifts, the quotient of the two numbers has 63 or 64 bits.
	n := max(len(numerator), len(denominator))
	up := 64*n + 63 - bitLen(numerator)
	down := 64*n - bitLen(denominator)
	numerator, denominator = shift(numerator, up, n+1), shift(denominator, down, n)
	quotient, exact := divide(numerator, denominator)
	return round(quotient, exact, power+down-up)
}

// wholeNumber appends to x the words of the number with the given decimal digits.
func wholeNumber(x []uint64, digits []byte) []uint64 {
	for len(digits) > 0 {
		n := min(len(digits), maxDigits)
		part, scale := uint64(0), uint64(1)
		for _, c := range digits[:n] {
			part, scale = part*10+uint64(c-'0'), scale*10
		}
		x = multiply(x, scale, part)
		digits = digits[n:]
	}
	return x
}

// multiply multiplies a natural number, whose least significant word comes first, by a word,
// and adds carry.
func multiply(x []uint64, by, carry uint64) []uint64 {
	for i := range x {
		high, low := bits.Mul64(x[i], by)
		var c uint64
		x[i], c = bits.Add64(low, carry, 0)
		carry = high + c
	}
	if carry != 0 {
		x = append(x, carry)
	}
	return x
}

// timesPowerOfFive multiplies x by five to the n.
func timesPowerOfFive(x []uint64, n int) []uint64 {
	const most, power = 27, 7_450_580_596_923_828_125 // 5^27 is the greatest power of five that fits a word.
	for ; n >= most; n -= most {
		x = multiply(x, power, 0)
	}
	rest := uint64(1)
	for range n {
		rest *= 5
	}
	return multiply(x, rest, 0)
}

func bitLen(x []uint64) int { return 64*(len(x)-1) + bits.Len64(x[len(x)-1]) }

// shift multiplies x by 2^by. It returns the result in the given number of words, which must
// be enough for it. The memory of x beyond its length must be zero.
func shift(x []uint64, by, words int) []uint64 {
	x, whole, by := x[:words], by/64, by%64
	for i := words - 1; i > whole; i-- {
		x[i] = x[i-whole]<<by | x[i-whole-1]>>(64-by)
	}
	x[whole] = x[0] << by
	clear(x[:whole])
	return x
}

// divide returns the quotient, which fits a word, and reports whether the remainder is zero.
// The denominator must have one word less than the numerator, and its highest bit must be set.
// The estimate of the quotient from the first words is at most 2 too large.
func divide(numerator, denominator []uint64) (quotient uint64, exact bool) {
	n := len(denominator)
	quotient, _ = bits.Div64(numerator[n], numerator[n-1], denominator[n-1])
	var carry, borrow uint64
	for i, word := range denominator {
		high, low := bits.Mul64(word, quotient)
		low, c := bits.Add64(low, carry, 0)
		carry = high + c
		numerator[i], borrow = bits.Sub64(numerator[i], low, borrow)
	}
	numerator[n], borrow = bits.Sub64(numerator[n], carry, borrow)
	for borrow != 0 { // the estimate was too large: add the denominator back
		quotient--
		carry = 0
		for i, word := range denominator {
			numerator[i], carry = bits.Add64(numerator[i], word, carry)
		}
		numerator[n], carry = bits.Add64(numerator[n], 0, carry)
		borrow -= carry
	}
	rest := uint64(0)
	for _, word := range numerator {
		rest |= word
	}
	return quotient, rest == 0
}

// round returns the float64 nearest to x times two to the exp. The number x must be at least
// 2^62. If exact is false, the full number has nonzero bits after the last bit of x.
func round(x uint64, exact bool, exp int) float64 {
	if x < 1<<63 {
		x, exp = x<<1, exp-1
	}
	if !exact {
		x |= 1 // A set lowest bit makes x greater than a tie, and changes nothing else.
	}
	const most, least = 53, -1074
	drop := max(64-most, least-exp)
	if drop > 64 {
		return 0
	}
	kept, half := x>>drop, x<<(64-drop)
	if half > 1<<63 || half == 1<<63 && kept&1 == 1 {
		kept++
	}
	// A float64 does not store the highest of its 53 bits; added here, that bit raises the
	// exponent by one.
	return math.Float64frombits(min(uint64(exp+drop-least)<<(most-1)+kept, math.Float64bits(math.Inf(1))))
}
