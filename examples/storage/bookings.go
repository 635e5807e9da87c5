package main

import (
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// bookingsTable is the table of the sample rule of violations.go.
const bookingsTable = "bookings"

// slot says which room is booked and when. It is one field, because it wins together.
type slot struct {
	Room  string    `json:"room"`
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// bookingRules returns the sample rule: no two bookings of one room at one time. A change
// reads the bookings of its room and month.
func bookingRules() *violation.Checker {
	return &violation.Checker{Rules: map[string]violation.Rule{
		"room_taken": violation.NoOverlap{Table: bookingsTable, Fields: []string{"slot"}, Slot: slotOf, Monthly: true},
	}}
}

// slotOf returns what a booking takes, and nothing if it has no slot. One that is in
// another form, as from a newer client, is unknown, and not free.
func slotOf(booking record.Record) (violation.Slot, error) {
	w, ok := booking.Get("slot")
	if !ok || w.Deleted() {
		return violation.Slot{}, nil
	}
	var s slot
	if err := w.Value.Decode(&s); err != nil {
		return violation.Slot{}, fmt.Errorf("%w: %w", violation.ErrUnknown, err)
	}
	return violation.Slot{Resource: s.Room, From: clock.TimestampOf(s.Start), To: clock.TimestampOf(s.End)}, nil
}

// bookingsGuard is the Guard of a server for bookings: clients write to these, and to
// the violations what people have to say of them.
var bookingsGuard = violation.Guard(violation.DefaultTable, func(_ clock.ClientID, m record.Mutation) error {
	if table := m.Data.Key().Table; table != bookingsTable && table != violation.DefaultTable {
		return &merge.Refusal{Code: "unknown_table", Path: "table"}
	}
	return nil
})
