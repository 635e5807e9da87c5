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

// Run runs [Check] as a test: it fails the test with the error that Check returns. If there is no
// error, it logs what was not tested, and why, and how often each event happened.
func Run(t testing.TB, newBackend func(*Env) (Backend, error), o Options) {
	t.Helper()
	found, err := examine(newBackend, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range found.untested {
		t.Logf("mergetest: not tested: %s", text)
	}
	t.Logf("mergetest: the longest run took %v of virtual time; events: %v", found.longest, found.counts)
}

// Check draws a schedule for each seed, runs it on a backend of its own, and compares the results with the
// rule. NewBackend must make an empty backend for each run; there are more runs than seeds. An error from
// newBackend ends the check, and Check returns it.
//
// Check returns nil if no law was broken, and otherwise an error that describes the first failure in
// full: the broken law, the shortest schedule found that breaks it, the seed, and a test that repeats
// it. With 50 seeds or more, Check also returns an error if an event that can happen on this backend
// never happened: a fault, a verdict, or a decision by some part of the rule.
func Check(newBackend func(*Env) (Backend, error), o Options) error {
	_, err := examine(newBackend, o)
	return err
}

// summary is the result of a check that found no failure.
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
	if err := probe(create, given, &o); err != nil {
		return r, err
	}
	r, err = runSeeds(create, given, o)
	if err == nil && r.able.Can(check.CanTell) && !r.able.Can(check.CanMark) && r.counts["edit lost on arrival"] > 0 {
		o.Marks = true // edits were lost on arrival and none was reported: fail in the first such run
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
			return r, report.Failure(report.Found{Create: create, O: o, Options: given.literal(), Seed: seed, Breach: w.Breach, Steps: steps})
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
			return r, fmt.Errorf("mergetest: in %d runs of %d steps %q never occurred, so the runs prove nothing about it. Run more steps, or write more values.\nThese occurred: %v", given.seeds(), o.Steps, what, r.counts)
		}
	}
	return r, nil
}

// probe counts the calls to Env.Crash and Env.Pause in a push of all fields, and finds out
// what the backend can do.
func probe(create sim.NewProcess, given Options, o *sim.Config) error {
	var steps []schedule.Step
	for _, id := range o.IDs {
		for _, name := range o.Names {
			steps = append(steps, o.Grammar.Edits(0, id, schedule.Assignment{Name: name, Value: o.Fields[name][0]}))
		}
	}
	plain := *o
	plain.Clients = false // the question is what the backend does
	w, err := sim.Run(create, plain, sim.Scenario{Steps: append(steps, o.Grammar.Pushes(0))})
	o.Points, o.Pauses = w.Points, w.Pauses
	o.Restarts = w.Able.Can(check.CanRestart)
	o.Purges, o.Erases = w.Able.Can(check.CanPurge), w.Able.Can(check.CanErase)
	o.Imports = w.Able.Can(check.CanImport)
	if o.Grants = w.Able.Can(check.CanGrant); o.Grants && given.IDs == nil {
		o.IDs = append(o.IDs, schedule.SecretIDs()...)
	}
	return err
}

// enough is the number of runs after which every possible event must have happened at least once.
const enough = 50
