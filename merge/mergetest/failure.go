package mergetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// found is a schedule that breaks a law.
type found struct {
	create  newProcess
	o       config
	options string // as Go source
	seed    uint64
	law     law.Law
	steps   []schedule.Step
}

// failure shrinks a schedule, and returns its story as an error.
func failure(f found) error {
	s := schedule.Shrinker{Domain: f.o.Domain, Law: f.law, Breaks: breaks(f.create, f.o), Left: 3000}
	short := f.steps
	if s.Fails(short) {
		short = s.Generalize(s.Shrink(short))
	}
	r, n, err := tellTimes(f.create, f.o, short)
	if n == 0 && err == nil {
		short = f.steps
		r, n, err = tellTimes(f.create, f.o, short)
	}
	if err != nil {
		return err
	}
	const unlike = "the backend does not do the same each time. Does it range over a map, read a clock other than Env.Now, or keep something from run to run?"
	if n == 0 {
		return fmt.Errorf("mergetest: seed %d breaks a law (%s), and then not again in %d runs: %s", f.seed, f.law.Text().Name, times, unlike)
	}
	if n == times {
		blameNames(f.create, f.o, short, r.breach)
	}
	text := breachText(r)
	if n < times {
		text += fmt.Sprintf("\nOf %d runs of these steps %d broke a law: %s\n", times, n, unlike)
	}
	return fmt.Errorf("%s\nSeed %d, shrunk from %d steps to %d. The same as a test:\n\n%s", text, f.seed, len(f.steps), len(short), f.source(short))
}

// breaks returns a function that runs steps, and returns the law that they break.
func breaks(create newProcess, o config) func([]schedule.Step) (law.Law, bool) {
	return func(steps []schedule.Step) (l law.Law, ok bool) {
		r, err := run(create, o, scenario{steps: steps})
		if err != nil || r.breach == nil {
			return l, false
		}
		return r.breach.law, true
	}
}

// times is how often a schedule is repeated to see whether it always breaks a law.
const times = 5

// tellTimes repeats a schedule. It returns the first run that breaks a law, and how many do.
func tellTimes(create newProcess, o config, steps []schedule.Step) (first result, n int, err error) {
	for range times {
		r, err := run(create, o, scenario{steps, true})
		if err != nil {
			return first, 0, err
		}
		if r.breach == nil {
			continue
		}
		if n++; n == 1 {
			first = r
		}
	}
	return first, n, nil
}

// breachText returns the story of a run that broke a law.
func breachText(r result) string {
	broken := r.breach.law.Text()
	var b strings.Builder
	fmt.Fprintf(&b, "mergetest: broken law: %s\n\n%s\n", broken.Name, broken.Says)
	fmt.Fprintf(&b, "\n%s\n", timeline(r.story))
	for _, detail := range r.breach.detail {
		for line := range strings.Lines(detail) {
			b.WriteString("  " + strings.TrimRight(line, "\n") + "\n")
		}
	}
	fmt.Fprintf(&b, "\n%s\n", broken.Look)
	hints := r.hints
	if r.counts["spelled otherwise"] > 0 {
		hints = append([]string{lookAtSpelling}, hints...)
	}
	for _, hint := range hints {
		b.WriteString("\n" + hint + "\n")
	}
	return b.String()
}

// lookAtSpelling is told if a push that is spelled otherwise is needed to break the law.
const lookAtSpelling = "One of the pushes is spelled otherwise, which means the same: look for a text that is checked, compared or stored as it came, such as a stamp, a client ID, a number or an escape."

// source returns a Go test that runs the steps.
func (f found) source(steps []schedule.Step) string {
	var b strings.Builder
	fmt.Fprintf(&b, "func TestSeed%d(t *testing.T) {\n\tmergetest.Replay(t, newBackend, mergetest.Schedule{\n", f.seed)
	if f.options != "" {
		fmt.Fprintf(&b, "\t\tOptions: mergetest.Options{%s},\n", f.options)
	}
	b.WriteString("\t\tSteps: []string{\n")
	for _, s := range steps {
		quoted := fmt.Sprintf("%#q", s.String()) // with backquotes where that is possible
		fmt.Fprintf(&b, "\t\t\t%s,\n", quoted)
	}
	b.WriteString("\t\t},\n\t})\n}\n")
	return b.String()
}

// blameNames names the law about names, if with plain names the same steps break no law. Steps in
// which the length of a batch matters tell nothing.
func blameNames(create newProcess, o config, steps []schedule.Step, b *breach) {
	if b.law == law.Panics || slices.ContainsFunc(steps, func(s schedule.Step) bool { return s.Bulk || s.Manner.Cut > 0 || s.Manner.Garbled > 0 }) {
		return
	}
	if !slices.ContainsFunc(steps, schedule.Step.IsOdd) {
		return
	}
	var others []schedule.Step
	o.Domain, others = o.Renamed(steps)
	r, err := run(create, o, scenario{steps: others})
	if err != nil || r.breach != nil {
		return
	}
	b.law = law.Names
	b.detail = append(b.detail, fmt.Sprintf("note      with the IDs %q and the fields %q no law is broken", o.IDs, o.Names))
}
