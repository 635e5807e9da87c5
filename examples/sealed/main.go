// Command sealed plays a story in which two people share a calendar through a server that cannot
// read it. The server merges sealed values, tampers with them, and is found out. Package seal
// is the part to copy; README.md lists what a server can still do.
//
//	go run ./examples/sealed
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
		fmt.Fprintln(os.Stderr, "sealed:", err)
		os.Exit(1)
	}
}
