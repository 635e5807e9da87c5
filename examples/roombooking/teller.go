package main

import (
	"bytes"
	"fmt"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// say prints a line.
func (t *story) say(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.out, format+"\n", args...)
	}
}

// do stores an error, unless it is nil or the story already has one.
func (t *story) do(err error) {
	if t.err == nil {
		t.err = err
	}
}

// chapter sets the clock and prints the heading of a chapter.
func (t *story) chapter(hour, minute int, what string) {
	t.wall.set(hour, minute)
	t.say("\n%s  %s", t.wall.read().Format("3:04 PM"), what)
}

// status prints the violations that the servers have, and the status of each.
func (t *story) status() {
	for _, s := range []*server{t.east, t.west} {
		all := violations(s.Records())
		if len(all) == 0 {
			t.say("  %s has no violation", s.name)
		}
		for _, v := range all {
			t.say("  %s has the violation %s: %s", s.name, v.ID, v.Status)
		}
	}
}

// compare prints whether the servers have the same violations.
func (t *story) compare() {
	east, west := rowsOf(t.east.Records()), rowsOf(t.west.Records())
	same := bytes.Equal(east.AppendLines(nil), west.AppendLines(nil))
	t.say("  the same ID and the same bytes on both: %v", same)
}

// banners prints the banners that clients show at the top of the screen.
func (t *story) banners(clients ...*client) {
	for _, c := range clients {
		shown := 0
		for _, v := range violations(c.shown()) {
			if v.StatusAt(t.east.now()) == violation.Open {
				t.say("  %s shows: ⚠ %s", c.name(), c.banner(v))
				shown++
			}
		}
		if shown == 0 {
			t.say("  %s shows no banner", c.name())
		}
	}
}

// violations returns the violations that are stored in a state, closed ones included.
func violations(state merge.Collection) []violation.Violation {
	var all []violation.Violation
	for r := range rowsOf(state).All() {
		// A row with only user-written fields is not a violation on this server, or not yet.
		if v, err := violation.Parse(r); err == nil {
			all = append(all, v)
		}
	}
	return all
}

// rowsOf returns the rows of violations that are stored in a state.
func rowsOf(state merge.Collection) merge.Collection {
	var rows []record.Record
	for r := range state.All() {
		if r.Key().Table == violation.DefaultTable {
			rows = append(rows, r)
		}
	}
	return merge.Collect(rows...)
}
