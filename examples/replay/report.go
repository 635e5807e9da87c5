package main

import (
	"bufio"
	"fmt"

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

// report is what the report tells beside what was counted during the merge.
type report struct {
	sum
	conflicts int // fields that more than one client wrote
	lost      int // of these, where a value was lost unseen
	known     bool
	examples  showcase
}

// newReport looks through the state.
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

// printReport prints what the merge found.
func printReport(out *bufio.Writer, in *input, r *replay) {
	p := newReport(r.state, r.contests)
	printHead(out, in, r)
	row := func(name string, n int, note string) {
		fmt.Fprintf(out, "  %-14s %11s   %s\n", name, number(n), note)
	}
	fmt.Fprintln(out)
	row("records", p.records, liveAndDeleted(p.records, p.deletedRecords))
	row("fields", p.fields, liveAndDeleted(p.fields, p.deletedFields))
	row("clients", len(r.tally.clients), "who wrote")
	fmt.Fprintln(out)
	row("writes", r.tally.writes, "in the order of arrival, of which")
	row("  applied", r.tally.outcomes[merge.Applied], "greater than what was there, and stored")
	row("  superseded", r.tally.outcomes[merge.Superseded], "less than what was there, which stays")
	row("  equal", r.tally.outcomes[merge.Equal], "the write that was there, once more: a retry")
	row("  collisions", r.tally.outcomes[merge.Collision], "one stamp on two different writes: a client ID in use twice")
	fmt.Fprintln(out)
	row("true conflicts", p.conflicts, "fields that more than one client wrote")
	if p.known {
		row("  unseen", p.lost, "of these, the winner's author had not seen the other's value")
	}
	p.printExamples(out, namesOf(r.tally.clients))
	fmt.Fprintf(out, "\ndigest %s\n", r.state.Digest())
	if in.simulated {
		fmt.Fprint(out, hints)
	}
}

// hints are for those who try the program for the first time.
const hints = `
The digest is the same in every order and through any number of replicas. Try
  go run ./examples/replay -shuffle 7 -split 3
  go run ./examples/replay -explain tasks/opening-night/due
`

// printHead says what was merged, and how.
func printHead(out *bufio.Writer, in *input, r *replay) {
	fmt.Fprintf(out, "Merged %s: %s with %s", printable(in.name), count(r.tally.mutations, "mutation"), count(r.tally.writes, "write"))
	if r.tally.writes > 0 {
		const day = "2006-01-02"
		fmt.Fprintf(out, ", %s to %s", r.tally.oldest.Time().Format(day), r.tally.newest.Time().Format(day))
	}
	fmt.Fprintln(out, ".")
	if in.simulated {
		fmt.Fprintln(out, "It is simulated: a program made up the team and what they wrote.")
	}
	if r.tally.mutations == 0 {
		fmt.Fprintln(out, "The history is empty.")
	}
	if r.shuffle {
		fmt.Fprintf(out, "Shuffled with seed %d: the single writes arrive in a random order.\n", r.seed)
	}
	if r.split > 0 {
		fmt.Fprintf(out, "Split among %s, which then exchanged their whole states: all hold the same bytes.\n", count(r.split, "replica"))
	}
}

func liveAndDeleted(all, deleted int) string {
	return fmt.Sprintf("%s live, %s deleted", number(all-deleted), number(deleted))
}
