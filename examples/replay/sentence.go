package main

import (
	"bufio"
	"fmt"
)

// printExamples shows some conflicts, each with a sentence on why the winner won.
func (p *report) printExamples(out *bufio.Writer, names clientNames) {
	printed := false
	for _, step := range p.examples {
		for _, c := range step {
			if !printed {
				fmt.Fprint(out, "\nSome of them, and why the winner won (times in UTC):\n")
				printed = true
			}
			c.print(out, names)
		}
	}
}

// print shows who wrote what, and why the winner won.
func (c conflict) print(out *bufio.Writer, names clientNames) {
	const most = 38
	winner := noun(write{place: c.place, FieldValue: c.winner}, most)
	loser := noun(write{place: c.place, FieldValue: c.loser}, most)
	width := max(len([]rune(winner)), len([]rune(loser)))
	fmt.Fprintf(out, "\n  %s\n", cut(printable(c.String()), 90))
	fmt.Fprintf(out, "    won   %s  %s  %s\n", pad(winner, width), when(c.winner.Stamp.Time), names.of(c.winner.Stamp.Client))
	fmt.Fprintf(out, "    lost  %s  %s  %s\n", pad(loser, width), when(c.loser.Stamp.Time), names.of(c.loser.Stamp.Client))
	fmt.Fprintf(out, "    %s\n", c.sentence(names))
}

// sentence says why the winner won.
func (c conflict) sentence(names clientNames) string {
	w, l := c.winner.Stamp, c.loser.Stamp
	switch decide(c.winner, c.loser) {
	case byTime:
		if c.unseen {
			return fmt.Sprintf("The later write wins, here by %s; its author had not seen the other.", between(w.Time, l.Time))
		}
		return fmt.Sprintf("The later write wins, here by %s.", between(w.Time, l.Time))
	case byCounter:
		return fmt.Sprintf("Both fell into one millisecond, in which the later one has the greater counter: %d above %d.",
			w.Time.Counter(), l.Time.Counter())
	case byClient:
		return fmt.Sprintf("Both have the very same time, so the greater client ID wins: %s above %s.", names.of(w.Client), names.of(l.Client))
	case byDeletion:
		return "One stamp on two writes, as by a cloned device: then a deletion wins over a value."
	}
	return "One stamp on two writes, as by a cloned device: then the value that sorts last wins."
}
