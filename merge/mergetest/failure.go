package mergetest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// found is a schedule that breaks a law.
type found struct {
	given Options
	o     config
	seed  uint64
	law   law.Law
	steps []schedule.Step
}

// failure shrinks a schedule, and returns its story as an error.
func failure(create newProcess, f found) error {
	s := schedule.Shrinker{Domain: f.o.Domain, Law: f.law, Breaks: breaks(create, f.o), Left: 3000}
	short := f.steps
	if s.Fails(short) {
		short = s.Generalize(s.Shrink(short))
	}
	w, n, err := tellTimes(create, f.o, short)
	if w == nil && err == nil {
		short = f.steps
		w, n, err = tellTimes(create, f.o, short)
	}
	if err != nil {
		return err
	}
	const unlike = "the backend does not do the same each time. Does it range over a map, read a clock other than Env.Now, or keep something from run to run?"
	if w == nil {
		return fmt.Errorf("mergetest: seed %d breaks a law (%s), and then not again in %d runs: %s", f.seed, f.law.Text().Name, times, unlike)
	}
	if n == times {
		w.blameNames(create, short)
	}
	text := w.text()
	if n < times {
		text += fmt.Sprintf("\nOf %d runs of these steps %d broke a law: %s\n", times, n, unlike)
	}
	return fmt.Errorf("%s\nSeed %d, shrunk from %d steps to %d. The same as a test:\n\n%s", text, f.seed, len(f.steps), len(short), f.source(short))
}

// breaks returns a function that runs steps, and returns the law that they break.
func breaks(create newProcess, o config) func([]schedule.Step) (law.Law, bool) {
	return func(steps []schedule.Step) (l law.Law, ok bool) {
		w, err := run(create, o, scenario{steps: steps})
		if err != nil || w.breach == nil {
			return l, false
		}
		return w.breach.law, true
	}
}

// times is how often a schedule is repeated to see whether it always breaks a law.
const times = 5

// tellTimes repeats a schedule. It returns the first run that breaks a law, or nil, and how
// many do.
func tellTimes(create newProcess, o config, steps []schedule.Step) (first *world, n int, err error) {
	for range times {
		w, err := run(create, o, scenario{steps, true})
		if err != nil {
			return nil, 0, err
		}
		if w.breach == nil {
			continue
		}
		if n++; first == nil {
			first = w
		}
	}
	return first, n, nil
}

// text returns the story of a run that broke a law.
func (w *world) text() string {
	broken := w.breach.law.Text()
	var b strings.Builder
	fmt.Fprintf(&b, "mergetest: broken law: %s\n\n%s\n", broken.Name, broken.Says)
	fmt.Fprintf(&b, "\n%s\n", w.story)
	for _, detail := range w.breach.detail {
		for line := range strings.Lines(detail) {
			b.WriteString("  " + strings.TrimRight(line, "\n") + "\n")
		}
	}
	fmt.Fprintf(&b, "\n%s\n", broken.Look)
	if w.counts["spelled otherwise"] > 0 {
		b.WriteString("\n" + lookAtSpelling + "\n")
	}
	for _, k := range w.o.Grammar {
		if op := w.o.ops[k]; op.look != "" && w.counts[k.Name] > 0 {
			b.WriteString("\n" + op.look + "\n")
		}
	}
	return b.String()
}

// lookAtSpelling is told if a push that is spelled otherwise is needed to break the law.
const lookAtSpelling = "One of the pushes is spelled otherwise, which means the same: look for a text that is checked, compared or stored as it came, such as a stamp, a client ID, a number or an escape."

// source returns a Go test that runs the steps.
func (f found) source(steps []schedule.Step) string {
	var b strings.Builder
	fmt.Fprintf(&b, "func TestSeed%d(t *testing.T) {\n\tmergetest.Replay(t, newBackend, mergetest.Schedule{\n", f.seed)
	if o := f.given.literal(); o != "" {
		fmt.Fprintf(&b, "\t\tOptions: mergetest.Options{%s},\n", o)
	}
	b.WriteString("\t\tSteps: []string{\n")
	for _, s := range steps {
		quoted := fmt.Sprintf("%#q", s.String()) // with backquotes where that is possible
		fmt.Fprintf(&b, "\t\t\t%s,\n", quoted)
	}
	b.WriteString("\t\t},\n\t})\n}\n")
	return b.String()
}

// inGo returns a duration as a person would write it in Go.
func inGo(d time.Duration) string {
	for _, unit := range []struct {
		name string
		is   time.Duration
	}{{"Hour", time.Hour}, {"Minute", time.Minute}, {"Second", time.Second}, {"Millisecond", time.Millisecond}} {
		if d > 0 && d%unit.is == 0 {
			return fmt.Sprintf("%d * time.%s", d/unit.is, unit.name)
		}
	}
	return strconv.FormatInt(int64(d), 10)
}
