package main

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

var (
	// errOrder: a journal cannot be told in another order than its own.
	errOrder = errors.New("a journal is replayed in its own order")
	// errAnswer: an answer is not the one that the server gave.
	errAnswer = errors.New("the journal was changed, or this version of the library decides otherwise")
)

// journal replays the journal of a server and counts what its answers say. Unless
// -state or -explain ask for more, what it holds does not grow with the journal.
type journal struct {
	options
	progress *progress
	counts   counts
	differ   lineNumbers // where the answer is not the recorded one
	// stored holds each record as it was stored last, if anybody asks.
	stored  map[record.Key]record.Record
	stories *journalStories // nil unless -explain asks
}

func newJournal(o options, p *progress) *journal {
	j := &journal{options: o, progress: p, counts: newCounts()}
	if o.state || o.explain != "" {
		j.stored = make(map[record.Key]record.Record)
	}
	if o.explain != "" {
		j.stories = &journalStories{path: o.explain}
	}
	return j
}

// run replays all lines.
func (j *journal) run(in *input) error {
	if j.shuffle || j.split > 0 {
		return fmt.Errorf("%s: %w: -shuffle and -split are for histories", in.name, errOrder)
	}
	defer j.progress.clear()
	if err := in.each(func(line []byte) error { return j.replay(in.n, line) }); err != nil {
		return err
	}
	if j.stories != nil && len(j.stories.touched()) == 0 {
		return unknownField(in, j.explain, j.last())
	}
	return nil
}

// replay decides about one push once more.
func (j *journal) replay(line int, text []byte) error {
	read, err := merge.ParseJournalLine(text)
	if err != nil {
		return err
	}
	answer, err := read.Replay()
	if err != nil {
		return err
	}
	p := push{line, read, answer}
	if answer.Digest() != read.Answer {
		j.differ.add(line)
	}
	j.counts.add(p)
	if j.stored != nil {
		for _, r := range read.Stored.Records {
			j.stored[r.Key()] = p.after(r.Key())
		}
	}
	if j.stories != nil {
		j.stories.add(p)
	}
	j.progress.tick("pushes replayed", j.counts.pushes)
	return nil
}

// last returns the records as they were stored last.
func (j *journal) last() merge.Collection {
	return merge.Collect(slices.Collect(maps.Values(j.stored))...)
}

// print prints what was asked for. An answer that differs is an error, whatever was
// asked for.
func (j *journal) print(out *bufio.Writer, in *input) error {
	switch {
	case j.options.state:
		printState(out, j.last())
	case j.stories != nil:
		j.stories.print(out, j)
	default:
		j.counts.print(out, in, &j.differ)
	}
	if j.differ.n > 0 {
		return fmt.Errorf("%s: the answers of %s differ from the recorded ones: %w", in.name, &j.differ, errAnswer)
	}
	return nil
}

// push is one line of a journal, replayed.
type push struct {
	line int // its number
	merge.JournalLine
	answer merge.Answer
}

// before returns a record as it was stored before the push.
func (p push) before(key record.Key) record.Record {
	i, ok := slices.BinarySearchFunc(p.Stored.Records, key, func(r record.Record, key record.Key) int {
		return r.Key().Compare(key)
	})
	if !ok {
		return record.New(key)
	}
	return p.Stored.Records[i]
}

// after returns a record as it was stored after the push.
func (p push) after(key record.Key) record.Record {
	i, changed := slices.BinarySearchFunc(p.answer.Updates, key, func(u merge.Update, key record.Key) int {
		return u.After.Key().Compare(key)
	})
	if changed {
		return p.answer.Updates[i].After
	}
	return p.before(key)
}
