package schedule

// Follow draws the steps that follow a step: it has a few devices, a field of a record, and
// some of its values.
type Follow struct {
	*Dice
	Step
	A, B, C  int
	name, ID string
	Values   []string // some values of the field
}

// FollowUps draws steps that chance alone makes too rare. Some make two writes of one field
// at the same moment, by two devices after a wait, or with the same stamp after a device
// was cloned or backed up. Others show whether a fault has done harm.
func (d *Dice) FollowUps(s Step) []Step {
	f := d.follow(s)
	if s.Kind.Follow == nil {
		return nil
	}
	return s.Kind.Follow(f)
}

// follow draws what a story after a step is about.
func (d *Dice) follow(s Step) Follow {
	return Follow{Dice: d, Step: s, A: d.IntN(d.Domain.Devices), B: d.IntN(d.Domain.Devices), C: d.IntN(d.Domain.Devices)}.Elsewhere()
}

// Opening draws the steps of one story for the beginning of one in n schedules, when the store still is as it was made.
// It does not change what else is drawn.
func (d *Dice) Opening(n int, stories ...func(Follow) []Step) []Step {
	if len(stories) == 0 || !d.Also(n) {
		return nil
	}
	apart := *d
	apart.Rand = d.extra
	return Pick(&apart, stories...)(apart.follow(Step{}))
}

// Elsewhere returns f with a newly drawn field of a newly drawn record.
func (f Follow) Elsewhere() Follow {
	f.name, f.ID = Pick(f.Dice, f.Domain.Names...), Pick(f.Dice, f.Domain.IDs...)
	f.Values = f.Domain.Fields[f.name]
	if at := f.IntN(len(f.Values)); f.IntN(4) > 0 { // neighbours in the list, which are easily confused
		f.Values = f.Values[at:min(at+2, len(f.Values))]
	}
	return f
}

// Edit returns an edit of the field.
func (f Follow) Edit(who int) Step {
	value := Pick(f.Dice, append([]string{"deleted"}, f.Values...)...)
	return f.Edits(who, f.ID, Assignment{f.name, value})
}

// Write returns a write of the field by the server.
func (f Follow) Write() Step {
	s := f.Dice.Grammar.Step(Server, "writes")
	s.ID, s.Sets = f.ID, []Assignment{{f.name, f.Domain.Fields[f.name][0]}}
	return s
}

// EditAsWrite returns an edit that writes what Write writes.
func (f Follow) EditAsWrite(who int) Step { return f.Edits(who, f.ID, f.Write().Sets...) }

// Does returns a step of a device, or of the server, without arguments.
func (f Follow) Does(who int, name string) Step { return f.Dice.Grammar.Step(who, name) }

// Pushing returns a push of a device in a given manner.
func (f Follow) Pushing(who int, m Manner) Step {
	s := f.Pushes(who)
	s.Manner = m
	return s
}

// Loses returns a push whose answer is lost.
func (f Follow) Loses() Step { return f.Pushing(f.Who, Manner{Lost: true}) }
