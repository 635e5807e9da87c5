package sim

import (
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// op is one entry of the table of steps: its kind, which says how it reads, is drawn, and shrinks, and how it
// is run. To add a fault, add an entry to a family, or a family to one of the functions that newTable
// calls, and a line about it to the documentation of mergetest.Schedule:
//
//	{often: schedule.InHalf(2), ops: []op{{
//		Kind: schedule.Kind{
//			Name: "naps", Args: []schedule.Argument{schedule.OfRecord()}, // ana naps 1
//			Follow: func(f schedule.Follow) []schedule.Step { // what shows whether it has done harm
//				return []schedule.Step{f.Edit(f.Who), f.Pushes(f.Who)}
//			},
//		},
//		act:    func(d *device, s schedule.Step) bool { return d.nap(s.ID) },
//		covers: []string{"naps"}, // the run counts a step under its name
//	}}},
//
// Families that come earlier are drawn first. A new one with a weight changes what every seed draws: paste
// the new output of Example_failure, and allow the law that an entry of TestBrokenBackendsAreFound now names if it is as
// helpful. One without a weight, whose End inserts its steps in the end, leaves all other seeds as they are.
//
// An op that makes a request itself has run in place of act: requests count and tell themselves. The run
// does not ask possible, so run looks at the device. To show that only the new fault finds a backend, run
// TestBrokenBackendsAreFound with the fault left out of the table.
type op struct {
	schedule.Kind
	possible func(d *device, s schedule.Step) bool           // whether it can be done to a device; nil: always
	act      func(d *device, s schedule.Step) bool           // does it to a device, and reports whether anything was done
	leaves   func(d *device) string                          // what is told that it left
	run      func(w *world, s schedule.Step)                 // instead of act, for what counts and tells itself
	needs    func(a check.Abilities, o schedule.Domain) bool // whether it happens in these runs; nil: always
	covers   []string                                        // what must be counted in many runs, if it happens
	lacks    string                                          // told where it does not happen, unless something else tells that
	look     string                                          // where to look if a law is broken after it
}

// family is kinds of steps that a run has all or none of.
type family struct {
	often func(d *schedule.Dice) int // how often each is among the kinds that are drawn from; nil: never
	ops   []op
}

// table is all kinds of steps.
type table struct {
	grammar  schedule.Grammar
	families []schedule.Weighted
	ops      map[*schedule.Kind]op
}

func newTable() *table {
	t := &table{ops: map[*schedule.Kind]op{}}
	for _, families := range [][]family{editOps(), requestOps(), clockOps(), loadOps(), serverOps(), identityOps(), rareServerOps()} {
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

// do does one step.
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

// Covered returns what the kinds of steps that happen in these runs do.
func (c Config) Covered(a check.Abilities) (all []string) {
	for _, k := range c.Grammar {
		if op := c.ops[k]; op.needs == nil || op.needs(a, c.Domain) {
			all = append(all, op.covers...)
		}
	}
	return all
}

// Lacking returns what kinds of steps do not happen in these runs, and why.
func (c Config) Lacking(a check.Abilities) (all []string) {
	for _, k := range c.Grammar {
		if op := c.ops[k]; op.lacks != "" && op.needs != nil && !op.needs(a, c.Domain) {
			all = append(all, op.lacks)
		}
	}
	return all
}

// hints returns where to look if a law is broken after these steps.
func (c Config) hints(n check.Counts) (all []string) {
	for _, k := range c.Grammar {
		if op := c.ops[k]; op.look != "" && n[k.Name] > 0 {
			all = append(all, op.look)
		}
	}
	return all
}
