package main

import (
	"bufio"
	"fmt"

	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// printState prints the state as canonical JSON Lines.
func printState(out *bufio.Writer, state merge.Collection) {
	var line []byte
	for r := range state.All() {
		line = appendLine(line[:0], r)
		out.Write(line)
	}
}

// report holds the facts that are computed after the merge.
type report struct {
	sum
	conflicts int // fields written by more than one client
	lost      int // conflicts in which a value was lost unseen
	known     bool
	examples  showcase
}

// newReport computes the report of a state.
func newReport(state merge.Collection, all contests) *report {
	var p report
	for r := range state.All() {
		p.sum.add(r)
		for name, w := range r.All() {
			at := place{r.Key(), name}
			p.addField(at, w, all[at])
		}
	}
	return &p
}

// addField adds the conflicts of one field.
func (p *report) addField(at place, w record.FieldValue, t contest) {
	if !t.twin.IsZero() {
		p.examples.add(t.decide(at, w, t.twin))
	}
	if t.rival.IsZero() {
		return
	}
	d := t.decide(at, w, t.rival)
	p.conflicts++
	p.known = p.known || t.known
	if d.Lost() {
		p.lost++
	}
	p.examples.add(d)
}

// printReport prints the result of the merge.
func printReport(out *bufio.Writer, in *input, r *replay) {
	p := newReport(r.state, r.contests)
	printHead(out, in, r)
	row := func(name string, n int, note string) {
		fmt.Fprintf(out, "  %-14s %11s   %s\n", name, fieldlog.Number(n), note)
	}
	fmt.Fprintln(out)
	row("records", p.records, liveAndDeleted(p.records, p.deletedRecords))
	row("fields", p.fields, liveAndDeleted(p.fields, p.deletedFields))
	row("clients", len(r.tally.clients), "that wrote at least one field")
	fmt.Fprintln(out)
	row("writes", r.tally.writes, "in order of arrival")
	row("  applied", r.tally.outcomes[merge.Applied], "stored: the first write, or greater than the stored one")
	row("  superseded", r.tally.outcomes[merge.Superseded], "not stored: less than the stored write")
	row("  equal", r.tally.outcomes[merge.Equal], "identical to the stored write: a retry")
	row("  collisions", r.tally.outcomes[merge.Collision], "one stamp on two different writes: a client ID in use twice")
	fmt.Fprintln(out)
	row("true conflicts", p.conflicts, "fields written by more than one client")
	if p.known {
		row("  unseen", p.lost, "conflicts where the winner's author had not seen the other value")
	}
	p.printExamples(out, namesOf(r.tally.clients))
	fmt.Fprintf(out, "\ndigest %s\n", r.state.Digest())
	if in.simulated {
		fmt.Fprint(out, hints)
	}
}

// hints are for users who run the program for the first time.
const hints = `
The digest is the same in every order and with any number of replicas. Try
  go run ./examples/replay -shuffle 7 -split 3
  go run ./examples/replay -explain tasks/opening-night/due
`

// printHead prints what was merged, and how.
func printHead(out *bufio.Writer, in *input, r *replay) {
	fmt.Fprintf(out, "Merged %s: %s with %s", fieldlog.Printable(in.name), count(r.tally.mutations, "mutation"), count(r.tally.writes, "write"))
	if r.tally.writes > 0 {
		const day = "2006-01-02"
		fmt.Fprintf(out, ", %s to %s", r.tally.oldest.Time().Format(day), r.tally.newest.Time().Format(day))
	}
	fmt.Fprintln(out, ".")
	if in.simulated {
		fmt.Fprintln(out, "It is simulated: a program invented the team and its edits.")
	}
	if r.tally.mutations == 0 {
		fmt.Fprintln(out, "The history is empty.")
	}
	if r.shuffle {
		fmt.Fprintf(out, "Shuffled with seed %d: the writes arrive one by one in a random order.\n", r.seed)
	}
	if r.split > 0 {
		fmt.Fprintf(out, "Split among %s, which then exchanged their whole states: all hold the same bytes.\n", count(r.split, "replica"))
	}
}

func liveAndDeleted(all, deleted int) string {
	return fmt.Sprintf("%s live, %s deleted", fieldlog.Number(all-deleted), fieldlog.Number(deleted))
}
