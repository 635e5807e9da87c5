package mergetest

import (
	"bytes"
	"time"
)

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
	f := follow{dice: d, step: s, a: d.IntN(d.o.Devices), b: d.IntN(d.o.Devices), c: d.IntN(d.o.Devices)}
	f = f.elsewhere()
	if s.who == server {
		return f.server()
	}
	switch s.verb {
	case "wait":
		if len(d.silent) > 0 && d.IntN(6) == 0 {
			return f.silence()
		}
		first, then := f.differ()
		return []step{f.edit(f.a), f.edit(f.b), first, does(f.c, "pulls"), then, does(f.c, "pulls")}
	case "pushes":
		return f.pushes()
	case "pulls":
		return f.pulls()
	case "spoils":
		if f.faults.lost && f.on() { // it comes once more, in another batch
			return []step{f.loses(), f.edit(s.who), does(s.who, "pushes")}
		}
	case "clock":
		return f.clock()
	case "ticks":
		return []step{f.edit(s.who), f.edit(s.who), f.edit(s.who), does(s.who, "pushes"), does(f.c, "pulls"), f.edit(f.c), f.write()}
	case "floods":
		limit := step{who: s.who, verb: "clock", by: d.o.MaxAhead}
		return []step{does(s.who, "pushes"), limit, {who: s.who, verb: "floods", id: s.id, n: 20}, does(s.who, "pushes")}
	case "clones":
		g := f.elsewhere()
		return []step{f.edit(s.who), f.edit(s.whom), g.edit(s.who), g.edit(s.whom), does(s.who, "pushes"), does(s.whom, "pushes")}
	case "backs-up":
		return []step{f.edit(s.who), does(s.who, "pushes"), does(s.who, "is-restored"), f.edit(s.who)}
	case "reopens":
		return []step{f.edit(s.who), f.loses(), does(s.who, "reopens"), f.edit(s.who)}
	}
	return nil
}

func does(who int, verb string) step { return step{who: who, verb: verb} }

// elsewhere draws another field of another record.
func (f follow) elsewhere() follow {
	f.name, f.id = pick(f.dice, f.o.names...), pick(f.dice, f.o.IDs...)
	f.values = f.o.Fields[f.name]
	if at := f.IntN(len(f.values)); f.IntN(4) > 0 { // neighbours, which are easily confused
		f.values = f.values[at:min(at+2, len(f.values))]
	}
	return f
}

func (f follow) edit(who int) step {
	value := pick(f.dice, append([]string{"deleted"}, f.values...)...)
	return step{who: who, verb: "edits", id: f.id, sets: []assignment{{f.name, value}}}
}

// write is a write of the server.
func (f follow) write() step {
	return step{who: server, verb: "writes", id: f.id, sets: []assignment{{f.name, f.o.Fields[f.name][0]}}}
}

// unread is pushes of which nobody pulls anything until the server is restarted, or a device pulls from
// its cursor.
func (f follow) unread() []step {
	silently := func(who int) step { return step{who: who, verb: "pushes", push: manner{unread: true}} }
	return []step{
		f.edit(f.a), silently(f.a), f.edit(f.b), silently(f.b),
		pick(f.dice, does(server, "restarts"), does(f.c, "pulls"), silently(f.a)),
	}
}

// loses is a push without an answer.
func (f follow) loses() step { return step{who: f.who, verb: "pushes", push: manner{lost: true}} }

// differ returns the pushes of two devices, of which one has another spelling, if there are such:
// mostly that with the greater ID, since upper case is below lower case.
func (f follow) differ() (a, b step) {
	a, b = does(f.a, "pushes"), does(f.b, "pushes")
	one, x, y := &a, clientID(f.a, 0), clientID(f.b, 0)
	if bytes.Compare(x[:], y[:]) < 0 {
		one = &b
	}
	pick(f.dice, &a, &b, one, one).push.spelled = f.faults.spelled
	return a, b
}

// silence is a long time in which nothing happens. Before it, something is deleted, and an edit is not
// sent; after it, that comes, what came before comes again, and devices pull from old cursors.
func (f follow) silence() []step {
	long := f.silent[0]
	f.dice.silent = f.silent[1:]
	gone := f.edit(f.b)
	gone.sets[0].value = "deleted"
	return []step{
		f.edit(f.a), {who: nobody, verb: "wait", by: time.Millisecond}, gone, does(f.b, "pushes"), f.edit(f.c), {who: nobody, verb: "wait", by: long},
		does(f.a, "pushes"), {who: f.b, verb: "resends", n: f.IntN(3)}, does(f.c, "pulls"), f.edit(f.c), does(f.c, "pushes"), {who: f.a, verb: "resends"},
	}
}

// pulls lets another device push within a pull.
func (f follow) pulls() []step {
	if f.a == f.b || !f.faults.meets || f.IntN(3) > 0 {
		return nil
	}
	m := manner{at: f.early(4), whom: f.b}
	return []step{f.edit(f.b), {who: f.a, verb: "pulls", push: m}, does(f.a, "pulls")}
}

// pushes lets another device in where two edit the same, and the server write what it had when it
// died. A Client that gets no answer gets none for long, since it must not give up.
func (f follow) pushes() []step {
	switch {
	case f.push.lost && f.o.hasClient(f.who) && f.IntN(3) == 0:
		return []step{f.edit(f.who), f.loses(), f.loses(), f.loses(), f.loses(), f.loses(), f.loses()}
	case f.push.unread && f.IntN(3) == 0:
		return f.unread()
	case f.push.dies > 0 && f.on():
		return []step{f.edit(f.who), {who: f.who, verb: "pushes", push: manner{dies: f.push.dies}}, f.write()}
	case f.a == f.b || !f.faults.meets || f.IntN(3) > 0:
		return nil
	}
	m := pick(f.dice, manner{at: f.pause(), whom: f.b}, manner{storms: true, whom: f.b})
	other := f.edit(f.a)
	other.id = pick(f.dice, f.o.IDs...) // so that there is something between two rows
	return []step{other, f.edit(f.a), f.edit(f.b), does(f.b, "pulls"), {who: f.a, verb: "pushes", push: m}, does(f.b, "pulls")}
}

// clock lets a device use its new clock. Now and then an item is written by two clocks, or is bad
// as well as too far ahead; and a Client edits while its clock is found to be wrong.
func (f follow) clock() []step {
	if f.by < -20*year { // a device whose clock observed nothing yet
		return []step{does(f.who, "reinstalls"), f.edit(f.who), f.edit(f.b), does(f.b, "pushes"), does(f.who, "pushes"), f.edit(f.who), does(f.who, "pushes")}
	}
	ahead := step{who: f.who, verb: "clock", by: f.o.MaxAhead + time.Millisecond}
	push := step{who: f.who, verb: "pushes", push: manner{meanwhile: true}}
	switch {
	case f.o.hasClient(f.who) && f.on():
		return []step{f.edit(f.who), push, f.edit(f.who), push, f.write()}
	case f.o.bounded() && f.IntN(3) == 0:
		add := step{who: f.who, verb: "adds", id: f.id, sets: f.dice.sets(true)}
		return []step{f.edit(f.who), ahead, add, does(f.who, "pushes")}
	case f.o.bounded() && f.IntN(3) == 0:
		spoil := step{who: f.who, verb: "spoils", id: f.id, sets: f.dice.sets(false), bad: pick(f.dice, f.o.flaws()...)}
		return []step{ahead, spoil, does(f.who, "pushes")}
	}
	return []step{f.edit(f.who), does(f.who, "pushes"), f.write()}
}

// server is what follows a step of the server. It is restored twice, since what changes with each
// restore must differ from what it was after the one before.
func (f follow) server() []step {
	restored := does(server, "is-restored")
	switch f.verb {
	case "backs-up":
		if f.on() {
			return f.marks()
		}
		return []step{
			f.edit(f.a), does(f.a, "pushes"), does(f.b, "pulls"), restored, f.edit(f.b), does(f.b, "pushes"), does(f.a, "pulls"),
			does(f.c, "pulls"), restored, f.edit(f.b), does(f.b, "pushes"), does(f.c, "pulls"),
		}
	case "forgets-time":
		return []step{f.edit(f.a), does(f.a, "pushes"), does(f.b, "pushes"), does(server, "learns-time")}
	}
	return nil
}

// marks is what shows whether the marks of clients are restored with the records: an edit comes that
// loses, after a restore. It came before the backup, or after it, or never.
func (f follow) marks() []step {
	if f.o.Devices > 1 {
		f.b = (f.a + 1 + f.IntN(f.o.Devices-1)) % f.o.Devices
	}
	a, b, push := f.edit(f.a), f.edit(f.b), does(f.a, "pushes")
	a.sets[0].value = "deleted" // and so unlike the other one
	b.sets[0].value = f.values[0]
	saved, restored, again := does(server, "backs-up"), does(server, "is-restored"), step{who: f.a, verb: "resends"}
	before := []step{a, push, does(f.b, "pulls"), b, does(f.b, "pushes"), saved, restored, again}
	after := []step{saved, a, push, does(f.b, "pulls"), b, restored, does(f.b, "pushes"), again}
	never := []step{f.edit(f.a), push, a, {who: nobody, verb: "wait", by: time.Millisecond}, b, does(f.b, "pushes"), saved, restored, push}
	return pick(f.dice, before, after, never)
}
