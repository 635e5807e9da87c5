package main

import (
	"fmt"
	"os"
)

// Example is the story as go run prints it.
func Example() {
	if err := run(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// Ana creates the task fence
	//     fence: accepted, estimate applied, title applied
	// Ben pulls, and sees 1 changed
	// Ana changes title and estimate
	//     fence: accepted, estimate applied, title applied
	// Ben changes title and done, later and without having seen that
	//     fence: accepted, done applied, title applied, lost_edit
	// Ben creates the task gate
	//     gate: accepted, title applied
	// Ben did not get the answer, and sends the same again
	//     gate: accepted, title equal
	// Ana creates two tasks, one of them with a clock that is an hour ahead
	//     lawn: accepted, title applied
	//     pond: refused, too_far_ahead
	// Ana pulls, and sees 2 changed
	// Ben pulls, and sees 2 changed
	// Ben deletes the estimate of fence, and the task gate
	//     fence: accepted, estimate applied
	//     gate: accepted, $deleted applied
	// Ana comes online with older edits of both
	//     fence: accepted, estimate superseded, lost_edit
	//     gate: accepted, title applied, update_of_deleted
	// Ana pulls, and sees 2 changed
	// Ben pulls, and sees 1 changed
	// a new device pulls, and sees 3 changed
	// the task gate is deleted: true
	// Ben has what the server has: true
	//
	// the digest of the state on
	// one row per field  dcf22742ae706278a3619cad348ea352305c238c55fef4fb983de7dd3ff7b302
	// shadow columns     dcf22742ae706278a3619cad348ea352305c238c55fef4fb983de7dd3ff7b302
	// JSON document      dcf22742ae706278a3619cad348ea352305c238c55fef4fb983de7dd3ff7b302
}
