package main

import (
	"fmt"
	"os"
)

// Example checks the story that go run prints.
func Example() {
	if err := run(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// Ana creates the task fence
	//     fence: accepted, estimate applied, title applied
	// Ben pulls; changed records: 1
	// Ana changes title and estimate
	//     fence: accepted, estimate applied, title applied
	// Ben changes title and done later, without having seen Ana's change
	//     fence: accepted, done applied, title applied, lost_edit
	// Ben creates the task gate
	//     gate: accepted, title applied
	// Ben did not get the answer and sends the same batch again
	//     gate: accepted, title equal
	// Ana creates two tasks, one with a clock that is an hour ahead
	//     lawn: accepted, title applied
	//     pond: refused, too_far_ahead
	// Ana pulls; changed records: 2
	// Ben pulls; changed records: 2
	// Ben deletes the estimate of the task fence, and the whole task gate
	//     fence: accepted, estimate applied
	//     gate: accepted, $deleted applied
	// Ana comes online with older edits of both
	//     fence: accepted, estimate superseded, lost_edit
	//     gate: accepted, title applied, update_of_deleted
	// Ana pulls; changed records: 2
	// Ben pulls; changed records: 1
	// a new device pulls; changed records: 3
	// the task gate is deleted: true
	// Ben has the state of the server: true
	// the server divides the tasks by project
	// Ana gets the bucket ""
	// Ana gets the bucket "project/garden"
	// Ben gets the bucket ""
	// Ben pulls and holds: fence, gate, lawn
	// Ana moves the task lawn to the project garden
	//     lawn: accepted, project applied
	// Ben edits the task lawn, which is no longer there for Ben
	//     lawn: refused, forbidden
	// Ben pulls and holds: fence, gate
	// Ben gets the bucket "project/garden"
	// Ben pulls and holds: fence, gate, lawn
	// Ben loses the bucket project/garden
	// Ben pulls and holds: fence, gate
	//
	// the digest of the state in each layout:
	// one row per field  fb5f0468e0cd54f3812bc2e0386a916055adddf91e521cdc0d4d30a0d10d2522
	// shadow columns     fb5f0468e0cd54f3812bc2e0386a916055adddf91e521cdc0d4d30a0d10d2522
	// JSON document      fb5f0468e0cd54f3812bc2e0386a916055adddf91e521cdc0d4d30a0d10d2522
}
