package main

import (
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/examples/roombooking/rooms"
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
	t.now = at(hour, minute)
	t.say("\n%s  %s", t.now.Format("3:04 PM"), what)
}

// sync lets devices push and pull, one after the other, and prints what was refused or lost.
func (t *story) sync(devices ...*device) {
	for _, d := range devices {
		replies, err := d.push(t.server)
		t.do(err)
		for _, r := range replies {
			if r.Code != "" {
				t.say("  the server answers %s: %s/%s %s, %s", d.name, r.Table, r.ID, r.Verdict, r.Code)
			}
			for _, note := range r.Notes {
				t.say("  the server tells %s: %s/%s, %s", d.name, r.Table, r.ID, note)
			}
		}
		t.do(d.pull(t.server))
	}
}

// show prints what devices show. A field that does not open is missing.
func (t *story) show(devices ...*device) {
	for _, d := range devices {
		shown, _ := d.shown()
		for r := range shown.All() {
			s, err := rooms.SlotOf(r)
			t.do(err)
			t.say("  %s shows: %s, %s at %s, host %s", d.name, rooms.Text(r, rooms.FieldTitle), s.Room, rooms.Hour(s.Start), rooms.Text(r, rooms.FieldHost))
		}
	}
}

// at returns a time on the day of the story.
func at(hour, minute int) time.Time { return time.Date(2026, 3, 2, hour, minute, 0, 0, time.UTC) }

// slot returns an hour in Room B on the day of the story.
func slot(hour int) rooms.Slot {
	return rooms.Slot{Room: "Room B", Start: at(hour, 0), End: at(hour+1, 0)}
}
