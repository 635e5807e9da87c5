package main

import (
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/clock"
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
