package main

import (
	"slices"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/record"
)

// author is a person at a device with one open record. Edits depend only on what the device shows,
// never on what others did elsewhere.
type author struct {
	*prng
	*record.Edit
	device *device
	seen   record.Record
}

// habit is something that people do to a record from time to time.
type habit struct {
	weight int // uses in a hundred
	open   func(*prng, *device) record.Record
	edit   func(author)
}

// habits lists the edits of an ordinary day; the weights add up to 100.
var habits = []habit{
	{20, aTask, advance},
	{8, aTask, retitle},
	{7, aTask, func(a author) { a.Set("assignee", pick(a.prng, team).id) }},
	{9, aTask, func(a author) { a.Set("due", date(a.device.now, a.below(12))) }},
	{11, aTask, func(a author) { a.Set("notes", pick(a.prng, notes)) }},
	{5, aTask, func(a author) { a.Set("priority", 1+a.below(4)) }},
	{5, aTask, func(a author) { a.Set("estimate", float64(1+a.below(16))/2) }}, // halves are exact in binary
	{6, aTask, func(a author) { a.Set("tags/"+pick(a.prng, tags), true) }},
	{4, aTask, untag},
	{2, aTask, func(a author) { a.Delete(pick(a.prng, optional)) }},
	{2, aTask, func(a author) { a.Set(pick(a.prng, optional), nil) }},
	{3, aTask, func(a author) { a.Set("status", a.text("status")) }}, // saved again, unchanged
	{2, aTask, func(a author) { a.DeleteRecord() }},
	{1, aBooking, func(a author) { a.DeleteRecord() }},
	{1, aDeletedTask, func(a author) { a.RestoreRecord() }},
	{4, aNewTask, planTask},
	{2, aNewBooking, bookRoom},
	{4, aBooking, func(a author) { a.Set("slot", a.slot()) }},
	{1, aProject, func(a author) { a.Set("lead", pick(a.prng, team).id) }},
	{1, aProject, func(a author) { a.Set("budget", 50*(10+a.below(90))) }},
	{2, myself, func(a author) { a.Set("presence", pick(a.prng, presences)) }},
}

// everyday picks a habit by weight.
func everyday(random *prng) habit {
	ticket := random.below(100)
	for _, h := range habits {
		if ticket -= h.weight; ticket < 0 {
			return h
		}
	}
	return habits[0]
}

func aTask(random *prng, d *device) record.Record    { return d.view.find(random, "tasks", false) }
func aBooking(random *prng, d *device) record.Record { return d.view.find(random, "bookings", false) }
func aProject(random *prng, d *device) record.Record { return d.view.find(random, "projects", false) }

func aDeletedTask(random *prng, d *device) record.Record { return d.view.find(random, "tasks", true) }

func aNewTask(random *prng, _ *device) record.Record { return blank("tasks", random.shortID("t")) }
func aNewBooking(random *prng, _ *device) record.Record {
	return blank("bookings", random.shortID("b"))
}

func myself(_ *prng, d *device) record.Record {
	return d.view.record(record.Key{Table: "people", ID: d.owner()})
}

func blank(table, id string) record.Record { return record.New(record.Key{Table: table, ID: id}) }

func advance(a author) {
	now := slices.Index(statuses, a.text("status"))
	a.Set("status", statuses[(now+1)%len(statuses)])
}

// retitle changes the verb and keeps the object.
func retitle(a author) {
	_, object, _ := strings.Cut(a.text("title"), " ")
	a.Set("title", pick(a.prng, verbs)+" "+object)
}

func untag(a author) {
	for name, w := range a.seen.All() {
		if strings.HasPrefix(name, "tags/") && !w.Deleted() {
			a.Delete(name)
			return
		}
	}
	a.Set("tags/"+pick(a.prng, tags), true)
}

func planTask(a author) {
	a.Set("title", pick(a.prng, verbs)+" "+pick(a.prng, objects)).Set("status", statuses[0])
	a.Set("project", pick(a.prng, projects).id).Set("assignee", pick(a.prng, team).id)
	a.Set("due", date(a.device.now, 1+a.below(12)))
}

func bookRoom(a author) {
	a.Set("purpose", pick(a.prng, purposes)).Set("bookedBy", a.device.owner()).Set("slot", a.slot())
}

// text returns the text that the open record shows in a field.
func (a author) text(field string) string {
	w, _ := a.seen.Get(field)
	text, _ := w.Value.Text()
	return text
}

// slot picks one composite value: room, start and end win together.
func (a author) slot() map[string]any {
	today := a.device.now - (a.device.now-monday)%day
	start := today + int64(1+a.below(6))*day + int64(9+a.below(8))*hour
	return interval(pick(a.prng, rooms), start, int64(1+a.below(4))*30*minute)
}

func interval(room string, start, length int64) map[string]any {
	const layout = "2006-01-02T15:04Z"
	return map[string]any{
		"room":  room,
		"start": time.UnixMilli(start).UTC().Format(layout),
		"end":   time.UnixMilli(start + length).UTC().Format(layout),
	}
}

func date(now int64, days int) string {
	return time.UnixMilli(now + int64(days)*day).UTC().Format(time.DateOnly)
}
