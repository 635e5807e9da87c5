package main

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

var (
	// errOrder reports a flag that would replay a journal in another order.
	errOrder = errors.New("a journal is replayed in its own order")
	// errAnswer reports answers that differ from the server's.
	errAnswer = errors.New("the journal was changed, or this version of the library decides differently")
)

// journal replays a server's journal and counts the results in its answers. Unless -state,
// -explain or -timeline is set, its memory does not grow with the journal.
type journal struct {
	options
	progress *progress
	counts   counts
	differ   lineNumbers // lines whose answer is not the recorded one
	// stored holds each record as it was last stored; nil unless -state, -explain or -timeline is set.
	stored map[record.Key]record.Record
	logs   *fieldlog.Collector // nil unless -explain or -timeline is set
	client *client             // nil unless -client is set
}

func newJournal(o options, p *progress) *journal {
	j := &journal{options: o, progress: p, counts: newCounts()}
	if o.state || o.field() != "" {
		j.stored = make(map[record.Key]record.Record)
	}
	if o.field() != "" {
		j.logs = fieldlog.NewCollector(o.field())
	}
	return j
}

// run replays all lines.
func (j *journal) run(in *input) error {
	if j.shuffle || j.split > 0 {
		return fmt.Errorf("%s: %w: -shuffle and -split are for histories", in.name, errOrder)
	}
	if j.logFile != "" {
		var err error
		if j.client, err = readClient(j.logFile); err != nil {
			return err
		}
	}
	defer j.progress.clear()
	if err := in.each(func(line []byte) error { return j.replay(in.n, line) }); err != nil {
		return err
	}
	if j.logs != nil && len(j.logs.Logs()) == 0 && !j.client.edited(j.field()) {
		return unknownField(in, j.field(), j.last())
	}
	return nil
}

// replay decides one push again.
func (j *journal) replay(line int, text []byte) error {
	if n, ok, err := fieldlog.ParseNotice(text); ok {
		n.Line = line
		return j.addNotice(n, err)
	}
	read, err := merge.ParseJournalLine(text)
	if err != nil {
		return err
	}
	answer, err := read.Replay()
	if err != nil {
		return err
	}
	p := fieldlog.Push{Line: line, JournalLine: read, Answer: answer}
	if answer.Digest() != read.Answer {
		j.differ.add(line)
	}
	j.counts.add(p)
	if j.stored != nil {
		for _, r := range read.Stored.Records {
			j.stored[r.Key()] = p.After(r.Key())
		}
	}
	if j.logs != nil {
		j.logs.Add(p)
	}
	if j.client != nil {
		j.client.add(p)
	}
	j.progress.tick("pushes replayed", j.counts.pushes)
	return nil
}

// addNotice takes in a line that is not a push, unless the line is damaged.
func (j *journal) addNotice(n fieldlog.Notice, damage error) error {
	if damage != nil {
		return damage
	}
	j.counts.addNotice(n)
	if j.logs != nil {
		j.logs.AddNotice(n)
	}
	return nil
}

// last returns the records as they were last stored.
func (j *journal) last() merge.Collection {
	return merge.Collect(slices.Collect(maps.Values(j.stored))...)
}

// print prints the requested result. An answer that differs from the recorded one is an error,
// whichever result was requested.
func (j *journal) print(out *bufio.Writer, in *input) error {
	switch {
	case j.options.state:
		printState(out, j.last())
	case j.draw.path != "":
		if err := j.draw.print(out, j); err != nil {
			return err
		}
	case j.logs != nil:
		printLogs(out, j)
	case j.client == nil:
		j.counts.print(out, in, &j.differ)
	}
	if j.client != nil {
		fmt.Fprint(out, pick(j.logs != nil, "\n", ""))
		newClientTeller(j).print(out)
	}
	if j.differ.n > 0 {
		return fmt.Errorf("%s: the answers of %s differ from the recorded ones: %w", in.name, &j.differ, errAnswer)
	}
	return nil
}
