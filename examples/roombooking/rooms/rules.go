// Package rooms implements the rules of an app in which people book meeting rooms. Servers
// run them after each merge, and apps before they sync. The code is the same for both, and
// also runs in a browser.
package rooms

import (
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// Table is the table of meetings. The other constants are the fields of a meeting.
const (
	Table      = "meetings"
	FieldTitle = "title"
	FieldHost  = "host"
	// FieldSlot holds a Slot.
	FieldSlot = "slot"
)

// Meeting is a meeting as the app shows and edits it. Record.Struct reads it, and Edit.SetStruct
// writes the fields that changed since it was read.
type Meeting struct {
	Title string `lww:"title"`
	Host  string `lww:"host"`
	Slot  Slot   `lww:"slot"`
}

// Slot is the room and time of a meeting. It is one field, not three, so that its parts win
// together: if two people move one meeting at the same time, the result must not be the room
// from one edit and the time from the other.
type Slot struct {
	Room  string    `json:"room"`
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Checker returns the rules: no two meetings in one room at one time. A conflict stops
// mattering when the first of the two meetings is over. The check of a change reads only the
// meetings of its room and month.
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

// taken returns the slot of a meeting as a violation.Slot. A slot in an unknown form, for
// example from a newer version of the app, counts as unknown, not as free.
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

// Banner returns the text that tells the host of a meeting about a conflict with another
// meeting. It is also the description of the violation, which every reader of violations may
// read; in this app, everyone may read all titles.
func Banner(mine, other record.Record) string {
	// Both slots can be read, or there would be no conflict.
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

// Hour returns a time of day in the form 2 PM or 2:30 PM. It is in UTC: all servers
// must produce the same text, whatever their own time zone is.
func Hour(t time.Time) string {
	if t = t.UTC(); t.Minute() == 0 {
		return t.Format("3 PM")
	}
	return t.Format("3:04 PM")
}
