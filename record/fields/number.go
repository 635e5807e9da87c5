package fields

import "strings"

// digits are in the order of their bytes.
const digits = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"

// A form of numbers: the first digit is one of some that stand for this form, and more digits follow. Greater numbers
// have greater first digits, and each form begins with the number after the last one of the form before. So numbers
// sort like their texts, have one spelling, and are short if they are small.
type form struct {
	firsts int64
	more   int
}

// countForms are the forms of a count, for all first digits.
func countForms() []form {
	return []form{{32, 0}, {16, 1}, {8, 2}, {4, 3}, {1, 4}, {1, 5}, {1, 6}, {1, 9}}
}

// intForms are the forms of the integers from 0, for the upper half of the first digits. The digits of -1, -2 and so on
// are the complements of the digits of 0, 1 and so on.
func intForms() []form { return []form{{16, 0}, {8, 1}, {4, 2}, {2, 3}, {1, 5}, {1, 9}} }

const (
	zero = 32 // the first digit of the integer 0
	flip = 63 // complements a digit
)

func appendCount(b []byte, c int64) []byte { return appendNumber(b, c, countForms(), 0, 0) }

func appendInt(b []byte, i int64) []byte {
	if i < 0 {
		return appendNumber(b, ^i, intForms(), zero, flip)
	}
	return appendNumber(b, i, intForms(), zero, 0)
}

// appendNumber appends a number, whose forms begin with the digit first. Each digit is changed by mask.
func appendNumber(b []byte, v int64, forms []form, first, mask int64) []byte {
	for _, f := range forms {
		size := f.firsts << (6 * f.more)
		if v < size {
			b = append(b, digits[(first+v>>(6*f.more))^mask])
			return appendDigits(b, v, f.more, mask)
		}
		first += f.firsts
		v -= size
	}
	return b // no number of a path is so great
}

func cutCount(s string) (c int64, rest string, ok bool) { return cutNumber(s, countForms(), 0, 0) }

func cutInt(s string) (i int64, rest string, ok bool) {
	if s != "" && strings.IndexByte(digits, s[0]) < zero {
		i, rest, ok = cutNumber(s, intForms(), zero, flip)
		return ^i, rest, ok
	}
	return cutNumber(s, intForms(), zero, 0)
}

// cutNumber is the inverse of appendNumber.
func cutNumber(s string, forms []form, first, mask int64) (v int64, rest string, ok bool) {
	if s == "" || strings.IndexByte(digits, s[0]) < 0 {
		return 0, s, false
	}
	head := int64(strings.IndexByte(digits, s[0])) ^ mask - first
	for _, f := range forms {
		size := f.firsts << (6 * f.more)
		if head < f.firsts {
			if len(s) <= f.more {
				return 0, s, false
			}
			low, ok := number(s[1:1+f.more], mask)
			v += head<<(6*f.more) + low
			return v, s[1+f.more:], ok && v <= maxCount
		}
		head -= f.firsts
		v += size
	}
	return 0, s, false
}

// appendDigits appends the last n digits of v, each changed by mask.
func appendDigits(b []byte, v int64, n int, mask int64) []byte {
	for n--; n >= 0; n-- {
		b = append(b, digits[v>>(6*n)&63^mask])
	}
	return b
}

// number returns the number that digits stand for, each changed by mask.
func number(s string, mask int64) (v int64, ok bool) {
	for i := range len(s) {
		d := strings.IndexByte(digits, s[i])
		if d < 0 {
			return 0, false
		}
		v = v<<6 | (int64(d) ^ mask)
	}
	return v, true
}
