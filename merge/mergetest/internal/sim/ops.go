package sim

import (
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// op is one entry of the table of steps: how a step is written, drawn and shrunk, which its Kind says, and
// how it is run. To add a fault, add an entry to a family, or a family to one of the functions that newTable
// calls, and a line about it to the documentation of mergetest.Schedule:
//
//	{often: schedule.InHalf(2), ops: []op{{
//		Kind: schedule.Kind{
//			Name: "naps", Args: []schedule.Argument{schedule.OfRecord()}, // ana naps 1
//			Follow: func(f schedule.Follow) []schedule.Step { // shows whether the nap did harm
//				return []schedule.Step{f.Edit(f.Who), f.Pushes(f.Who)}
//			},
//		},
//		act:    func(d *device, s schedule.Step) bool { return d.nap(s.ID) },
//		covers: []string{"naps"}, // the run counts a step under its name
//	}}},
//
// Families that come earlier are drawn first. A new family with a weight changes the schedule of
// every seed: paste the new output of Example_failure, and if a failure in
// TestBrokenBackendsAreFound now names another law that is as helpful, add that law to the entry. A
// family without a weight, whose End adds steps to some complete schedules, leaves all other
// schedules unchanged.
//
// An op that makes a request itself sets run instead of act, because a request counts and reports itself. The
// function possible is not called then, so run must check the state of the device itself. To show that only
// the new fault finds a broken backend, run TestBrokenBackendsAreFound with the fault left out of the table.
type op struct {
	schedule.Kind
	possible func(d *device, s schedule.Step) bool           // whether it is possible on a device; nil means always
	act      func(d *device, s schedule.Step) bool           // runs it on a device, and reports whether it did anything
	leaves   func(d *device) string                          // describes the state of the device after it
	run      func(w *world, s schedule.Step)                 // instead of act, for steps that count and report themselves
	needs    func(a check.Abilities, o schedule.Domain) bool // whether it happens in these runs; nil means always
	covers   []string                                        // the events that must occur over many runs, if it happens
	lacks    string                                          // reported as untested if it does not happen and no other text says so
	look     string                                          // the hint if a law is broken after it
}

// family is a group of kinds of steps. A run has all of them or none.
type family struct {
	often func(d *schedule.Dice) int // the weight of each kind in a draw; nil means never
	ops   []op
}

// table contains all kinds of steps.
type table struct {
	grammar  schedule.Grammar
	families []schedule.Weighted
	ops      map[*schedule.Kind]op
}

func newTable() *table {
	t := &table{ops: map[*schedule.Kind]op{}}
	for _, families := range [][]family{editOps(), requestOps(), clockOps(), loadOps(), serverOps(), identityOps(), rareServerOps(), purgeOps(), bucketOps(), counterOps(), importOps()} {
		for _, f := range families {
			w := schedule.Weighted{Often: f.often}
			for _, o := range f.ops {
				k := &o.Kind
				t.grammar, w.Kinds, t.ops[k] = append(t.grammar, k), append(w.Kinds, k), o
			}
			if f.often != nil {
				t.families = append(t.families, w)
			}
		}
	}
	return t
}

// do runs one step.
func (w *world) do(s schedule.Step) {
	o := w.o.ops[s.Kind]
	if o.run != nil {
		o.run(w, s)
		return
	}
	d := w.device(s.Who)
	possible := o.possible == nil || o.possible(d, s)
	if possible && o.act(d, s) {
		w.Count(s.Name)
	}
	switch {
	case !w.telling:
	case !possible:
		w.Tell(s.Clipped(), "not possible here")
	case o.leaves != nil:
		w.Tell(s.Clipped(), o.leaves(d))
	default:
		w.Tell(s.Clipped(), "")
	}
}

// Covered returns the counts of the kinds of steps that happen in these runs.
func (c Config) Covered(a check.Abilities) (all []string) {
	for _, k := range c.Grammar {
		if op := c.ops[k]; op.needs == nil || op.needs(a, c.Domain) {
			all = append(all, op.covers...)
		}
	}
	return all
}

// Lacking describes the kinds of steps that do not happen in these runs, and why.
func (c Config) Lacking(a check.Abilities) (all []string) {
	for _, k := range c.Grammar {
		if op := c.ops[k]; op.lacks != "" && op.needs != nil && !op.needs(a, c.Domain) {
			all = append(all, op.lacks)
		}
	}
	return all
}

// hints returns the hints of the kinds of steps that were run.
func (c Config) hints(n check.Counts) (all []string) {
	for _, k := range c.Grammar {
		if op := c.ops[k]; op.look != "" && n[k.Name] > 0 {
			all = append(all, op.look)
		}
	}
	return all
}
