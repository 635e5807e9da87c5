package record

import (
	"math"
	"math/bits"
	"strconv"
)

// parseFloat returns the float64 nearest to a literal that is less than ten to
// the exp. What strconv does for numbers near the smallest ones takes 30 µs, so
// that with a megabyte of them, which are six bytes each, a client could keep a
// server busy for seconds. Those are read here, and take less than 1 µs.
func parseFloat(literal []byte, exp int) (float64, error) {
	const least, most = -330, -307 // 2^-1074 is about 0.49e-323, and 2^-1021 is 0.45e-307
	if least <= exp && exp <= most {
		if f, ok := subnormal(literal); ok {
			return f, nil
		}
	}
	return strconv.ParseFloat(string(literal), 64)
}

// subnormal returns the float64 nearest to a literal, and whether it is below
// 2^-1021. There, all of them are whole multiples of 2^-1074, and the bits of
// each are the number of those. It is found in whole numbers, without rounding.
func subnormal(literal []byte) (f float64, ok bool) {
	var buf [maxNumber]byte
	digits, exp := significand(literal, buf[:0])
	// The number in halves of 2^-1074, the least significant word first. A whole
	// number that begins at word 16 is multiplied by 2^1024 by that.
	var number [72]uint64
	whole := number[16:]
	q := len(digits) - exp
	for len(digits) > 0 {
		n := min(len(digits), maxDigits)
		part, _ := strconv.ParseUint(string(digits[:n]), 10, 64)
		multiply(whole, powerOfTen(n), part)
		digits = digits[n:]
	}
	multiply(whole, 1<<(1075-1024), 0)
	inexact := false
	for rest := number[:]; q > 0; q -= maxDigits {
		for len(rest) > 1 && rest[len(rest)-1] == 0 {
			rest = rest[:len(rest)-1]
		}
		inexact = divide(rest, powerOfTen(min(q, maxDigits))) != 0 || inexact
	}
	units, half := number[0]>>1, number[0]&1 != 0
	if half && (inexact || units&1 != 0) {
		units++
	}
	if literal[0] == '-' {
		return -math.Float64frombits(units), units < 1<<53
	}
	return math.Float64frombits(units), units < 1<<53
}

// powerOfTen returns ten to the n, for an n of at most 19.
func powerOfTen(n int) uint64 {
	power := uint64(1)
	for range n {
		power *= 10
	}
	return power
}

// multiply multiplies a number by a word and adds another to it.
func multiply(number []uint64, by, carry uint64) {
	for i := range number {
		high, low := bits.Mul64(number[i], by)
		var c uint64
		number[i], c = bits.Add64(low, carry, 0)
		carry = high + c
	}
}

// divide divides a number by a word and returns the remainder.
func divide(number []uint64, by uint64) (rest uint64) {
	for i := len(number) - 1; i >= 0; i-- {
		number[i], rest = bits.Div64(rest, number[i], by)
	}
	return rest
}
