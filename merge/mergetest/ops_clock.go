package mergetest

import (
	"time"
)

// clockOps are invalid items, wrong clocks, and more stamps than a millisecond has.
func clockOps() []family {
	return []family{
		{often: inHalf(2), ops: []op{{
			kind: kind{
				name: "spoils", args: []argument{ofRecord(), assignments(1), flawName()}, follow: afterSpoil,
				draw: func(d *dice, s *step) { s.sets, s.bad = d.sets(false), pick(d, d.o.flaws...) },
			},
			act: (*device).spoil, leaves: (*device).lastStamp,
		}}},
		{often: inHalf(2), ops: []op{{
			kind: kind{
				name: "clock", args: []argument{lead()}, draw: func(d *dice, s *step) { s.by = d.skew(true) },
				begin: wrongClocks, follow: afterClock, end: writeAhead,
			},
			act:    func(d *device, s step) bool { return d.setSkew(s.by) },
			covers: []string{"clock"},
		}}},
		{often: inHalf(2), ops: []op{{
			kind: kind{name: "ticks", follow: func(f follow) []step {
				return []step{f.edit(f.who), f.edit(f.who), f.edit(f.who), f.pushes(f.who), f.pulls(f.c), f.edit(f.c), f.write()}
			}},
			possible: isOfKit, act: func(d *device, _ step) bool { return d.tick() },
			needs: kitDevices(1), covers: []string{"counter carries"},
		}}},
	}
}

// isOfKit reports whether a device is the kit's own: a Client cannot be copied, nor made to do everything.
func isOfKit(d *device, _ step) bool { return d.client == nil }

// kitDevices reports whether n devices are the kit's own.
func kitDevices(n int) func(abilities, domain) bool {
	return func(_ abilities, o domain) bool { return o.plainDevices() >= n }
}

// afterSpoil lets an invalid item come once more, in another batch.
func afterSpoil(f follow) []step {
	if f.faults.lost && f.on() {
		return []step{f.loses(), f.edit(f.who), f.pushes(f.who)}
	}
	return nil
}

// wrongClocks sets the clocks of all devices.
func wrongClocks(d *dice) (steps []step) {
	if d.on() {
		for i := range d.o.devices {
			steps = append(steps, d.clock(i, d.skew(false)))
		}
	}
	return steps
}

// writeAhead adds an edit far ahead, which waits until the faults end, and perhaps the clock is right by then.
func writeAhead(d *dice, steps []step) []step {
	if !d.on() {
		return steps
	}
	who := d.IntN(d.o.devices)
	s := d.edits(who, pick(d, d.o.ids...), d.sets(true)...)
	steps = append(steps, d.clock(who, time.Hour), s)
	if d.on() {
		steps = append(steps, d.clock(who, 0))
	}
	return steps
}

// afterClock lets a device use its new clock. Now and then an item is written by two clocks, or is invalid
// as well as too far ahead; and a Client edits while its clock is found to be wrong.
func afterClock(f follow) []step {
	if f.by < -20*year { // a device whose clock observed nothing yet
		return []step{f.does(f.who, "reinstalls"), f.edit(f.who), f.edit(f.b), f.pushes(f.b), f.pushes(f.who), f.edit(f.who), f.pushes(f.who)}
	}
	ahead := f.clock(f.who, f.o.maxAhead+time.Millisecond)
	push := f.pushing(f.who, manner{meanwhile: true})
	switch {
	case f.o.hasClient(f.who) && f.on():
		return []step{f.edit(f.who), push, f.edit(f.who), push, f.write()}
	case f.o.bounded() && f.IntN(3) == 0:
		add := f.does(f.who, "adds")
		add.id, add.sets = f.id, f.dice.sets(true)
		return []step{f.edit(f.who), ahead, add, f.pushes(f.who)}
	case f.o.bounded() && f.IntN(3) == 0:
		spoil := f.does(f.who, "spoils")
		spoil.id, spoil.sets, spoil.bad = f.id, f.dice.sets(false), pick(f.dice, f.o.flaws...)
		return []step{ahead, spoil, f.pushes(f.who)}
	}
	return []step{f.edit(f.who), f.pushes(f.who), f.write()}
}
