package mergetest

import (
	"bytes"
	"time"
)

// requestOps are pushes, pulls, and what happens between them.
func requestOps() []family {
	return []family{
		{often: either(6, 18), ops: []op{{
			kind: kind{name: "pushes", request: true, draw: drawPush, follow: afterPush},
			run:  func(w *world, s step) { w.push(w.device(s.who), s.push) },
		}}},
		{often: either(6, 18), ops: []op{{
			kind: kind{name: "pulls", request: true, draw: drawPull, follow: afterPull},
			run:  func(w *world, s step) { w.pull(w.device(s.who), s.push) },
		}}},
		{often: either(14, 5), ops: []op{{
			kind: kind{
				name: "wait", who: ofNobody, args: []argument{duration()},
				draw: func(d *dice, s *step) { s.by = d.duration() }, oneIn: 3, follow: afterWait,
			},
			run: func(w *world, s step) {
				w.now = w.now.Add(s.by)
				if s.by > 30*day {
					w.count("silent for long")
				}
			},
			covers: []string{"silent for long"},
		}}},
		{often: inHalf(2), ops: []op{{
			kind:   kind{name: "resends", args: []argument{countOf(0)}, draw: func(d *dice, s *step) { s.n = d.IntN(6) }},
			run:    func(w *world, s step) { w.resend(w.device(s.who), s.n) },
			covers: []string{"resends"},
		}}},
	}
}

func drawPush(d *dice, s *step) {
	s.push = d.manner()
	s.push.meanwhile = d.o.hasClient(s.who) && d.IntN(4) == 0
}

func drawPull(d *dice, s *step) {
	s.push.lost = d.faults.lost && d.IntN(5) == 0
	s.push.closed = d.o.hasClient(s.who) && d.IntN(4) == 0
	if d.faults.meets && d.o.devices > 1 && d.IntN(5) == 0 {
		s.push.at, s.push.whom = d.early(6), d.IntN(d.o.devices)
	}
}

// afterPush lets another device in where two edit the same, and the server write what it had when it
// died. A Client that gets no answer gets none for long, since it must not give up.
func afterPush(f follow) []step {
	switch {
	case f.push.lost && f.o.hasClient(f.who) && f.IntN(3) == 0:
		return []step{f.edit(f.who), f.loses(), f.loses(), f.loses(), f.loses(), f.loses(), f.loses()}
	case f.push.unread && f.IntN(3) == 0:
		return afterUnread(f)
	case f.push.dies > 0 && f.on():
		return []step{f.edit(f.who), f.pushing(f.who, manner{dies: f.push.dies}), f.write()}
	case f.a == f.b || !f.faults.meets || f.IntN(3) > 0:
		return nil
	}
	m := pick(f.dice, manner{at: f.pause(), whom: f.b}, manner{storms: true, whom: f.b})
	other := f.edit(f.a)
	other.id = pick(f.dice, f.o.ids...) // so that there is something between two rows
	return []step{other, f.edit(f.a), f.edit(f.b), f.pulls(f.b), f.pushing(f.a, m), f.pulls(f.b)}
}

// afterUnread is pushes after which no device pulls until the server is restarted, or a device pulls
// from its cursor.
func afterUnread(f follow) []step {
	silently := func(who int) step { return f.pushing(who, manner{unread: true}) }
	return []step{
		f.edit(f.a), silently(f.a), f.edit(f.b), silently(f.b),
		pick(f.dice, f.does(server, "restarts"), f.pulls(f.c), silently(f.a)),
	}
}

// afterPull lets another device push within a pull.
func afterPull(f follow) []step {
	if f.a == f.b || !f.faults.meets || f.IntN(3) > 0 {
		return nil
	}
	pull := f.pulls(f.a)
	pull.push = manner{at: f.early(4), whom: f.b}
	return []step{f.edit(f.b), pull, f.pulls(f.a)}
}

// afterWait lets two devices write one field at the same moment, or is a long silence.
func afterWait(f follow) []step {
	if len(f.silent) > 0 && f.IntN(6) == 0 {
		return silence(f)
	}
	first, then := differ(f)
	return []step{f.edit(f.a), f.edit(f.b), first, f.pulls(f.c), then, f.pulls(f.c)}
}

// differ returns the pushes of two devices, one with another spelling, if there are such spellings:
// mostly that with the greater ID, since upper case is below lower case.
func differ(f follow) (a, b step) {
	a, b = f.pushes(f.a), f.pushes(f.b)
	one, x, y := &a, clientID(f.a, 0), clientID(f.b, 0)
	if bytes.Compare(x[:], y[:]) < 0 {
		one = &b
	}
	pick(f.dice, &a, &b, one, one).push.spelled = f.faults.spelled
	return a, b
}

// silence is a long time in which nothing happens. Before it, something is deleted, and an edit is not
// sent; after it, that comes, what came before comes again, and devices pull from old cursors.
func silence(f follow) []step {
	long := f.silent[0]
	f.dice.silent = f.silent[1:]
	gone := f.edit(f.b)
	gone.sets[0].value = "deleted"
	return []step{
		f.edit(f.a), f.wait(time.Millisecond), gone, f.pushes(f.b), f.edit(f.c), f.wait(long),
		f.pushes(f.a), f.resends(f.b, f.IntN(3)), f.pulls(f.c), f.edit(f.c), f.pushes(f.c), f.resends(f.a, 0),
	}
}
