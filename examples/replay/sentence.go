package main

import (
	"bufio"
	"fmt"

	"github.com/fieldlww/fieldlww/examples/replay/fieldlog"
	"github.com/fieldlww/fieldlww/merge"
)

// printExamples prints some fields for which writes competed, each with a sentence on why the winner won.
func (p *report) printExamples(out *bufio.Writer, names clientNames) {
	printed := false
	for _, step := range p.examples {
		for _, d := range step {
			if !printed {
				fmt.Fprint(out, "\nExamples, and why each winner won (times in UTC):\n")
				printed = true
			}
			printExample(out, d, names)
		}
	}
}

// printExample prints both writes, and why the winner won. The other one is lost only if the winner's author had
// not seen it.
func printExample(out *bufio.Writer, d merge.Decision, names clientNames) {
	const most = 38
	won, lost := d.Winner(), d.Loser()
	winner, loser := noun(d.Field, won, most), noun(d.Field, lost, most)
	width := max(len([]rune(winner)), len([]rune(loser)))
	other := "replaced"
	if d.Lost() {
		other = "lost    "
	}
	fmt.Fprintf(out, "\n  %s\n", bold(cut(fieldlog.Printable(place{d.Key, d.Field}.String()), 90)))
	fmt.Fprintf(out, "    %s      %s  %s  %s\n", green("kept"), pad(winner, width), when(won.Stamp.Time.Time()), names.of(won.Stamp.Client))
	fmt.Fprintf(out, "    %s  %s  %s  %s\n", pick(d.Lost(), red, yellow)(other), pad(loser, width), when(lost.Stamp.Time.Time()), names.of(lost.Stamp.Client))
	fmt.Fprintf(out, "    %s\n", sentence(d, names))
}

// sentence returns the reason why the winner won.
func sentence(d merge.Decision, names clientNames) string {
	w, l := d.Winner().Stamp, d.Loser().Stamp
	switch d.Step() {
	case merge.ByTime:
		switch {
		case d.Margin() == 0:
			return fmt.Sprintf("Both were written in the same millisecond, so the greater counter wins: %d above %d.",
				w.Time.Counter(), l.Time.Counter())
		case d.Seen == merge.SeenNo:
			return fmt.Sprintf("The later write wins, here by %s; its author had not seen the other write.", fieldlog.Margin(d.Margin()))
		}
		return fmt.Sprintf("The later write wins, here by %s.", fieldlog.Margin(d.Margin()))
	case merge.ByClient:
		return fmt.Sprintf("Both have the same time, so the greater client ID wins: %s above %s.", names.of(w.Client), names.of(l.Client))
	case merge.ByKind:
		return "Both have the same stamp, as after a device was cloned, so the deletion wins over the value."
	}
	return "Both have the same stamp, as after a device was cloned, so the value that sorts last wins."
}
