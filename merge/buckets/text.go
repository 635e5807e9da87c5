package buckets

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrCursor is the error of ParseCursor: the text does not come from a Cursor.
var ErrCursor = errors.New("buckets: not a cursor: it must be empty, or the cursor of an earlier pull")

// first stands for the fingerprint in the text of a cursor that IsFirst. Earlier versions take it for one, so they
// tell the client its buckets once more.
const first = "first"

// String returns the text of the cursor:
//
//	                            a client that has pulled nothing
//	N5XQ.8                      it has everything up to the sequence 8, in the one bucket ""
//	N5XQ.3.8                    it loads everything, has the rows up to 3, and began at 8
//	N5XQ.3.8~first              the same, for the first time, in the one bucket ""
//	N5XQ.8~5f0c…                it has everything up to 8, and was told the buckets with this fingerprint
//	N5XQ.8~5f0c…~9_0_12         and loads the buckets that were granted at 9 or later, has none of their rows, and began at 12
//
// The text has the characters that a URL need not escape, if the epoch has.
func (c Cursor) String() string {
	if c.epoch == "" {
		return ""
	}
	text := fmt.Sprintf("%s.%d", c.epoch, c.seq)
	all := c.loadsAll() && len(c.loads) == 1
	switch {
	case all:
		text = fmt.Sprintf("%s.%d", text, c.loads[0].begun)
		switch {
		case c.told != "":
		case c.IsFirst():
			return text + "~" + first
		default:
			return text
		}
	case c.told == "" && len(c.loads) == 0:
		return text
	}
	text += "~" + c.told
	if all {
		return text
	}
	for _, l := range c.loads {
		text += fmt.Sprintf("~%d_%d_%d", l.from, l.after, l.begun)
	}
	return text
}

// ParseCursor reads the text of a cursor. The error is ErrCursor.
func ParseCursor(text string) (c Cursor, err error) {
	if text == "" {
		return c, nil
	}
	parts := strings.Split(text, "~")
	head := strings.Split(parts[0], ".")
	valid := len(head) == 2 || len(head) == 3 && len(parts) <= 2
	valid = valid && head[0] != "" && len(parts) <= 2+maxLoads
	if !valid {
		return Cursor{}, ErrCursor
	}
	number := func(text string) (n int64) {
		u, err := strconv.ParseUint(text, 10, 63) // which allows no sign
		valid = valid && err == nil
		return int64(u)
	}
	c.epoch, c.seq = head[0], number(head[1])
	if len(head) == 3 {
		c.loads = []load{{0, c.seq, max(c.seq, number(head[2]))}}
	}
	if len(parts) > 1 {
		c.told = parts[1]
		if c.first = c.told == first; c.first {
			c.told = ""
			valid = valid && len(head) == 3
		}
		parts = parts[2:]
	} else {
		parts = nil
	}
	for _, part := range parts {
		numbers := strings.Split(part, "_")
		if len(numbers) != 3 {
			return Cursor{}, ErrCursor
		}
		l := load{number(numbers[0]), number(numbers[1]), number(numbers[2])}
		valid = valid && max(l.from, l.after) <= l.begun && (len(c.loads) == 0 || l.from > c.loads[len(c.loads)-1].from)
		c.loads = append(c.loads, l)
	}
	if !valid {
		return Cursor{}, ErrCursor
	}
	c.tidy()
	return c, nil
}
