package mergetest

import (
	"slices"
	"time"
)

// clockOps are wrong clocks, invalid items, and more stamps than a millisecond has.
func clockOps() []family {
	return []family{
		{often: inHalf(2), ops: []op{{
			kind: kind{
				name: "spoils", args: []argument{ofRecord(), assignments(1), flawName()}, follow: afterSpoil,
				draw: func(d *dice, s *step) { s.sets, s.bad = d.sets(false), pick(d, d.o.flaws()...) },
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
		{ops: []op{{
			kind: kind{
				name: "floods", args: []argument{ofRecord(), countOf(20)}, many: true, end: insertFlood, apart: floodApart,
				follow: func(f follow) []step {
					return []step{f.pushes(f.who), f.clock(f.who, f.o.MaxAhead), f.flood(f.who, f.step.id, 20), f.pushes(f.who)}
				},
			},
			possible: isOfKit, act: (*device).flood, leaves: (*device).lastStamp,
			needs: kitDevices(1), covers: []string{"floods"},
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
		for i := range d.o.Devices {
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
	who := d.IntN(d.o.Devices)
	s := d.edits(who, pick(d, d.o.IDs...), d.sets(true)...)
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
	ahead := f.clock(f.who, f.o.MaxAhead+time.Millisecond)
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
		spoil.id, spoil.sets, spoil.bad = f.id, f.dice.sets(false), pick(f.dice, f.o.flaws()...)
		return []step{ahead, spoil, f.pushes(f.who)}
	}
	return []step{f.edit(f.who), f.pushes(f.who), f.write()}
}

// flood is n edits of a record.
func (d *dice) flood(who int, id string, n int) step {
	s := d.grammar.step(who, "floods")
	s.id, s.n = id, n
	return s
}

// insertFlood inserts a flood into one of three schedules.
func insertFlood(d *dice, steps []step) []step {
	if d.IntN(3) > 0 {
		return steps
	}
	s := d.flood(d.IntN(d.o.Devices), pick(d, d.o.IDs...), pick(d, 150, 300))
	return slices.Insert(steps, d.IntN(len(steps)), append([]step{s}, d.followUps(s)...)...)
}

// floodApart is the different edits of a flood.
func floodApart(g grammar, o domain, s step) (all []step) {
	most := 1
	for _, values := range o.Fields {
		most = max(most, len(values))
	}
	for i := range min(s.n, most*len(o.names)) {
		name := o.names[i%len(o.names)]
		values := o.Fields[name]
		all = append(all, g.edits(s.who, s.id, assignment{name, values[i/len(o.names)%len(values)]}))
	}
	return all
}
