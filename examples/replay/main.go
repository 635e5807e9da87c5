// Command replay merges an edit history that many replicas wrote, or replays the
// journal of a server, and tells why each winner won.
//
//	go run ./examples/replay                                     # a simulated team
//	go run ./examples/replay history.jsonl.gz                    # a file of yours
//	go run ./examples/replay -explain tasks/opening-night/due    # one field's story
//	go run ./examples/replay journal.jsonl                       # a server's journal
//
// A history is JSON Lines: one mutation a line, in any order, any of them twice.
// The state that comes out, and its digest, do not depend on the order, nor on
// how many replicas the writes went through; -shuffle and -split show it.
//
// A journal is what merge.Push.AppendJournal writes: a line for each push, in the
// order in which the server decided about them. Replaying it checks that each answer
// is again what it was, and -explain tells what the server answered, and why.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
)

// The exit statuses.
const (
	success  = 0
	refused  = 1 // the input, or the question, cannot be answered
	misused  = 2 // the command line is wrong
	diverged = 2 // replicas, or the answers of a journal, differ, which must not happen
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// task is what is done with an input.
type task interface {
	// run reads all of the input.
	run(*input) error
	// print prints what was asked for. Its error says why that is to be doubted.
	print(*bufio.Writer, *input) error
}

// run is the whole program. It writes to stdout only once all of the input was
// read.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		io.WriteString(stdout, usage)
		return success
	}
	if err != nil {
		fmt.Fprintf(stderr, "replay: %v\n\n%s", err, usage)
		return misused
	}
	in, err := openInput(o, stdin)
	if err == nil {
		defer in.close()
		err = answer(taskFor(o, in, newProgress(stderr)), in, stdout)
	}
	if err != nil {
		fmt.Fprintf(stderr, "replay: %v\n", err)
	}
	return statusOf(err)
}

// taskFor returns what is to be done with an input.
func taskFor(o options, in *input, p *progress) task {
	if in.journal {
		return newJournal(o, p)
	}
	return newReplay(o, p)
}

// answer does the task, and prints what was asked for.
func answer(t task, in *input, stdout io.Writer) error {
	if err := t.run(in); err != nil {
		return err
	}
	out := bufio.NewWriter(stdout)
	doubt := t.print(out, in)
	if err := out.Flush(); err != nil {
		return err
	}
	return doubt
}

// statusOf returns the exit status for what ended the program.
func statusOf(err error) int {
	switch {
	case err == nil:
		return success
	case errors.Is(err, errDiverged), errors.Is(err, errAnswer):
		return diverged
	case errors.Is(err, errOrder):
		return misused
	}
	return refused
}

const usage = `Usage: replay [flags] [FILE]

Merges an edit history, field by field, the later write wins, and reports what
became of the writes. FILE holds JSON Lines, one mutation a line, plain or gzip;
"-" is standard input. Without a FILE it merges a history that is built in: a week
of a simulated team.

If FILE is the journal of a server instead, one push a line, it decides about each
push once more, and reports what became of it and whether each answer is byte-equal
to the one that the server gave.

  -state          print the merged state as canonical JSON Lines, and nothing else;
                  of a journal, each record as it was stored last
  -shuffle SEED   deliver the single writes in another order, a different one for
                  each whole number SEED; holds the history in memory
  -split N        deal the writes to N replicas (1 to 100), which then exchange
                  their whole states, and check that all end with the same bytes
  -explain TABLE/ID/FIELD
                  tell the story of one field: each write in the order of arrival;
                  of a journal, each push that wrote it, or tried to, or deleted or
                  restored its record, with what the server answered, and why
  -h              print this help

-shuffle and -split are for histories: a journal is replayed in its own order.

Exit status: 0 if all went well; 1 if the input is refused or has no such field;
2 if the command line is wrong, or if replicas, or the answers of a journal, differ:
then there is a bug, or somebody changed the journal.
`

// maxSplit bounds -split: exchanging whole states is quadratic in it.
const maxSplit = 100

// options is what the command line asks for.
type options struct {
	file    string // empty for the built-in history
	state   bool
	shuffle bool
	seed    uint64
	split   int // 0 for one replica and nothing to exchange
	explain string
}

// parse reads the command line. Flags may follow the file.
func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("replay", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.BoolVar(&o.state, "state", false, "")
	f.Func("shuffle", "", func(s string) (err error) {
		o.shuffle = true
		o.seed, err = seed(s)
		return err
	})
	f.Func("split", "", func(s string) (err error) {
		if o.split, err = strconv.Atoi(s); err != nil || o.split < 1 || o.split > maxSplit {
			return fmt.Errorf("need a whole number from 1 to %d", maxSplit)
		}
		return nil
	})
	f.Func("explain", "", func(s string) error {
		if o.explain = s; s == "" {
			return errors.New("need TABLE/ID/FIELD")
		}
		return nil
	})
	for {
		if err := f.Parse(args); err != nil {
			return o, err
		}
		if f.NArg() == 0 {
			return o, o.check()
		}
		if o.file != "" || f.Arg(0) == "" {
			return o, errors.New("need one FILE at most")
		}
		o.file, args = f.Arg(0), f.Args()[1:]
	}
}

// seed reads the number of an order.
func seed(s string) (uint64, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return uint64(n), nil
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, errors.New("need a whole number")
	}
	return n, nil
}

// check refuses flags that contradict each other.
func (o options) check() error {
	switch {
	case o.explain != "" && o.state:
		return errors.New("-explain and -state cannot go together: -state prints the state and nothing else")
	case o.explain != "" && o.split > 0:
		return errors.New("-explain and -split cannot go together: a story is told as one replica saw it")
	}
	return nil
}
