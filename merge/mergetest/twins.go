package mergetest

// twins draws what chance alone brings about too seldom: two writes of one field at the
// same moment, by two devices after a wait, or with the same stamp, after a device was
// cloned or backed up; and what shows whether a fault has done harm.
func (d *dice) twins(s step) []step {
	a, b, c := d.IntN(d.devices), d.IntN(d.devices), d.IntN(d.devices)
	name, id := pick(d, d.o.names...), pick(d, d.o.IDs...)
	edit := func(who int) step {
		value := pick(d, append([]string{"deleted"}, d.o.Fields[name]...)...)
		return step{who: who, verb: "edits", id: id, sets: []assignment{{name, value}}}
	}
	write := step{who: server, verb: "writes", id: id, sets: []assignment{{name, d.o.Fields[name][0]}}}
	verb := s.verb
	if s.who == server {
		verb = "server " + verb
	}
	switch verb {
	case "wait":
		return []step{edit(a), edit(b), does(a, "pushes"), does(c, "pulls"), does(b, "pushes"), does(c, "pulls")}
	case "pushes":
		if a == b || !d.faults.meets || d.IntN(3) > 0 {
			return nil
		}
		m := pick(d, manner{at: 1, whom: b}, manner{storms: true, whom: b})
		return []step{edit(a), edit(b), does(b, "pulls"), {who: a, verb: "pushes", push: m}, does(b, "pulls")}
	case "clock":
		return []step{edit(s.who), does(s.who, "pushes"), write}
	case "ticks":
		return []step{edit(s.who), edit(s.who), edit(s.who), does(s.who, "pushes"), does(c, "pulls"), edit(c), write}
	case "floods":
		limit := step{who: s.who, verb: "clock", by: d.o.MaxAhead}
		return []step{does(s.who, "pushes"), limit, {who: s.who, verb: "floods", id: s.id, n: 20}, does(s.who, "pushes")}
	case "clones":
		return []step{edit(s.who), edit(s.whom)}
	case "backs-up":
		return []step{edit(s.who), does(s.who, "pushes"), does(s.who, "is-restored"), edit(s.who)}
	case "reopens":
		return []step{edit(s.who), {who: s.who, verb: "pushes", push: manner{lost: true}}, does(s.who, "reopens"), edit(s.who)}
	case "server backs-up":
		return []step{edit(a), does(a, "pushes"), does(b, "pulls"), does(server, "is-restored"), edit(b), does(b, "pushes"), does(a, "pulls")}
	case "server forgets-time":
		return []step{edit(a), does(a, "pushes"), does(b, "pushes"), does(server, "learns-time")}
	}
	return nil
}

func does(who int, verb string) step { return step{who: who, verb: verb} }
