package merge_test

import (
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// Two people edit one task offline. Each sets a field that the other does not, and both set
// the status. In whichever order the edits are merged, the later write of each field wins.
func Example() {
	task := record.New(record.Key{Table: "tasks", ID: "42"})
	ana := clock.Stamp{Time: clock.MustParseTimestamp("2026-03-02T12:10:00Z"), Client: clock.ClientID{0xa1}}
	ben := clock.Stamp{Time: clock.MustParseTimestamp("2026-03-02T12:11:00Z"), Client: clock.ClientID{0xb2}}

	byAna, _ := task.Edit(ana).Set("title", "Paint the fence").Set("status", "doing").Mutation() // offline
	byBen, _ := task.Edit(ben).Set("due", "2026-03-06").Set("status", "blocked").Mutation()      // offline

	onAnasPhone, _ := merge.Records(byAna.Data, byBen.Data)
	onBensPhone, _ := merge.Records(byBen.Data, byAna.Data)

	fmt.Println("equal:", onAnasPhone.Equal(onBensPhone))
	fmt.Println(onAnasPhone.Map())
	// Output:
	// equal: true
	// map[due:2026-03-06 status:blocked title:Paint the fence]
}

// A replica asks for the writes that it lacks: the delta between its own state and the
// state of the other replica.
func ExampleDelta() {
	ana := clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	first := clock.Stamp{Time: clock.MustParseTimestamp("2026-03-02T12:00:00Z"), Client: ana}
	later := clock.Stamp{Time: clock.MustParseTimestamp("2026-03-02T12:05:00Z"), Client: ana}
	created, _ := record.New(record.Key{Table: "tasks", ID: "42"}).Edit(first).
		Set("title", "Paint the fence").Set("status", "open").Mutation()
	edited, _ := created.Data.Edit(later).Set("status", "done").Mutation()

	have := merge.Collect(created.Data)
	want := merge.Collect(created.Data, edited.Data)
	delta := merge.Delta(have, want)
	fmt.Print(string(delta.AppendLines(nil)))
	fmt.Println("caught up:", merge.Join(have, delta).Digest() == want.Digest())
	// Output:
	// {"table":"tasks","id":"42","data":{"status":{"value":"done","updatedAt":"2026-03-02T12:05:00.000000000Z","clientId":"7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10"}}}
	// caught up: true
}

// A Fold reads a log of writes in whatever order they arrive, and reports what each
// write did.
func ExampleFold() {
	ana := clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	key := record.Key{Table: "tasks", ID: "42"}
	status := func(text, value string) record.FieldValue {
		return record.FieldValue{
			Value: record.MustOf(value),
			Stamp: clock.Stamp{Time: clock.MustParseTimestamp(text), Client: ana},
		}
	}

	var f merge.Fold
	for _, w := range []record.FieldValue{
		status("2026-03-02T12:05:00Z", "done"),
		status("2026-03-02T12:00:00Z", "open"), // arrives late
		status("2026-03-02T12:05:00Z", "done"), // sent again
	} {
		change, _ := f.Write(key, "status", w)
		fmt.Println(change.Outcome)
	}
	task, _ := f.Collection().Get(key)
	w, _ := task.Get("status")
	fmt.Println(w.Value)
	// Output:
	// applied
	// superseded
	// equal
	// "done"
}

// A cloned device used one stamp twice. The two writes still have the same winner on every
// replica, and the collision is reported.
func ExampleChanges() {
	cloned := clock.Stamp{
		Time:   clock.MustParseTimestamp("2026-03-02T12:00:00Z"),
		Client: clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10"),
	}
	task := record.New(record.Key{Table: "tasks", ID: "42"})
	here, _ := task.Edit(cloned).Set("status", "open").Mutation()
	there, _ := task.Edit(cloned).Set("status", "done").Mutation()

	for field, change := range merge.Changes(here.Data, there.Data) {
		fmt.Println(field, change.Outcome, change.Winner().Value)
	}
	for field, change := range merge.Changes(there.Data, here.Data) {
		fmt.Println(field, change.Outcome, change.Winner().Value)
	}
	// Output:
	// status collision "open"
	// status collision "open"
}
