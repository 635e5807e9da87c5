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
	shared    int // fields written by more than one client
	known     int // shared fields where the history says what the winner's author had seen
	conflicts int // known ones where the author had not seen the other value, which was lost
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

// addField adds one field.
func (p *report) addField(at place, w record.FieldValue, t contest) {
	if !t.twin.IsZero() {
		p.examples.add(t.decide(at, w, t.twin))
	}
	if t.rival.IsZero() {
		return
	}
	d := t.decide(at, w, t.rival)
	p.shared++
	if t.known {
		p.known++
	}
	if d.Lost() {
		p.conflicts++
	}
	p.examples.add(d)
}

// printReport prints the result of the merge.
func printReport(out *bufio.Writer, in *input, r *replay) {
	p := newReport(r.state, r.contests)
	printHead(out, in, r)
	row := func(name string, n, of int, note string) {
		fmt.Fprintf(out, "  %-14s %11s  %5s  %s\n", name, fieldlog.Number(n), percent(n, of), note)
	}
	fmt.Fprintln(out)
	row("records", p.records, 0, liveAndDeleted(p.records, p.deletedRecords))
	row("fields", p.fields, 0, liveAndDeleted(p.fields, p.deletedFields))
	row("clients", len(r.tally.clients), 0, "that wrote at least one field")
	fmt.Fprintln(out)
	row("writes", r.tally.writes, 0, "in order of arrival")
	row("  applied", r.tally.outcomes[merge.Applied], r.tally.writes, "stored: the first write, or greater than the stored one")
	row("  superseded", r.tally.outcomes[merge.Superseded], r.tally.writes, "not stored: less than the stored write")
	row("  equal", r.tally.outcomes[merge.Equal], r.tally.writes, "identical to the stored write: a retry")
	row("  collisions", r.tally.outcomes[merge.Collision], r.tally.writes, "one stamp on two different writes: a client ID in use twice")
	fmt.Fprintln(out)
	row("shared fields", p.shared, p.fields, "written by more than one client")
	if p.known > 0 {
		row("  seen", p.known-p.conflicts, p.shared, "no conflict: the winner's author had seen the other value, or wrote the same")
		row("  conflicts", p.conflicts, p.shared, "the winner's author had not seen the other value")
	}
	if unknown := p.shared - p.known; unknown > 0 {
		row("  unknown", unknown, p.shared, "the history does not say what the winner's author had seen")
	}
	p.printExamples(out, namesOf(r.tally.clients, devicesIn(r.state)))
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
	fmt.Fprintf(out, "%s: %s with %s", bold("Merged "+fieldlog.Printable(in.name)), count(r.tally.mutations, "mutation"), count(r.tally.writes, "write"))
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
