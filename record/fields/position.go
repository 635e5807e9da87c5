package fields

import (
	"hash/fnv"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
)

// A position is a path of elements, and positions sort like paths: element by element, a prefix first. An element has
// an integer, which has room on both sides, the hash of the client that made it, and the count of that client. In the
// text, each of the three says where it ends and sorts like its value. So the bytes of two positions sort like the
// positions. The digits are in the order of their bytes, and none of them is escaped in JSON.
const digits = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"

const (
	hashDigits = 6   // of 32 bits
	same       = '~' // in place of the hash of the element before
	zero       = 32  // the digit that begins the integer 0
	// maxCount is the greatest count and the greatest integer, and -maxCount-1 is the least integer: JavaScript
	// computes with them exactly.
	maxCount = 1<<53 - 1
	leastInt = -maxCount - 1
)

// An element is one step of the path of a position.
type element struct {
	at    int64
	hash  string // hashDigits digits
	count int64
}

// hashOf returns the hash of a client in an element: FNV-1a of the bytes of its ID.
func hashOf(c clock.ClientID) string {
	h := fnv.New32a()
	h.Write(c[:])
	return string(appendDigits(nil, int64(h.Sum32()), hashDigits))
}

// text returns the text of a path.
func text(path []element) string {
	var b []byte
	hash := ""
	for _, e := range path {
		b = appendInt(b, e.at)
		if e.hash == hash {
			b = append(b, same)
		} else {
			b = append(b, e.hash...)
		}
		b = appendCount(b, e.count)
		hash = e.hash
	}
	return string(b)
}

// parse returns the path of a position. It returns false if the text is not the text of a position.
func parse(s string) (path []element, ok bool) {
	if len(s) > MaxPosition {
		return nil, false
	}
	hash := ""
	for rest := s; rest != ""; {
		var e element
		if e.at, rest, ok = cutInt(rest); !ok {
			return nil, false
		}
		if e.hash, rest, ok = cutHash(rest, hash); !ok {
			return nil, false
		}
		hash = e.hash
		if e.count, rest, ok = cutCount(rest); !ok {
			return nil, false
		}
		path = append(path, e)
	}
	// There is always room before a position, because its last integer is not the least.
	return path, len(path) > 0 && path[len(path)-1].at > leastInt
}

// cutHash cuts off a hash that follows an element with the hash before.
func cutHash(s, before string) (hash, rest string, ok bool) {
	if before != "" && s != "" && s[0] == same {
		return before, s[1:], true
	}
	if len(s) < hashDigits {
		return "", s, false
	}
	hash = s[:hashDigits]
	h, ok := number(hash)
	return hash, s[hashDigits:], ok && h < 1<<32 && hash != before
}

// appendInt appends an integer: a digit that tells the sign and the number of digits, and the digits, which are
// complemented if the integer is negative.
func appendInt(b []byte, i int64) []byte {
	if i >= 0 {
		n := width(i)
		return appendDigits(append(b, digits[zero+n]), i, n)
	}
	n := width(^i)
	return appendDigits(append(b, digits[zero-1-n]), ^i^(1<<(6*n)-1), n)
}

func cutInt(s string) (i int64, rest string, ok bool) {
	head := strings.IndexByte(digits, s[0])
	n, flip := head-zero, int64(0)
	if head < zero {
		n = zero - 1 - head
		flip = 1<<(6*n) - 1
	}
	if i, rest, ok = cutDigits(s[1:], n, flip); head < 0 || !ok {
		return 0, s, false
	}
	if flip != 0 || head == zero-1 {
		i = ^i
	}
	return i, rest, true
}

// appendCount appends a count: the number of its digits as a digit, and its digits.
func appendCount(b []byte, c int64) []byte {
	n := width(c)
	return appendDigits(append(b, digits[n]), c, n)
}

func cutCount(s string) (c int64, rest string, ok bool) {
	if s == "" {
		return 0, s, false
	}
	n := strings.IndexByte(digits, s[0])
	return cutDigits(s[1:], n, 0)
}

// cutDigits cuts off a number of exactly n digits, with no zero before them.
func cutDigits(s string, n int, flip int64) (c int64, rest string, ok bool) {
	if n < 0 || n > 9 || n > len(s) {
		return 0, s, false
	}
	if c, ok = number(s[:n]); !ok {
		return 0, s, false
	}
	c ^= flip
	return c, s[n:], c <= maxCount && width(c) == n
}

// width returns the number of digits of c, which is 0 for 0.
func width(c int64) (n int) {
	for ; c > 0; c >>= 6 {
		n++
	}
	return n
}

func appendDigits(b []byte, c int64, n int) []byte {
	for n--; n >= 0; n-- {
		b = append(b, digits[c>>(6*n)&63])
	}
	return b
}

// number returns the number that digits stand for.
func number(s string) (c int64, ok bool) {
	for i := range len(s) {
		d := strings.IndexByte(digits, s[i])
		if d < 0 {
			return 0, false
		}
		c = c<<6 | int64(d)
	}
	return c, true
}
