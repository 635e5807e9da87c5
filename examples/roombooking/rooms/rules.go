// Package rooms holds the rules of an app in which people book meeting rooms. Servers
// run them when something was merged, and apps before they sync: it is the same code,
// also in a browser.
package rooms

import (
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// Table is the table of the meetings, and what follows are the fields of one.
const (
	Table      = "meetings"
	FieldTitle = "title"
	FieldHost  = "host"
	// FieldSlot holds a Slot.
	FieldSlot = "slot"
)

// Meeting is a meeting as the app shows and edits it. SetStruct of an edit writes what
// changed in one that Struct of a record read.
type Meeting struct {
	Title string `lww:"title"`
	Host  string `lww:"host"`
	Slot  Slot   `lww:"slot"`
}

// Slot says where and when a meeting is. It is one field and not three, since it wins
// together: two people who move one meeting at the same time must not end up with the
// room of the one and the time of the other.
type Slot struct {
	Room  string    `json:"room"`
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Checker returns the rules: no two meetings in one room at one time. A conflict stops
// mattering when the first of the two meetings is over. A change reads the meetings of its
// room and month, and not those of years ago.
func Checker() *violation.Checker {
	return &violation.Checker{Rules: map[string]violation.Rule{
		"room_taken": violation.NoOverlap{
			Table:    Table,
			Fields:   []string{FieldSlot},
			Slot:     taken,
			Describe: Banner,
			Relevant: true,
			Monthly:  true,
		},
	}}
}

// taken says in the words of the library what a meeting takes. A slot in a form that is
// not known here, as from a newer version of the app, is unknown, and not free.
func taken(meeting record.Record) (violation.Slot, error) {
	s, err := SlotOf(meeting)
	if err != nil {
		return violation.Slot{}, fmt.Errorf("%w: %w", violation.ErrUnknown, err)
	}
	return violation.Slot{Resource: s.Room, From: clock.TimestampOf(s.Start), To: clock.TimestampOf(s.End)}, nil
}

// SlotOf returns the slot of a meeting, or the zero Slot if it has none.
func SlotOf(meeting record.Record) (Slot, error) {
	w, ok := meeting.Get(FieldSlot)
	if !ok || w.Deleted() {
		return Slot{}, nil
	}
	var s Slot
	err := w.Value.Decode(&s)
	return s, err
}

// Banner returns what to tell the host of a meeting that is in conflict with another
// one. It is also the description of a violation, which everybody may read who may
// read the violations; in this app everybody may read all titles.
func Banner(mine, other record.Record) string {
	// Both have a slot that can be read, or there would be no conflict.
	a, _ := SlotOf(mine)
	b, _ := SlotOf(other)
	from := a.Start
	if b.Start.After(from) {
		from = b.Start
	}
	return fmt.Sprintf(`Your meeting "%s" conflicts with "%s" in %s at %s`, Text(mine, FieldTitle), Text(other, FieldTitle), a.Room, Hour(from))
}

// Text returns the text in a field, or a dash if there is none.
func Text(meeting record.Record, field string) string {
	w, _ := meeting.Get(field)
	if s, ok := w.Value.Text(); ok {
		return s
	}
	return "–"
}

// Hour returns a time of day as people say it: 2 PM, 2:30 PM. It is in UTC: all servers
// must come to the same text, whatever their own zone is.
func Hour(t time.Time) string {
	if t = t.UTC(); t.Minute() == 0 {
		return t.Format("3 PM")
	}
	return t.Format("3:04 PM")
}
