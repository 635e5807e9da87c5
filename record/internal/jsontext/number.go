package jsontext

import (
	"bytes"
	"math"
	"strconv"
)

// maxNumber is the greatest length of a number literal. It bounds the cost of a literal.
// Canonical numbers have at most 25 characters, so none of them is refused.
const maxNumber = 1000

const (
	// maxDigits is the greatest number of decimal digits of an int64. A uint64 holds every
	// number of that many digits.
	maxDigits = 19
	// fewDigits is the number of significant digits that most literals do not exceed.
	fewDigits = 2 * maxDigits
)

// appendNumber appends the canonical form of a JSON number literal, whose syntax has been
// checked. A literal that is integral and within int64, in any spelling, becomes that integer,
// exactly. Any other literal becomes the nearest float64, in the ECMAScript form. If exact is
// true and the canonical form is not the same number as the literal, appendNumber returns
// ErrInexact.
func appendNumber(dst, literal []byte, exact bool) ([]byte, error) {
	if len(literal) > maxNumber {
		return dst, &LimitError{What: "number", Limit: maxNumber}
	}
	var buf [1 + fewDigits + 1]byte // a sign, and one digit more than fewDigits
	digits, exp := significand(literal, buf[1:1])
	if len(digits) == 0 {
		return append(dst, '0'), nil
	}
	if len(digits) <= exp && exp <= maxDigits { // an integer of exp digits
		integer := buf[1 : 1+exp]
		for i := len(digits); i < exp; i++ {
			integer[i] = '0'
		}
		if literal[0] == '-' {
			buf[0], integer = '-', buf[:1+exp]
		}
		if _, err := strconv.ParseInt(string(integer), 10, 64); err == nil {
			return append(dst, integer...), nil
		}
	}
	f := floatOf(literal, digits, exp)
	if f == 0 {
		return dst, ErrNumber
	}
	start := len(dst)
	dst, err := AppendFloat(dst, f)
	if exact && err == nil && !sameNumber(dst[start:], digits, exp) {
		return dst[:start], ErrInexact
	}
	return dst, err
}

// sameNumber reports whether a canonical number equals the number with the digits and exp
// that significand returned. The canonical number must have at most maxDigits significant
// digits, as every int64 and float64 does.
func sameNumber(canonical, digits []byte, exp int) bool {
	var buf [maxDigits]byte
	same, sameExp := significand(canonical, buf[:0])
	return exp == sameExp && bytes.Equal(digits, same)
}

// isShort reports whether a literal with a fraction or an exponent is short and plain enough
// to be canonical already: it has a fraction that does not end in zero, no exponent, a value
// of at least 0.1, and at most 15 digits. A float64 keeps 15 digits, and no shorter literal
// gives the same float64.
func isShort(literal []byte) bool {
	if literal[0] == '-' {
		literal = literal[1:]
	}
	if len(literal) > len("1.")+14 || literal[len(literal)-1] == '0' || literal[0] == '0' && literal[2] == '0' {
		return false
	}
	return bytes.IndexByte(literal, 'e') < 0 && bytes.IndexByte(literal, 'E') < 0
}

// significand returns digits, which neither begin nor end with a zero, and exp such that the
// literal equals plus or minus 0.digits times 10^exp. If there are more digits than the
// capacity of buf, it returns only the first of them.
//
//	literal   digits  exp
//	-12.50e1  125       3  0.125e3 is 125
//	0.00120   12       -2  0.12e-2
//	1200      12        4  the zeros are held back, but count as places before the point
//	1200.003  1200003   4  the digit 3 after the zeros releases them
//	0.0e5               4  no digits: the number is zero, and exp has no meaning
func significand(literal, buf []byte) (digits []byte, exp int) {
	digits = buf[:0]
	zeros := 0 // held back until another digit follows
	fraction := false
	for i, c := range literal {
		switch {
		case c == '.':
			fraction = true
			continue
		case c == 'e' || c == 'E':
			return digits, exp + exponent(literal[i+1:])
		case c == '-':
			continue
		case c == '0' && len(digits) == 0:
			if fraction {
				exp--
			}
			continue
		case c == '0':
			zeros++
		default:
			for ; zeros > 0 && len(digits) < cap(digits); zeros-- {
				digits = append(digits, '0')
			}
			if len(digits) < cap(digits) {
				digits = append(digits, c)
			}
		}
		if !fraction {
			exp++
		}
	}
	return digits, exp
}

// exponent returns the exponent of a literal. An exponent too large to matter is cut to a
// bound that is still out of range.
func exponent(text []byte) int {
	const beyond = 1_000_000
	neg := text[0] == '-'
	if neg || text[0] == '+' {
		text = text[1:]
	}
	e := 0
	for _, c := range text {
		e = min(e*10+int(c-'0'), beyond)
	}
	if neg {
		return -e
	}
	return e
}

// AppendFloat appends the canonical form of f: the digits of an integer if f is integral and
// within int64, otherwise the text that ECMAScript's Number.prototype.toString writes.
func AppendFloat(dst []byte, f float64) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return dst, ErrNumber
	}
	if f == math.Trunc(f) && -1<<63 <= f && f < 1<<63 {
		return strconv.AppendInt(dst, int64(f), 10), nil
	}
	// ECMAScript writes these numbers without an exponent.
	if a := math.Abs(f); 1e-6 <= a && a < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64), nil
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	// Go writes at least two digits of the exponent, ECMAScript as few as possible.
	if n := len(dst); dst[n-2] == '0' && (dst[n-3] == '-' || dst[n-3] == '+') {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst, nil
}
