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

// slot is a room and the time for which it is booked. The three values win together, so
// they are one field.
type slot struct {
	Room  string    `json:"room"`
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// bookingRules returns the sample rule: no two bookings of one room at the same time. The
// check of a change reads only the bookings of its room and month.
func bookingRules() *violation.Checker {
	return &violation.Checker{Rules: map[string]violation.Rule{
		"room_taken": violation.NoOverlap{Table: bookingsTable, Fields: []string{"slot"}, Slot: slotOf, Monthly: true},
	}}
}

// slotOf returns the slot of a booking, or the zero Slot if it has none. A slot in
// another form, for example from a newer client, is unknown rather than free.
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

// bookingsGuard is the Guard of a server for bookings. Clients may write to bookings,
// and may write the user fields of violations.
var bookingsGuard = violation.Guard(violation.DefaultTable, func(_ clock.ClientID, m record.Mutation) error {
	if table := m.Data.Key().Table; table != bookingsTable && table != violation.DefaultTable {
		return &merge.Refusal{Code: "unknown_table", Path: "table"}
	}
	return nil
})
