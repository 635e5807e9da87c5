package mergetest

// follow is what follows a step: a few devices, a field of a record, and some of its values.
type follow struct {
	*dice
	step
	a, b, c  int
	name, id string
	values   []string // of the field
}

// followUps draws what chance alone brings about too seldom: two writes of one field at the
// same moment, by two devices after a wait, or with the same stamp, after a device was
// cloned or backed up; and what shows whether a fault has done harm.
func (d *dice) followUps(s step) []step {
	f := follow{dice: d, step: s, a: d.IntN(d.o.devices), b: d.IntN(d.o.devices), c: d.IntN(d.o.devices)}
	f = f.elsewhere()
	if s.kind.follow == nil {
		return nil
	}
	return s.kind.follow(f)
}

// elsewhere draws another field of another record.
func (f follow) elsewhere() follow {
	f.name, f.id = pick(f.dice, f.o.names...), pick(f.dice, f.o.ids...)
	f.values = f.o.fields[f.name]
	if at := f.IntN(len(f.values)); f.IntN(4) > 0 { // neighbours, which are easily confused
		f.values = f.values[at:min(at+2, len(f.values))]
	}
	return f
}

// edit is an edit of the field.
func (f follow) edit(who int) step {
	value := pick(f.dice, append([]string{"deleted"}, f.values...)...)
	return f.edits(who, f.id, assignment{f.name, value})
}

// write is a write of the field by the server.
func (f follow) write() step {
	s := f.dice.grammar.step(server, "writes")
	s.id, s.sets = f.id, []assignment{{f.name, f.o.fields[f.name][0]}}
	return s
}

// does is a step of the device, or the server, without arguments.
func (f follow) does(who int, name string) step { return f.dice.grammar.step(who, name) }

// pushing is a push of the device that goes in some manner.
func (f follow) pushing(who int, m manner) step {
	s := f.pushes(who)
	s.push = m
	return s
}

// loses is a push without an answer.
func (f follow) loses() step { return f.pushing(f.who, manner{lost: true}) }
