// Command roombooking plays a story in which two people book one room while they are
// offline. Both bookings are accepted, two servers find the conflict independently, both
// people are told, and moving one meeting resolves it.
//
//	go run ./examples/roombooking
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

const usage = `Usage: roombooking

Plays a story: two people book one room while they are offline. Both bookings are accepted, two
servers find the conflict independently, both people are told, and moving one meeting resolves it.

  -h  print this help
`

// run implements the program, and returns its exit status.
func run(args []string, stdout, stderr io.Writer) int {
	err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		io.WriteString(stdout, usage)
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "roombooking: %v\nFor help, run roombooking -h.\n", err)
		return 2
	}
	t, err := newStory(stdout)
	if err == nil {
		err = t.play()
	}
	if err != nil {
		fmt.Fprintln(stderr, "roombooking:", err)
		return 1
	}
	return 0
}

// parse reads the command line, which has no flags but -h.
func parse(args []string) error {
	f := flag.NewFlagSet("roombooking", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return errors.New("it takes no arguments")
	}
	return nil
}
