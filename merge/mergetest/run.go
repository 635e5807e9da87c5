package mergetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/report"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/sim"
)

// Run is [Check] as a test: it fails the test with the error that Check returns. If there is none,
// it logs what was not tested, and why, and how often everything happened.
func Run(t testing.TB, newBackend func(*Env) (Backend, error), o Options) {
	t.Helper()
	found, err := examine(newBackend, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range found.untested {
		t.Logf("mergetest: not tested: %s", text)
	}
	t.Logf("mergetest: %v in the longest run; %v", found.longest, found.counts)
}

// Check draws a schedule for each seed, runs it on a backend of its own, and compares what comes of
// it with what the rule says. NewBackend must make an empty backend for each run, of which there
// are more than there are seeds; an error of newBackend ends the check, and is returned.
//
// Check returns nil if no law was broken, and otherwise an error whose text tells the whole story
// of the first failure: the law that is broken, the shortest schedule that was found to break it,
// the seed, and a test that repeats it. If there are 50 seeds or more, it is also an error if
// something never happened that can happen on this backend: a fault, a verdict, or a decision by
// some part of the rule.
func Check(newBackend func(*Env) (Backend, error), o Options) error {
	_, err := examine(newBackend, o)
	return err
}

// summary is what a check that found nothing has to say.
type summary struct {
	able     check.Abilities
	untested []string
	counts   check.Counts
	longest  time.Duration // of virtual time
}

func examine(newBackend newBackend, given Options) (r summary, err error) {
	o, err := given.withDefaults()
	if err != nil {
		return r, err
	}
	create := processes(newBackend)
	if err := probe(create, &o); err != nil {
		return r, err
	}
	r, err = runSeeds(create, given, o)
	if err == nil && r.able.Can(check.CanTell) && !r.able.Can(check.CanMark) && r.counts["edit lost as it comes"] > 0 {
		o.Marks = true // or there would have been a report
		return runSeeds(create, given, o)
	}
	return r, err
}

func runSeeds(create sim.NewProcess, given Options, o sim.Config) (r summary, err error) {
	r.counts = check.Counts{}
	for seed := given.First; seed < given.First+uint64(given.seeds()); seed++ {
		steps := schedule.Draw(seed, o.Domain)
		w, err := sim.Run(create, o, sim.Scenario{Steps: steps})
		if err != nil {
			return r, err
		}
		if w.Breach != nil {
			return r, report.Failure(report.Found{Create: create, O: o, Options: given.literal(), Seed: seed, Law: w.Breach.Law, Steps: steps[:min(w.Breach.Moment+1, len(steps))]})
		}
		r.counts.Add(w.Counts)
		r.able |= w.Able
		o.Marks = o.Marks || r.able.Can(check.CanMark)
		r.longest = max(r.longest, w.Lasted)
	}
	r.untested = report.Untested(r.able, o)
	if given.seeds() < enough {
		return r, nil
	}
	for _, what := range report.Required(r.able, o) {
		if r.counts[what] == 0 {
			return r, fmt.Errorf("mergetest: in %d runs of %d steps it never happened: %q; without it, nothing is shown. Run more steps, or write more values.\nIt happened: %v", given.seeds(), o.Steps, what, r.counts)
		}
	}
	return r, nil
}

// probe finds out how often a push of all fields calls Env.Crash and Env.Pause.
func probe(create sim.NewProcess, o *sim.Config) error {
	var steps []schedule.Step
	for _, id := range o.IDs {
		for _, name := range o.Names {
			steps = append(steps, o.Grammar.Edits(0, id, schedule.Assignment{Name: name, Value: o.Fields[name][0]}))
		}
	}
	w, err := sim.Run(create, *o, sim.Scenario{Steps: append(steps, o.Grammar.Pushes(0))})
	o.Points, o.Pauses = w.Points, w.Pauses
	return err
}

// enough is the number of runs in which everything must happen.
const enough = 50
