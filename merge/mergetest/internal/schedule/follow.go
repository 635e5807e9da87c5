package schedule

// Follow is what follows a step: a few devices, a field of a record, and some of its values.
type Follow struct {
	*Dice
	Step
	A, B, C  int
	name, ID string
	Values   []string // of the field
}

// FollowUps draws what chance alone brings about too seldom: two writes of one field at the
// same moment, by two devices after a wait, or with the same stamp, after a device was
// cloned or backed up; and what shows whether a fault has done harm.
func (d *Dice) FollowUps(s Step) []Step {
	f := Follow{Dice: d, Step: s, A: d.IntN(d.Domain.Devices), B: d.IntN(d.Domain.Devices), C: d.IntN(d.Domain.Devices)}
	f = f.Elsewhere()
	if s.Kind.Follow == nil {
		return nil
	}
	return s.Kind.Follow(f)
}

// Elsewhere draws another field of another record.
func (f Follow) Elsewhere() Follow {
	f.name, f.ID = Pick(f.Dice, f.Domain.Names...), Pick(f.Dice, f.Domain.IDs...)
	f.Values = f.Domain.Fields[f.name]
	if at := f.IntN(len(f.Values)); f.IntN(4) > 0 { // neighbours, which are easily confused
		f.Values = f.Values[at:min(at+2, len(f.Values))]
	}
	return f
}

// Edit is an edit of the field.
func (f Follow) Edit(who int) Step {
	value := Pick(f.Dice, append([]string{"deleted"}, f.Values...)...)
	return f.Edits(who, f.ID, Assignment{f.name, value})
}

// Write is a write of the field by the server.
func (f Follow) Write() Step {
	s := f.Dice.Grammar.Step(Server, "writes")
	s.ID, s.Sets = f.ID, []Assignment{{f.name, f.Domain.Fields[f.name][0]}}
	return s
}

// Does is a step of the device, or the server, without arguments.
func (f Follow) Does(who int, name string) Step { return f.Dice.Grammar.Step(who, name) }

// Pushing is a push of the device that goes in some manner.
func (f Follow) Pushing(who int, m Manner) Step {
	s := f.Pushes(who)
	s.Manner = m
	return s
}

// Loses is a push without an answer.
func (f Follow) Loses() Step { return f.Pushing(f.Who, Manner{Lost: true}) }
