package record_test

import (
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// A program reads a record into a struct, changes the struct, and writes only the changes.
// The field that the struct does not have stays as it is.
func ExampleEdit_SetStruct() {
	type Task struct {
		Title    string  `lww:"title"`
		Priority int     `lww:"priority"`
		Assignee *string `lww:"assignee"`
	}
	ana := clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	noon := clock.MustParseTimestamp("2026-03-02T12:00:00Z")
	m, _ := record.New(record.Key{Table: "tasks", ID: "42"}).Edit(clock.Stamp{Time: noon, Client: ana}).
		Set("title", "Paint the fence").Set("assignee", "ben").Set("color", "green").Mutation()
	stored := m.Data

	var task Task
	if err := stored.Struct(&task); err != nil {
		fmt.Println(err)
		return
	}
	task.Priority = 1
	task.Assignee = nil

	m, err := stored.Edit(clock.Stamp{Time: noon + 1, Client: ana}).SetStruct(task).Mutation()
	if err != nil {
		fmt.Println(err)
		return
	}
	for name, w := range m.Data.All() {
		fmt.Println(name, w.Value)
	}
	// Output:
	// assignee null
	// priority 1
}

// Data that must win together is a struct of its own, stored in one field. A value that does
// not fit its member is refused, and the destination struct does not change.
func ExampleRecord_Struct() {
	type Slot struct {
		From time.Time `json:"from"`
		To   time.Time `json:"to"`
	}
	type Booking struct {
		Room  string `lww:"room"`
		Seats int    `lww:"seats"`
		Slot  Slot   `lww:"slot"`
		Note  string `lww:"note"`
	}
	ana := clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	noon := clock.MustParseTimestamp("2026-03-02T12:00:00Z")
	m, _ := record.New(record.Key{Table: "bookings", ID: "7"}).Edit(clock.Stamp{Time: noon, Client: ana}).
		Set("room", "B2").Set("seats", 12).Set("slot", map[string]string{
		"from": "2026-03-06T09:00:00Z",
		"to":   "2026-03-06T10:30:00Z",
	}).Mutation()

	var b Booking
	fmt.Println(m.Data.Struct(&b))
	fmt.Printf("%s, %d seats, %s, note %q\n", b.Room, b.Seats, b.Slot.To.Sub(b.Slot.From), b.Note)

	m, _ = m.Data.Edit(clock.Stamp{Time: noon + 1, Client: ana}).Set("seats", "twelve").Mutation()
	fmt.Println(m.Data.Struct(&b))
	fmt.Println(b.Room, b.Seats)
	// Output:
	// <nil>
	// B2, 12 seats, 1h30m0s, note ""
	// record: seats: wrong type: cannot be read into int
	// B2 12
}

// A Field distinguishes states that a plain member cannot.
func ExampleField() {
	type Task struct {
		Due record.Field[string] `lww:"due"`
	}
	show := func(t Task) string {
		due, ok := t.Due.Get()
		switch {
		case ok:
			return "due " + due
		case t.Due.IsNull():
			return "no due date"
		case t.Due.Deleted():
			return "due date deleted"
		}
		return "never had a due date"
	}
	ana := clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	now := clock.MustParseTimestamp("2026-03-02T12:00:00Z")
	stored := record.New(record.Key{Table: "tasks", ID: "42"})

	task := Task{}
	for _, change := range []func(){
		func() {},
		func() { task.Due.Set("2026-03-06") },
		func() { task.Due.SetNull() },
		func() { task.Due.Delete() },
		func() { task = Task{Due: record.FieldOf("2026-03-09")} },
	} {
		change()
		now++
		m, err := stored.Edit(clock.Stamp{Time: now, Client: ana}).SetStruct(task).Mutation()
		if err != nil {
			fmt.Println(err)
			return
		}
		var b record.Builder
		stored, _, _ = b.Join(stored, m.Data)

		var read Task
		if err := stored.Struct(&read); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(show(read))
	}
	// Output:
	// never had a due date
	// due 2026-03-06
	// no due date
	// due date deleted
	// due 2026-03-09
}
