package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/record"
)

// count returns a number with its noun, whose plural must end in s.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fieldlog.Number(n) + " " + thing + "s"
}

// percent returns n as a share of a whole, or nothing of an empty whole. Only nothing is 0 %, and only
// the whole is 100 %.
func percent(n, of int) string {
	switch share := float64(n) / float64(of) * 100; {
	case of == 0:
		return ""
	case n > 0 && share < 1:
		return "<1 %"
	case n < of && share > 99:
		return ">99 %"
	default:
		return fmt.Sprintf("%.0f %%", share)
	}
}

// when returns a time in UTC, to the millisecond.
func when(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000") }

// shown returns a value as JSON, cut to the given number of characters.
func shown(v record.Value, most int) string {
	s := fieldlog.Printable(v.String())
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

// pad returns s, padded with spaces to width characters.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

// common returns the length of the common prefix of a and b.
func common(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
