// Package report describes the results of runs: the shortest schedule that breaks a law, its story, and what
// was not tested.
package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/sim"
)

// Found is a schedule that breaks a law.
type Found struct {
	Create  sim.NewProcess
	O       sim.Config
	Options string // as Go source
	Seed    uint64
	Breach  *check.Breach
	Steps   []schedule.Step // all steps of the run, also those after the breach
}

// Failure shrinks a schedule and returns its story as an error.
func Failure(f Found) error {
	steps := f.Steps[:min(f.Breach.Moment+1, len(f.Steps))]
	if f.Breach.Law == law.ClientAnswers { // each repetition might take as long
		return fmt.Errorf("%s\nThe last of %d steps was %q. To repeat the run, set First to %d in the Options, and Seeds to 1", Text(sim.Result{Breach: f.Breach}), len(steps), steps[len(steps)-1], f.Seed)
	}
	short := f.shrink(steps)
	r, n, err := tellTimes(f.Create, f.O, short)
	if n == 0 && err == nil {
		short = steps
		r, n, err = tellTimes(f.Create, f.O, short)
	}
	if err != nil {
		return err
	}
	const unlike = "the backend or a Client does not behave the same each time. Does it range over a map, read a clock that the kit does not give it, or keep state from run to run?"
	if n == 0 {
		return fmt.Errorf("mergetest: seed %d broke a law (%s) once, but not again in %d runs: %s\n%s", f.Seed, f.Breach.Law.Text().Name, times, unlike, strings.Join(f.Breach.Detail, "\n"))
	}
	if n == times {
		BlameNames(f.Create, f.O, short, r.Breach)
	}
	text := Text(r)
	if n < times {
		text += fmt.Sprintf("\nOf %d runs of these steps, %d broke a law: %s\n", times, n, unlike)
	}
	return fmt.Errorf("%s\nSeed %d, shrunk from %d steps to %d. As a test:\n\n%s", text, f.Seed, len(steps), len(short), f.source(short))
}

// shrink shrinks steps, or all steps of the run if only they break the law: a later step may name the record that
// is shown wrongly.
func (f Found) shrink(steps []schedule.Step) []schedule.Step {
	s := schedule.Shrinker{Domain: f.O.Domain, Law: f.Breach.Law, Breaks: breaks(f.Create, f.O), Left: 3000}
	for _, all := range [][]schedule.Step{steps, f.Steps} {
		if s.Fails(all) {
			return s.Generalize(s.Shrink(all))
		}
	}
	return steps
}

// breaks returns a function that runs steps and returns the law that they break.
func breaks(create sim.NewProcess, o sim.Config) func([]schedule.Step) (law.Law, bool) {
	return func(steps []schedule.Step) (l law.Law, ok bool) {
		r, err := sim.Run(create, o, sim.Scenario{Steps: steps})
		if err != nil || r.Breach == nil {
			return l, false
		}
		return r.Breach.Law, true
	}
}

// times is how often a schedule is repeated to find out whether it always breaks a law.
const times = 5

// tellTimes repeats a schedule. It returns the first run that breaks a law, and the number of runs that do.
func tellTimes(create sim.NewProcess, o sim.Config, steps []schedule.Step) (first sim.Result, n int, err error) {
	for range times {
		r, err := sim.Run(create, o, sim.Scenario{Steps: steps, Tell: true})
		if err != nil {
			return first, 0, err
		}
		if r.Breach == nil {
			continue
		}
		if n++; n == 1 {
			first = r
		}
	}
	return first, n, nil
}

// Text returns the story of a run that broke a law.
func Text(r sim.Result) string {
	broken := r.Breach.Law.Text()
	var b strings.Builder
	fmt.Fprintf(&b, "mergetest: broken law: %s\n\n%s\n", broken.Name, broken.Says)
	if len(r.Story) > 0 {
		fmt.Fprintf(&b, "\n%s", Timeline(r.Story))
	}
	b.WriteString("\n")
	for _, detail := range r.Breach.Detail {
		for line := range strings.Lines(detail) {
			b.WriteString("  " + strings.TrimRight(line, "\n") + "\n")
		}
	}
	fmt.Fprintf(&b, "\n%s\n", broken.Look)
	hints := r.Hints
	if r.Counts["spelled otherwise"] > 0 {
		hints = append([]string{lookAtSpelling}, hints...)
	}
	if r.Counts[check.FailedCommit] > 0 {
		hints = append(hints, lookAtRollback)
	}
	if r.Counts[check.EditOfStored] > 0 {
		hints = append(hints, lookAtStored)
	}
	for _, hint := range hints {
		b.WriteString("\n" + hint + "\n")
	}
	return b.String()
}

// lookAtSpelling is printed if the law is broken only when a push is spelled otherwise.
const lookAtSpelling = "One of the pushes is spelled otherwise, with the same meaning: look for text that is checked, compared or stored as it arrived, such as a stamp, a client ID, a number or an escape."

// lookAtRollback is printed if the law is broken only after a failed commit.
const lookAtRollback = "The commit of a push fails, and the process goes on: look for state in memory that is changed before the commit and not rolled back, such as a cache of rows, marks or sequence numbers, and for a transaction that stays open."

// lookAtStored is printed if the law is broken only after an edit of a record of Options.Stored.
const lookAtStored = "A record that was stored before the first request is edited: look for a stamp that is NULL, so that each comparison with it is decided the same way, and for code that does not find the record where a migration put it."

// source returns a Go test that runs the steps.
func (f Found) source(steps []schedule.Step) string {
	var b strings.Builder
	fmt.Fprintf(&b, "func TestSeed%d(t *testing.T) {\n\tmergetest.Replay(t, newBackend, mergetest.Schedule{\n", f.Seed)
	if f.Options != "" {
		fmt.Fprintf(&b, "\t\tOptions: mergetest.Options{%s},\n", f.Options)
	}
	b.WriteString("\t\tSteps: []string{\n")
	for _, s := range steps {
		quoted := fmt.Sprintf("%#q", s.String()) // in backquotes where possible
		fmt.Fprintf(&b, "\t\t\t%s,\n", quoted)
	}
	b.WriteString("\t\t},\n\t})\n}\n")
	return b.String()
}

// BlameNames blames the law about names if the same steps with plain names break no law. It skips steps
// in which the length of a batch matters, since plain names change that length.
func BlameNames(create sim.NewProcess, o sim.Config, steps []schedule.Step, b *check.Breach) {
	if b.Law == law.Panics || b.Law == law.ClientAnswers || b.Law.OfBuckets() || slices.ContainsFunc(steps, func(s schedule.Step) bool { return s.Bulk || s.Manner.Cut > 0 || s.Manner.Garbled > 0 }) {
		return
	}
	if !slices.ContainsFunc(steps, schedule.Step.IsOdd) || o.Old != nil { // the old version has other names
		return
	}
	var others []schedule.Step
	o.Domain, others = o.Renamed(steps)
	r, err := sim.Run(create, o, sim.Scenario{Steps: others})
	if err != nil || r.Breach != nil {
		return
	}
	b.Law = law.Names
	b.Detail = append(b.Detail, fmt.Sprintf("note      with the IDs %q and the fields %q, no law is broken", o.IDs, o.Names))
}
