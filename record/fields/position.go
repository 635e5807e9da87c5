package fields

import (
	"hash/fnv"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
)

// A position is a path of elements, and positions sort like paths: element by element, a prefix first. An element has
// an integer, which has room on both sides, the hash of the client that made it, and the count of that client. In the
// text, each of the three says where it ends, and has one spelling. So the bytes of two positions sort like the
// positions: by integers, then by hashes, where those that a path has already come after new ones, and then by counts.
// None of them is escaped in JSON.

const (
	hashDigits = 6   // of 32 bits
	same       = '~' // in place of the hash of the element before
	earlier    = '}' // before the index of a hash among the different hashes of the path, in place of the hash
	// maxCount is the greatest count and the greatest integer, and leastInt is the least integer: JavaScript computes
	// with them exactly.
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
	return string(appendDigits(nil, int64(h.Sum32()), hashDigits, 0))
}

// text returns the text of a path.
func text(path []element) string {
	var b []byte
	var seen hashes
	for _, e := range path {
		b = appendInt(b, e.at)
		b = seen.append(b, e.hash)
		b = appendCount(b, e.count)
	}
	return string(b)
}

// IsPosition reports whether a text is a position. The empty text is not.
func IsPosition(text string) bool {
	_, ok := parse(text)
	return ok
}

// parse returns the path of a position. It returns false if the text is not the text of a position.
func parse(s string) (path []element, ok bool) {
	if len(s) > MaxPosition {
		return nil, false
	}
	var seen hashes
	for s != "" {
		var e element
		if e.at, s, ok = cutInt(s); !ok {
			return nil, false
		}
		if e.hash, s, ok = seen.cut(s); !ok {
			return nil, false
		}
		if e.count, s, ok = cutCount(s); !ok {
			return nil, false
		}
		path = append(path, e)
	}
	// There is always room before a position, because its last integer is not the least.
	return path, len(path) > 0 && path[len(path)-1].at > leastInt
}

// hashes are the hashes of the elements before one in a path.
type hashes struct {
	last string
	all  []string // the first ones that differ, as many as there are digits
}

func (h *hashes) append(b []byte, hash string) []byte {
	i := h.index(hash)
	switch {
	case hash == h.last:
		return append(b, same)
	case i >= 0:
		b = append(b, earlier, digits[i])
	default:
		b = append(b, hash...)
	}
	h.note(hash)
	return b
}

// cut cuts off a hash.
func (h *hashes) cut(s string) (hash, rest string, ok bool) {
	switch {
	case s == "":
		return "", s, false
	case s[0] == same:
		return h.last, s[1:], h.last != ""
	case s[0] == earlier && len(s) > 1:
		i := strings.IndexByte(digits, s[1])
		if i < 0 || i >= len(h.all) || h.all[i] == h.last {
			return "", s, false
		}
		hash, rest = h.all[i], s[2:]
	case len(s) >= hashDigits:
		hash, rest = s[:hashDigits], s[hashDigits:]
		if n, ok := number(hash, 0); !ok || n >= 1<<32 || hash == h.last || h.index(hash) >= 0 {
			return "", s, false
		}
	default:
		return "", s, false
	}
	h.note(hash)
	return hash, rest, true
}

func (h *hashes) note(hash string) {
	h.last = hash
	if len(h.all) < len(digits) && h.index(hash) < 0 {
		h.all = append(h.all, hash)
	}
}

// index returns the index of a hash in h.all, or -1.
func (h *hashes) index(hash string) int {
	for i, each := range h.all {
		if each == hash {
			return i
		}
	}
	return -1
}
