package violation_test

import (
	"fmt"
	"math/rand/v2"

	"pgregory.net/rapid"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// A world is a generated list of writes. All values come from small domains, so in most worlds
// records conflict, stamps tie, and violations are resolved again.

var rooms = []string{"B", "C", "D"}

// themes lists the tables of each kind of world. The tables of one world concern the same
// rules.
var themes = [][]string{
	{"bookings"}, {"bookings"}, {"events", "attendees", "attendees", "attendees"}, {"people", "tasks", "tasks", "tasks"}, {"users"},
	{"bookings", "bookings", "events", "attendees", "attendees", "people", "tasks", "users"},
}

var idsOf = map[string][]string{
	"bookings": {"a", "b", "c", "d", "e", "f"}, "events": {"x", "y"}, "attendees": {"a", "b", "c", "d"},
	"people": {"p", "q"}, "tasks": {"a", "b", "c", "d"}, "users": {"a", "b", "c"},
}

// dice draws all values with the same probability. The generators of rapid prefer small
// numbers, so most of their bookings would be the same booking at hour zero. In exchange,
// rapid can shrink only the number of writes.
type dice struct{ *rand.Rand }

func pick[T any](d dice, from []T) T { return from[d.IntN(len(from))] }

// write generates a write to one record, stamped near the given time.
func (d dice) write(about int, tables []string, readable bool) record.Record {
	table := pick(d, tables)
	id := pick(d, idsOf[table])
	at := by(byte(1+d.IntN(2)), about+d.IntN(5))
	switch n := d.IntN(14); {
	case n < 2:
		return write(table, id, at, fields{record.DeletedField: n == 0})
	case n == 2:
		return write(table, id, at, fields{"other": n})
	case n == 3:
		return write(table, id, at, fields{"home": pick(d, []string{"", "x", "y", "x y", "y x x"})})
	}
	name, value := d.field(table)
	switch n := d.IntN(10); {
	case n == 0:
		value = record.Deletion()
	case n <= 2 && !readable:
		value = sealed()
	}
	return write(table, id, at, fields{name: value})
}

// field generates the name and the value of a field that a rule reads.
func (d dice) field(table string) (name string, value any) {
	switch table {
	case "bookings":
		from := d.IntN(3)
		return "slot", slot(pick(d, append([]string{"B", "B"}, rooms...)), from, from+d.IntN(4))
	case "events":
		return "seats", d.IntN(4)
	case "attendees":
		return "place", map[string]any{"event": pick(d, idsOf["events"]), "units": d.IntN(4)}
	case "people":
		return "left", d.IntN(2) == 0
	case "users":
		return "email", pick(d, []string{"ana@", "ben@", ""})
	}
	switch d.IntN(4) {
	case 0:
		return "done", d.IntN(3) > 0
	case 1:
		return "when", pick(d, []string{"today", ""})
	}
	return "who", pick(d, append(idsOf["people"], ""))
}

// writesOf generates the writes of one world.
func writesOf(seed uint64, n int, readable bool) []record.Record {
	d := dice{rand.New(rand.NewPCG(seed, 0))}
	theme := pick(d, themes)
	var all []record.Record
	for i := range n {
		all = append(all, d.write(i, theme, readable))
	}
	return all
}

// genWrites draws the writes of one world.
func genWrites(least, most int, readable bool) *rapid.Generator[[]record.Record] {
	return rapid.Custom(func(t *rapid.T) []record.Record {
		n := most - rapid.IntRange(0, most-least).Draw(t, "fewer")
		var seed uint64 // mixed from several numbers, because rapid draws mostly small ones
		for _, part := range rapid.SliceOfN(rapid.Uint64(), 4, 4).Draw(t, "seed") {
			seed = seed*0x9e3779b97f4a7c15 + part
		}
		return writesOf(seed, n, readable)
	})
}

// genChecker draws a checker of the small rules. Its cap may be small enough for groups to
// reach it. It may put rows into buckets.
func genChecker() *rapid.Generator[*violation.Checker] {
	return rapid.Custom(func(t *rapid.T) *violation.Checker {
		c := &violation.Checker{Rules: smallRules(), MaxPerScope: rapid.SampledFrom([]int{1, 0, 2}).Draw(t, "most")}
		if rapid.Bool().Draw(t, "buckets") {
			c.Buckets = homes
		}
		return c
	})
}

// cut draws a division of a list into parts.
func cut[T any](t *rapid.T, list []T) (parts [][]T) {
	for len(list) > 0 {
		n := rapid.IntRange(1, len(list)).Draw(t, fmt.Sprintf("of %d", len(list)))
		parts = append(parts, list[:n])
		list = list[n:]
	}
	return parts
}
