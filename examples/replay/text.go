package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// number returns n with its digits in groups of three.
func number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// count returns a number with its noun, whose plural must end in s.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return number(n) + " " + thing + "s"
}

// margin returns a duration in its one or two greatest units. The rest is cut off.
func margin(d time.Duration) string {
	ms := d.Milliseconds()
	two := func(big int64, bigUnit string, small int64, smallUnit string) string {
		if small == 0 {
			return fmt.Sprintf("%d %s", big, bigUnit)
		}
		return fmt.Sprintf("%d %s %d %s", big, bigUnit, small, smallUnit)
	}
	sec := ms / 1000
	switch days := sec / 86400; {
	case ms < 1000:
		return fmt.Sprintf("%d ms", ms)
	case sec < 60:
		return strings.Replace(fmt.Sprintf("%d.%d s", sec, ms%1000/100), ".0", "", 1)
	case sec < 3600:
		return two(sec/60, "min", sec%60, "s")
	case days < 1:
		return two(sec/3600, "h", sec%3600/60, "min")
	case days == 1:
		return two(days, "day", sec%86400/3600, "h")
	case days < 10:
		return two(days, "days", sec%86400/3600, "h")
	default:
		return number(int(days)) + " days"
	}
}

// when returns a time in UTC, to the millisecond.
func when(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000") }

// shown returns a value as JSON, cut to the given number of characters.
func shown(v record.Value, most int) string {
	s := printable(v.String())
	if v.Kind() == record.KindString && utf8.RuneCountInString(s) > most {
		return cut(s, most-1) + `"`
	}
	return cut(s, most)
}

// cut returns s, cut to the given number of characters.
func cut(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// printable returns s with an escape for each character that is invisible or could move the cursor.
// Names and values come from strangers, and this text goes to a terminal.
func printable(s string) string {
	plain := func(r rune) bool { return unicode.IsPrint(r) && r != utf8.RuneError }
	if strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if plain(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// pad returns s, padded with spaces to width characters.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

// shortID is the number of characters of a client ID that suffice if no other ID begins with them.
const shortID = 8

// clientNames gives clients short, distinct names.
type clientNames []string // all IDs, sorted

func namesOf(clients map[clock.ClientID]struct{}) clientNames {
	sorted := slices.SortedFunc(maps.Keys(clients), clock.ClientID.Compare)
	names := make(clientNames, len(sorted))
	for i, c := range sorted {
		names[i] = c.String()
	}
	return names
}

// of returns a prefix of the ID that no other ID shares.
func (names clientNames) of(c clock.ClientID) string {
	id := c.String()
	i, found := slices.BinarySearch(names, id)
	n := shortID
	if i > 0 {
		n = max(n, common(names[i-1], id)+1)
	}
	if found {
		i++
	}
	if i < len(names) {
		n = max(n, common(names[i], id)+1)
	}
	return id[:n]
}

// common returns the length of the common prefix of a and b.
func common(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
