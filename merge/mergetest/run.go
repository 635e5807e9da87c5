package mergetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// Schedule is what happens in one run, without anything random in it. Each step is a line
// of a failure that Check reported:
//
//	ana edits 1 title="" points=deleted
//	ana deletes 1                   ana restores 1
//	ana floods 1 300                so many edits at once
//	ana spoils 1 points=9 forged    an item that must be refused for good, as listed below
//	ana pushes                      ana pushes, answer lost, twice, reversed, last only, doubled
//	ana pushes, spelled otherwise   the same in another spelling than the canonical one
//	ana pushes, server dies at 2    ana pushes, ben syncs at 1
//	ana pushes, ben storms          ben edits the same and pushes, in every pause
//	ana pushes, garbled at 17       first comes a copy in which that byte is wrong
//	ana pushes, cut at 17           or one that ends before it
//	ana pushes, edits meanwhile     before the answer arrives, if ana is a Client
//	ana pulls                       ana pulls, answer lost
//	ana resends 0                   the last push of ana once more
//	ana clock +5m                   by how much it is wrong from now on
//	ana ticks                       as if it had written a million times in this millisecond
//	ana clones ben                  ana backs-up, ana is-restored, ana reinstalls
//	ana reopens                     the app is closed and opened again, if ana is a Client
//	server restarts                 server writes 1 points=9
//	server backs-up                 server is-restored
//	server forgets-time             Env.Now is in 1970, until the server learns-time
//	wait 8h
//
// An item is spoilt by one more thing: unstamped, forged, reserved, both, neither and undated
// write zzz without a stamp, with the client ID of somebody else, as $own, with a value and
// deleted, with neither, and with updatedAt "yesterday"; worded has $deleted "true" as a text;
// nameless has an empty ID; and a code of Options.Refused has the fields that are given there.
//
// Numbers of deaths and syncs count the calls of Env.Crash and Env.Pause within that push.
// Devices are named ana, ben, cem, dan, eva, fay, gus and hal.
type Schedule struct {
	Options Options // Seeds, First, Steps and Devices mean nothing here
	Steps   []string
}

// Run checks a backend, and fails the test with what [Check] returns. It logs what was not
// tested because the backend does not offer it. newBackend makes an empty backend for
// each run, of which there are more than seeds; its error ends the test.
func Run(t testing.TB, newBackend func(*Env) (Backend, error), o Options) {
	t.Helper()
	report, err := check(newBackend, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range report.untested {
		t.Logf("mergetest: not tested: %s", text)
	}
	t.Logf("mergetest: %v in the longest run; %v", report.longest, report.counts)
}

// Check lets simulated devices work with a backend, one run for each seed, and compares
// with what the rule says. It returns nil, or an error whose text tells the whole story of
// the first failure: the law that is broken, the shortest schedule that was found to break
// it, the seed, and a test that repeats it. If one of the faults, verdicts or steps of the
// rule never occurred in 50 or more runs, that is an error as well.
func Check(newBackend func(*Env) (Backend, error), o Options) error {
	_, err := check(newBackend, o)
	return err
}

// Replay runs one schedule on a backend, and fails the test if a law is broken.
func Replay(t testing.TB, newBackend func(*Env) (Backend, error), s Schedule) {
	t.Helper()
	if err := replay(newBackend, s); err != nil {
		t.Fatal(err)
	}
}

func replay(create newBackend, s Schedule) error {
	o, err := s.Options.settled()
	if err != nil {
		return err
	}
	steps, err := parseSteps(s.Steps)
	if err != nil {
		return err
	}
	for i, s := range steps {
		if s.verb == "spoils" && !slices.Contains(o.flaws(), s.bad) {
			return fmt.Errorf("mergetest: step %d, %q: what is %q? It can be one of %v", i+1, s, s.bad, o.flaws())
		}
	}
	w, err := run(create, o.with(steps), scenario{steps, true})
	if err != nil || w.breach == nil {
		return err
	}
	return fmt.Errorf("%s", w.text())
}

// report is what a check that found nothing has to say.
type report struct {
	able     abilities
	untested []string
	counts   counts
	longest  time.Duration // of virtual time
}

func check(create newBackend, given Options) (r report, err error) {
	r.counts = counts{}
	o, err := given.settled()
	if err != nil {
		return r, err
	}
	if o.points, err = crashPoints(create, o); err != nil {
		return r, err
	}
	for seed := o.First; seed < o.First+uint64(o.Seeds); seed++ {
		steps := draw(seed, o)
		w, err := run(create, o, scenario{steps: steps})
		if err != nil {
			return r, err
		}
		if w.breach != nil {
			return r, failure(create, found{given, o, seed, w.breach.law, steps[:min(w.breach.moment+1, len(steps))]})
		}
		r.counts.add(w.counts)
		r.able = r.able.or(w.able)
		r.longest = max(r.longest, w.now.Sub(start()))
	}
	r.untested = r.able.untested(o)
	if o.Seeds < enough {
		return r, nil
	}
	for _, what := range r.able.required(o) {
		if r.counts[what] == 0 {
			return r, fmt.Errorf("mergetest: in %d runs of %d steps it never happened: %q; without it, nothing is shown. Run more steps, or write more values.\nIt happened: %v", o.Seeds, o.Steps, what, r.counts)
		}
	}
	return r, nil
}

// crashPoints returns how often a push of all fields calls Env.Crash.
func crashPoints(create newBackend, o domain) (int, error) {
	var steps []step
	for _, id := range o.IDs {
		for _, name := range o.names {
			steps = append(steps, step{verb: "edits", id: id, sets: []assignment{{name, o.Fields[name][0]}}})
		}
	}
	w, err := run(create, o, scenario{steps: append(steps, step{verb: "pushes"})})
	if err != nil {
		return 0, err
	}
	return w.able.points, nil
}

// enough is the number of runs in which everything must happen.
const enough = 50

// found is a schedule that breaks a law.
type found struct {
	given Options
	o     domain
	seed  uint64
	law   law
	steps []step
}

// failure shrinks a schedule, and returns its story as an error.
func failure(create newBackend, f found) error {
	s := shrinker{create, f.o, f.law, 3000}
	short := f.steps
	if s.fails(short) {
		short = s.general(s.shrink(short))
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
		return fmt.Errorf("mergetest: seed %d breaks a law (%s), and then not again in %d runs: %s", f.seed, f.law.text().name, times, unlike)
	}
	text := w.text()
	if n < times {
		text += fmt.Sprintf("\nOf %d runs of these steps %d broke a law: %s\n", times, n, unlike)
	}
	return fmt.Errorf("%s\nSeed %d, shrunk from %d steps to %d. The same as a test:\n\n%s", text, f.seed, len(f.steps), len(short), f.source(short))
}

// times is how often a schedule is repeated to see whether it always breaks a law.
const times = 5

// tellTimes repeats a schedule. It returns the first run that breaks a law, or nil, and how
// many do.
func tellTimes(create newBackend, o domain, steps []step) (first *world, n int, err error) {
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
	law := w.breach.law.text()
	var b strings.Builder
	fmt.Fprintf(&b, "mergetest: broken law: %s\n\n%s\n", law.name, law.says)
	fmt.Fprintf(&b, "\n  after       what happens; times are since %s\n%s\n", start().Format(time.RFC3339), w.story)
	for _, detail := range w.breach.detail {
		for line := range strings.Lines(detail) {
			b.WriteString("  " + strings.TrimRight(line, "\n") + "\n")
		}
	}
	fmt.Fprintf(&b, "\n%s\n", law.look)
	return b.String()
}

// source returns a Go test that runs the steps.
func (f found) source(steps []step) string {
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
