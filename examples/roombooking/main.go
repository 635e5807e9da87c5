// Command roombooking plays a story in which two people book one room while they are
// offline. Both bookings are accepted, two servers find the conflict independently, both
// people are told, and moving one meeting resolves it.
//
//	go run ./examples/roombooking
package main

import (
	"fmt"
	"os"
)

func main() {
	t, err := newStory(os.Stdout)
	if err == nil {
		err = t.play()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "roombooking:", err)
		os.Exit(1)
	}
}
