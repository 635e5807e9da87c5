package jsontext

import (
	"bytes"
	"math"
	"strconv"
)

// maxNumber is the greatest length of a number literal. Canonical numbers are
// never longer than 25 characters, so it refuses none of those; it bounds what
// a literal can cost.
const maxNumber = 1000

const (
	// maxDigits is how many decimal digits an int64 has at the most, and how many
	// a uint64 always has room for.
	maxDigits = 19
	// fewDigits is how many significant digits most literals have at the most.
	fewDigits = 2 * maxDigits
)

// appendNumber appends the canonical form of a JSON number literal, whose
// syntax has been checked. A literal that is integral and within int64, however
// it is spelled, is that integer, exactly. Any other is the nearest float64, in
// the form that ECMAScript gives it. Only if exact is set, it is an ErrInexact
// that this form is another number than the literal.
func appendNumber(dst, literal []byte, exact bool) ([]byte, error) {
	if len(literal) > maxNumber {
		return dst, &LimitError{What: "number", Limit: maxNumber}
	}
	var buf [1 + fewDigits + 1]byte // a sign, and a digit more than few
	digits, exp := significand(literal, buf[1:1])
	if len(digits) == 0 {
		return append(dst, '0'), nil
	}
	if len(digits) <= exp && exp <= maxDigits {
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

// sameNumber reports whether a canonical number, which is no longer integer than
// int64 holds, is the one with the digits and exp that significand returned.
func sameNumber(canonical, digits []byte, exp int) bool {
	var buf [maxDigits]byte
	same, sameExp := significand(canonical, buf[:0])
	return exp == sameExp && bytes.Equal(digits, same)
}

// isShort reports whether a literal that is no integer is canonical for sure,
// because it is short and plain: a fraction that does not end in zero, no
// exponent, at least 0.1, and at most 15 digits. So many a float64 keeps, and no
// fewer give the same one.
func isShort(literal []byte) bool {
	if literal[0] == '-' {
		literal = literal[1:]
	}
	if len(literal) > len("1.")+14 || literal[len(literal)-1] == '0' || literal[0] == '0' && literal[2] == '0' {
		return false
	}
	return bytes.IndexByte(literal, 'e') < 0 && bytes.IndexByte(literal, 'E') < 0
}

// significand returns digits, which neither begin nor end with a zero, and exp
// such that the literal is plus or minus 0.digits times ten to the exp. Of more
// digits than fit into the capacity of buf it returns the first ones.
//
//	literal   digits  exp
//	-12.50e1  125       3  0.125e3 is 125
//	0.00120   12       -2  0.12e-2
//	1200      12        4  the zeros are held back, and count as places before the point
//	1200.003  1200003   4  the next digit lets them out
//	0.0e5               4  no digits: the number is zero, whatever exp is
func significand(literal, buf []byte) (digits []byte, exp int) {
	digits = buf[:0]
	zeros := 0 // held back, as long as no other digit follows
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

// exponent returns the exponent of a literal, or a number beyond all that
// matter if it is larger.
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

// AppendFloat appends the canonical form of f: the digits of an integer if it
// is integral within int64, else what ECMAScript's Number.prototype.toString
// writes.
func AppendFloat(dst []byte, f float64) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return dst, ErrNumber
	}
	if f == math.Trunc(f) && -1<<63 <= f && f < 1<<63 {
		return strconv.AppendInt(dst, int64(f), 10), nil
	}
	if a := math.Abs(f); 1e-6 <= a && a < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64), nil
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	// Go writes at least two digits of exponent, ECMAScript as few as it can.
	if n := len(dst); dst[n-2] == '0' && (dst[n-3] == '-' || dst[n-3] == '+') {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst, nil
}
