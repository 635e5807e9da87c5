package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// figure is what was measured of something, with its goal.
type figure struct {
	what, measured, goal string // goal is empty if there is none
	missed               bool   // whether the goal was missed
	exact                bool   // whether it is not a time, which other programs on the machine change
}

// timed returns a figure of durations. Its goal is for the median; 0 means that there is none.
func timed(what string, took []time.Duration, goal time.Duration) figure {
	f := figure{what: what, measured: spread(took)}
	if goal > 0 {
		f.goal, f.missed = fmt.Sprintf("%d ms", goal.Milliseconds()), took[len(took)/2] > goal
	}
	return f
}

// counted returns a figure of a number. The goal 0 means that there is none.
func counted(what string, n, goal float64) figure {
	f := figure{what: what, measured: fmt.Sprintf("%.4g", n), exact: true}
	if n >= 1000 {
		f.measured = fmt.Sprintf("%.0f", n)
	}
	if goal > 0 {
		f.goal, f.missed = fmt.Sprintf("%.0f", goal), n > goal
	}
	return f
}

// errTooMuch says that something takes more bytes or requests than its goal.
var errTooMuch = errors.New("too many bytes or requests")

// printFigures prints a table. It returns errTooMuch if a goal was missed that is not a time.
func printFigures(w io.Writer, title string, figures []figure) error {
	fmt.Fprintln(w, title)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range figures {
		verdict := ""
		if f.missed {
			verdict = "MISSED"
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", f.what, f.measured, f.goal, verdict)
	}
	t.Flush()
	if slices.ContainsFunc(figures, func(f figure) bool { return f.missed && f.exact }) {
		return errTooMuch
	}
	return nil
}
