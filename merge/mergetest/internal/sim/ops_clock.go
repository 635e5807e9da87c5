package sim

import (
	"time"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// clockOps are invalid items, wrong clocks, and milliseconds that run out of stamps.
func clockOps() []family {
	return []family{
		{often: schedule.InHalf(2), ops: []op{{
			Kind: schedule.Kind{
				Name: "spoils", Args: []schedule.Argument{schedule.OfRecord(), schedule.Assignments(1), schedule.FlawName()}, Follow: afterSpoil,
				Draw: func(d *schedule.Dice, s *schedule.Step) {
					s.Sets, s.Bad = d.Sets(false), schedule.Pick(d, d.Domain.Flaws...)
				},
			},
			act: (*device).spoil, leaves: (*device).lastStamp,
		}}},
		{often: schedule.InHalf(2), ops: []op{{
			Kind: schedule.Kind{
				Name: "clock", Args: []schedule.Argument{schedule.Lead()}, Draw: func(d *schedule.Dice, s *schedule.Step) { s.By = d.Skew(true) },
				Begin: wrongClocks, Follow: afterClock, End: writeAhead,
			},
			act:    func(d *device, s schedule.Step) bool { return d.setSkew(s.By) },
			covers: []string{"clock"},
		}}},
		{often: schedule.InHalf(2), ops: []op{{
			Kind: schedule.Kind{Name: "ticks", Follow: func(f schedule.Follow) []schedule.Step {
				return []schedule.Step{f.Edit(f.Who), f.Edit(f.Who), f.Edit(f.Who), f.Pushes(f.Who), f.Pulls(f.C), f.Edit(f.C), f.Write()}
			}},
			possible: isOfKit, act: func(d *device, _ schedule.Step) bool { return d.tick() },
			needs: kitDevices(1), covers: []string{"counter carries"},
		}}},
	}
}

// isOfKit reports whether a device is the kit's own. A Client cannot be copied, and some
// actions cannot be forced on it.
func isOfKit(d *device, _ schedule.Step) bool { return d.client == nil }

// kitDevices reports whether n devices are the kit's own.
func kitDevices(n int) func(check.Abilities, schedule.Domain) bool {
	return func(_ check.Abilities, o schedule.Domain) bool { return o.PlainDevices() >= n }
}

// afterSpoil sends an invalid item again, in another batch.
func afterSpoil(f schedule.Follow) []schedule.Step {
	if f.Faults.Lost && f.On() {
		return []schedule.Step{f.Loses(), f.Edit(f.Who), f.Pushes(f.Who)}
	}
	return nil
}

// wrongClocks sets the clocks of all devices in half of the runs.
func wrongClocks(d *schedule.Dice) (steps []schedule.Step) {
	if d.On() {
		for i := range d.Domain.Devices {
			steps = append(steps, d.Clock(i, d.Skew(false)))
		}
	}
	return steps
}

// writeAhead adds, in half of the runs, an edit stamped far ahead, which waits until the faults
// end. The clock may be right by then.
func writeAhead(d *schedule.Dice, steps []schedule.Step) []schedule.Step {
	if !d.On() {
		return steps
	}
	who := d.IntN(d.Domain.Devices)
	s := d.Edits(who, schedule.Pick(d, d.Domain.IDs...), d.Sets(true)...)
	steps = append(steps, d.Clock(who, time.Hour), s)
	if d.On() {
		steps = append(steps, d.Clock(who, 0))
	}
	return steps
}

// afterClock lets a device use its new clock. Now and then, one item has writes by two clocks, an
// item is both invalid and too far ahead, or a Client edits while its clock is found to be wrong.
func afterClock(f schedule.Follow) []schedule.Step {
	if f.By < -20*schedule.Year { // a device whose clock has observed nothing yet
		return []schedule.Step{f.Does(f.Who, "reinstalls"), f.Edit(f.Who), f.Edit(f.B), f.Pushes(f.B), f.Pushes(f.Who), f.Edit(f.Who), f.Pushes(f.Who)}
	}
	ahead := f.Clock(f.Who, f.Domain.MaxAhead+time.Millisecond)
	push := f.Pushing(f.Who, schedule.Manner{Meanwhile: true})
	switch {
	case f.Domain.HasClient(f.Who) && f.On():
		return []schedule.Step{f.Edit(f.Who), push, f.Edit(f.Who), push, f.Write()}
	case f.Domain.Bounded() && f.IntN(3) == 0:
		add := f.Does(f.Who, "adds")
		add.ID, add.Sets = f.ID, f.Dice.Sets(true)
		return []schedule.Step{f.Edit(f.Who), ahead, add, f.Pushes(f.Who)}
	case f.Domain.Bounded() && f.IntN(3) == 0:
		spoil := f.Does(f.Who, "spoils")
		spoil.ID, spoil.Sets, spoil.Bad = f.ID, f.Dice.Sets(false), schedule.Pick(f.Dice, f.Domain.Flaws...)
		return []schedule.Step{ahead, spoil, f.Pushes(f.Who)}
	}
	return []schedule.Step{f.Edit(f.Who), f.Pushes(f.Who), f.Write()}
}
