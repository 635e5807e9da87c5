package violation_test

import (
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// noon is the time at which the stories start.
var noon = clock.TimestampOf(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))

const millisecond = clock.Timestamp(time.Millisecond)

// hours returns the time n hours after noon.
func hours(n int) clock.Timestamp { return noon + clock.Timestamp(n)*clock.Timestamp(time.Hour) }

// by returns a stamp of a client, the given number of milliseconds after noon.
func by(client byte, ms int) clock.Stamp {
	return clock.Stamp{Time: noon + clock.Timestamp(ms)*millisecond, Client: clock.ClientID{client}}
}

func keyOf(table, id string) record.Key { return record.Key{Table: table, ID: id} }

// fields are the fields that one write sets. A record.Value that is a deletion deletes its
// field.
type fields map[string]any

// write returns a write of a client to several fields of a record, as a record to join.
func write(table, id string, at clock.Stamp, set fields) record.Record {
	var b record.Builder
	r, err := b.Record(keyOf(table, id), func(yield func(string, record.FieldValue) bool) {
		for name, v := range set {
			if !yield(name, record.FieldValue{Value: record.MustOf(v), Stamp: at}) {
				return
			}
		}
	})
	if err != nil {
		panic(err)
	}
	return r
}

// slot returns the composite value of a booking: its room, and its start and end in hours
// after noon.
func slot(room string, from, to int) map[string]any {
	return map[string]any{"room": room, "from": from, "to": to}
}

func book(id string, at clock.Stamp, room string, from, to int) record.Record {
	return write("bookings", id, at, fields{"slot": slot(room, from, to)})
}

// sealed returns a value that no rule can read.
func sealed() any { return map[string]any{"sealed": "9f3c"} }

// remove returns the deletion of a record.
func remove(table, id string, at clock.Stamp) record.Record {
	return write(table, id, at, fields{record.DeletedField: true})
}

func slotOf(r record.Record) (violation.Slot, error) {
	w, ok := r.Get("slot")
	if !ok || w.Deleted() || w.Value.Kind() == record.KindNull {
		return violation.Slot{}, nil
	}
	var s struct {
		Room     string
		From, To int
	}
	if w.Value.Decode(&s) != nil || s.Room == "" {
		return violation.Slot{}, violation.ErrUnknown
	}
	return violation.Slot{Resource: s.Room, From: hours(s.From), To: hours(s.To)}, nil
}

func placeOf(r record.Record) (violation.Usage, error) {
	w, ok := r.Get("place")
	if !ok || w.Deleted() || w.Value.Kind() == record.KindNull {
		return violation.Usage{}, nil
	}
	var p struct {
		Event string
		Units int64
	}
	if w.Value.Decode(&p) != nil || p.Event == "" {
		return violation.Usage{}, violation.ErrUnknown
	}
	return violation.Usage{Parent: p.Event, Units: p.Units}, nil
}

// isHere reports whether a person has not left.
func isHere(person record.Record) (bool, error) {
	w, ok := person.Get("left")
	if !ok || w.Deleted() || w.Value.Kind() == record.KindNull {
		return true, nil
	}
	left, ok := w.Value.Bool()
	if !ok {
		return false, violation.ErrUnknown
	}
	return !left, nil
}

// undated describes a finished task that has no date.
func undated(task record.Record) (string, error) {
	w, _ := task.Get("done")
	if done, _ := w.Value.Bool(); !done {
		return "", nil
	}
	when, ok := task.Get("when")
	if ok && when.Value.Kind() == record.KindComposite {
		return "", violation.ErrUnknown
	}
	if text, _ := when.Value.Text(); text == "" {
		return "is done, but has no date", nil
	}
	return "", nil
}

var (
	overlapRule = violation.NoOverlap{Table: "bookings", Fields: []string{"slot"}, Slot: slotOf}
	seatsRule   = violation.Capacity{Table: "attendees", Fields: []string{"place"}, Usage: placeOf, ParentTable: "events", LimitField: "seats"}
	personRule  = violation.LiveReference{Table: "tasks", Field: "who", Target: "people", Fit: isHere, FitFields: []string{"left"}}
	emailRule   = violation.Unique{Table: "users", Fields: []string{"email"}}
	doneRule    = violation.PerRecord{Table: "tasks", Fields: []string{"done", "when"}, Type: "undated", Wrong: undated}
)

// smallRules returns the rules of the small world, one of each built-in type.
func smallRules() map[string]violation.Rule {
	return map[string]violation.Rule{
		"overlap": overlapRule, "seats": seatsRule, "person": personRule, "email": emailRule, "done": doneRule,
	}
}
