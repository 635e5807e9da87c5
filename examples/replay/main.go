// Command replay merges an edit history that many replicas wrote, or replays the journal of a
// server. It shows why each winner won.
//
//	go run ./examples/replay                                     # a simulated team
//	go run ./examples/replay history.jsonl.gz                    # your own file
//	go run ./examples/replay -explain tasks/opening-night/due    # one field's story
//	go run ./examples/replay journal.jsonl                       # a server's journal
//	go run ./examples/replay -timeline a/b/c journal.jsonl       # one field's story as a drawing
//	go run ./examples/replay -client log.jsonl journal.jsonl     # a client's log, and the journal
//
// A history is JSON Lines: one mutation per line, in any order. A mutation may occur more than once. The
// final state and its digest depend neither on the order nor on the number of replicas that the
// writes passed through; -shuffle and -split demonstrate this.
//
// A journal is written by merge.Push.AppendJournal: one line per push, in the order in which the
// server decided the pushes. Replaying it checks that each answer is the same as before. With
// -explain it shows what the server answered, and why. With -timeline it draws that. With -client it
// tells where the log of a client and the journal part; see package clientlog.
package main

import (
	"bufio"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
)

// Exit statuses.
const (
	success  = 0
	refused  = 1 // the input was refused, or it lacks a field or client that a flag names
	misused  = 2 // the command line is wrong
	diverged = 2 // replicas or journal answers differ, which must not happen
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// task processes an input and prints the result.
type task interface {
	// run reads the whole input.
	run(*input) error
	// print prints the requested result. An error says why the result cannot be trusted.
	print(*bufio.Writer, *input) error
}

// run implements the program. It writes to stdout only after it has read the whole input.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return streams{stdin, stdout, stderr, screenOf(stdout, os.Getenv)}.run(args)
}

// streams are the standard streams of the program.
type streams struct {
	in       io.Reader
	out, err io.Writer
	screen   screen // of out
}

func (s streams) run(args []string) int {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		io.WriteString(s.out, usage)
		return success
	}
	if err != nil {
		fmt.Fprintf(s.err, "replay: %v\nFor help, run replay -h.\n", err)
		return misused
	}
	in, err := openInput(o, s.in)
	if err == nil {
		defer in.close()
		if o.state {
			s.screen.width = 0 // lines of JSON stay whole
		}
		o.draw.width = s.screen.width
		err = s.answer(taskFor(o, in, newProgress(s.err, in)), in)
	}
	if err != nil {
		fmt.Fprintf(s.err, "replay: %v\n", err)
	}
	return statusOf(err)
}

// taskFor returns the task for an input.
func taskFor(o options, in *input, p *progress) task {
	if in.journal {
		return newJournal(o, p)
	}
	return newReplay(o, p)
}

// answer runs the task and prints the result.
func (s streams) answer(t task, in *input) error {
	if err := t.run(in); err != nil {
		return err
	}
	p := &page{screen: s.screen, out: s.out}
	out := bufio.NewWriter(p)
	doubt := t.print(out, in)
	if err := errors.Join(out.Flush(), p.flush()); err != nil {
		return err
	}
	return doubt
}

// statusOf returns the exit status for the error that ended the program.
func statusOf(err error) int {
	switch {
	case err == nil:
		return success
	case errors.Is(err, errDiverged), errors.Is(err, errAnswer):
		return diverged
	case errors.Is(err, errOrder), errors.Is(err, errNoArrivals), errors.Is(err, errNoServer):
		return misused
	}
	return refused
}

const usage = `Usage: replay [flags] [FILE]

Merges an edit history field by field, last write wins, and reports the outcomes
of the writes. FILE holds JSON Lines, one mutation per line, plain or gzip; "-" is
standard input. Without a FILE, replay merges a built-in history: a week of a
simulated team.

If FILE is the journal of a server, one push per line, replay decides each push
again. It reports the outcomes, and whether each answer is byte-equal to the one
that the server gave.

  -state          print only the merged state, as canonical JSON Lines;
                  for a journal, print each record as it was last stored
  -shuffle SEED   deliver the writes one by one in another order, a different one
                  for each whole number SEED; holds the history in memory
  -split N        deal the writes to N replicas (1 to 100), let these exchange
                  their whole states, and check that all end with the same bytes
  -explain TABLE/ID/FIELD
                  tell the story of one field: each write in order of arrival;
                  for a journal, each push that wrote the field or tried to, or
                  that deleted or restored its record, with the server's answer
                  and its reason
  -timeline TABLE/ID/FIELD
                  draw the story of one field, from a journal: who wrote it when,
                  what reached the server when, and what counted; in the terminal,
                  or as a picture in the file that -o names
  -o FILE.html    write the drawing to a page, with a table of the same facts
  -o FILE.svg     write only the picture
  -values         show the values that users wrote, which may be private
  -client LOG     compare the exported log of a client with a journal, and tell
                  where they part: on what an edit was made, what the server had
                  by then, and what the client was told and showed; with -explain,
                  only one field, and each edit of it
  -name ID=NAME   call a client NAME in the drawing, if its ID begins with ID;
                  may occur more than once
  -h              print this help

If a client has a record in the table devices, with the client ID as its ID,
replay calls it by the field name of this record, also without -values. In a
terminal, lines are as wide as the terminal, and have colours unless the
environment variable NO_COLOR is set.

-shuffle and -split are for histories: a journal is replayed in its own order.
-timeline and -client are for journals: a history does not say when a write
arrived.

Exit status: 0 on success; 1 if the input is refused, or has no such field or
client; 2 if the command line is wrong, or if replicas or the answers of a
journal differ.
A difference means that there is a bug or that the journal was changed.
`

// maxSplit bounds -split, because the exchange of whole states takes quadratic time.
const maxSplit = 100

// options holds the parsed command line.
type options struct {
	file    string // empty for the built-in history
	state   bool
	shuffle bool
	seed    uint64
	split   int // 0 means one replica and no exchange
	explain string
	logFile string // the file of a client's log, or ""
	draw    drawing
}

// field returns the path of the field that -explain or -timeline names.
func (o options) field() string { return cmp.Or(o.explain, o.draw.path) }

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
			return fmt.Errorf("want a whole number from 1 to %d", maxSplit)
		}
		return nil
	})
	f.Func("explain", "", func(s string) error {
		if o.explain = s; s == "" {
			return errors.New("want TABLE/ID/FIELD")
		}
		return nil
	})
	f.Func("client", "", func(s string) error {
		if o.logFile = s; s == "" {
			return errors.New("want the FILE of a log")
		}
		return nil
	})
	o.draw.addFlags(f)
	for {
		if err := f.Parse(args); err != nil {
			return o, err
		}
		if f.NArg() == 0 {
			return o, o.check()
		}
		if o.file != "" || f.Arg(0) == "" {
			return o, errors.New("want at most one FILE")
		}
		o.file, args = f.Arg(0), f.Args()[1:]
	}
}

// seed parses a seed.
func seed(s string) (uint64, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return uint64(n), nil
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, errors.New("want a whole number")
	}
	return n, nil
}

// check rejects flags that cannot be combined.
func (o options) check() error {
	switch {
	case o.explain != "" && o.state:
		return errors.New("-explain and -state cannot be combined: -state prints the state and nothing else")
	case o.explain != "" && o.split > 0:
		return errors.New("-explain and -split cannot be combined: a story shows what one replica saw")
	}
	if o.logFile != "" && (o.state || o.shuffle || o.split > 0 || o.draw.path != "") {
		return errors.New("-client can be combined with -explain only")
	}
	return o.draw.check(o)
}
