package violation_test

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// Meeting is the value of the field slot of a meeting. Values that belong together are in one
// field, so they win together.
type Meeting struct {
	Room       string
	Start, End time.Time
}

// meetingSlot returns the slot of a meeting.
func meetingSlot(r record.Record) (violation.Slot, error) {
	w, ok := r.Get("slot")
	if !ok || w.Deleted() {
		return violation.Slot{}, nil // the meeting occupies no room
	}
	var m Meeting
	if err := w.Value.Decode(&m); err != nil {
		return violation.Slot{}, violation.ErrUnknown
	}
	return violation.Slot{Resource: m.Room, From: clock.TimestampOf(m.Start), To: clock.TimestampOf(m.End)}, nil
}

// meetings is a checker with one rule.
var meetings = &violation.Checker{Rules: map[string]violation.Rule{
	"double_booking": violation.NoOverlap{Table: "meetings", Fields: []string{"slot"}, Slot: meetingSlot,
		Describe: func(newer, older record.Record) string {
			return fmt.Sprintf("Your meeting %s conflicts with %s", newer.Key().ID, older.Key().ID)
		},
	},
}}

// at returns an hour of one day in March.
func at(hour int) time.Time { return time.Date(2026, 3, 2, hour, 0, 0, 0, time.UTC) }

// meetingBy returns a write by which a user books a room for an hour. The time of its stamp is
// the given number of minutes after nine.
func meetingBy(who byte, minute int, id, room string, hour int) record.Record {
	stamp := clock.Stamp{Time: clock.TimestampOf(at(9).Add(time.Duration(minute) * time.Minute)), Client: clock.ClientID{who}}
	m, err := record.New(record.Key{Table: "meetings", ID: id}).Edit(stamp).
		Set("slot", Meeting{room, at(hour), at(hour + 1)}).Mutation()
	if err != nil {
		panic(err)
	}
	return m.Data
}

// Two offline users book one room. Both writes are accepted. The server finds the conflict and
// reports it in a row that syncs like all other data. Moving one of the meetings resolves it.
func Example() {
	state := map[record.Key]record.Record{}
	view := violation.NewMemory(meetings)

	// push does what a server does with each write: join, check, store.
	push := func(written record.Record) {
		before, ok := state[written.Key()]
		if !ok {
			before = record.New(written.Key())
		}
		after, _ := merge.Records(before, written)
		changes := []merge.Update{{Before: before, After: after}}
		report := meetings.Check(context.Background(), violation.Input{View: view, Changes: changes})
		for _, u := range append(changes, report.Updates...) {
			state[u.After.Key()] = u.After
			view.Put(u.After)
		}
		for _, u := range report.Updates {
			v, _ := violation.Parse(u.After)
			fmt.Printf("%s: %s (%s)\n", v.Type, v.Description, v.Status)
		}
	}
	ana, ben := byte(1), byte(2)
	push(meetingBy(ana, 1, "Planning", "Room B", 14))
	push(meetingBy(ben, 2, "Review", "Room B", 14))
	push(meetingBy(ana, 3, "Planning", "Room B", 15))
	push(meetingBy(ana, 4, "Planning", "Room B", 14))
	// Output:
	// scheduling_conflict: Your meeting Review conflicts with Planning (open)
	// scheduling_conflict: Your meeting Review conflicts with Planning (resolved)
	// scheduling_conflict: Your meeting Planning conflicts with Review (open)
}

// doubleBooked returns storage with one meeting, and the updates that add a second meeting
// in the same room.
func doubleBooked() (*violation.Memory, []merge.Update) {
	view := violation.NewMemory(meetings)
	view.Put(meetingBy(1, 1, "Planning", "Room B", 14))
	second := meetingBy(2, 2, "Review", "Room B", 14)
	return view, []merge.Update{{Before: record.New(second.Key()), After: second}}
}

// Check gets the updates of a merge.Answer before they are stored, and returns the rows to
// store with them.
func ExampleChecker_Check() {
	view, updates := doubleBooked()
	report := meetings.Check(context.Background(), violation.Input{
		View: view, Changes: updates, Now: clock.TimestampOf(at(9)),
	})
	fmt.Println(report.Open, "open, errors:", report.Err)
	for _, u := range report.Updates {
		fmt.Println(u.Before.Len() == 0, u.After.Key())
	}
	// Output:
	// 1 open, errors: <nil>
	// true violations/jqasmie1g4jap07a7hii7ea87o
}

// Parse reads a row as a Violation.
func ExampleParse() {
	view, updates := doubleBooked()
	report := meetings.Check(context.Background(), violation.Input{View: view, Changes: updates})
	v, err := violation.Parse(report.Updates[0].After)
	if err != nil {
		panic(err)
	}
	fmt.Println(v.Rule, v.Status)
	fmt.Println(v.Record(), "with", v.Conflicting)
	fmt.Println("since", v.DetectedAt.Time().Format(time.Kitchen))
	// Output:
	// double_booking open
	// meetings/Review with [Planning]
	// since 9:02AM
}

// An audit checks everything. It finds violations of records that were stored without a check,
// under the IDs that a check would have given them.
func ExampleChecker_Audit() {
	all := merge.Collect(meetingBy(1, 1, "Planning", "Room B", 14), meetingBy(2, 2, "Review", "Room B", 14))
	report := meetings.Audit(all, clock.TimestampOf(at(9)))
	rows := report.Updates
	fmt.Println(len(rows), rows[0].After.Key())

	// Once the rows are stored, another audit changes nothing.
	all = merge.Join(all, merge.Collect(rows[0].After))
	fmt.Println(len(meetings.Audit(all, clock.TimestampOf(at(9))).Updates))
	// Output:
	// 1 violations/jqasmie1g4jap07a7hii7ea87o
	// 0
}

// Two transactions that book one room lock the number of its scope first, so the second one
// sees the booking of the first one.
func ExampleScope_Lock() {
	_, updates := doubleBooked()
	scopes, err := meetings.Scopes(updates)
	if err != nil {
		panic(err)
	}
	for _, scope := range scopes { // scopes are sorted, which prevents deadlocks
		fmt.Printf("SELECT pg_advisory_xact_lock(%d) -- %s\n", scope.Lock(), scope.Name)
	}
	// Output:
	// SELECT pg_advisory_xact_lock(-5213160816584887560) -- Room B
}
