package mergetest

import "time"

// serverOps are what a server does by itself.
func serverOps() []family {
	return []family{
		{often: inHalf(2), ops: []op{{
			kind:  kind{name: "restarts", who: ofServer},
			run:   func(w *world, _ step) { w.restart() },
			needs: backendCan(canRestart), covers: []string{"restarts", "restarts before it is read"},
		}}},
		{often: inHalf(2), ops: []op{{
			kind: kind{
				name: "writes", who: ofServer, args: []argument{ofRecord(), assignments(1)},
				draw: func(d *dice, s *step) { s.sets = d.sets(false)[:1] },
			},
			run:   (*world).write,
			needs: backendCan(canWrite), covers: []string{"writes"},
		}}},
	}
}

// rareServerOps are what a server goes through in one of three runs.
func rareServerOps() []family {
	return []family{
		{often: inThird(1), ops: []op{{
			kind: kind{name: "backs-up", who: ofServer, follow: afterBackup},
			run:  func(w *world, _ step) { w.backUp() },
		}}},
		{ops: []op{{
			kind:   kind{name: "is-restored", who: ofServer},
			run:    func(w *world, _ step) { w.restore() },
			needs:  func(a abilities, o domain) bool { return a.can(canRestore) && !o.clients },
			covers: []string{"server is restored"},
		}}},
		{often: inThird(1), ops: []op{{
			kind: kind{name: "forgets-time", who: ofServer, follow: func(f follow) []step {
				return []step{f.edit(f.a), f.pushes(f.a), f.pushes(f.b), f.does(server, "learns-time")}
			}},
			run:   func(w *world, _ step) { w.setClockUnset(true) },
			needs: judgesTime, covers: []string{"server's clock not set"},
		}}},
		{ops: []op{{
			kind: kind{name: "learns-time", who: ofServer},
			run:  func(w *world, _ step) { w.setClockUnset(false) },
		}}},
	}
}

// backendCan reports whether the backend, or a Client, was seen to be able to do something.
func backendCan(b abilities) func(abilities, domain) bool {
	return func(a abilities, _ domain) bool { return a.can(b) }
}

// judgesTime reports whether the backend must refuse stamps that are too far ahead.
func judgesTime(a abilities, o domain) bool { return a.can(canTellTime) && o.bounded() }

// afterBackup restores the server twice, since what changes with each restore must differ from what it
// was after the one before.
func afterBackup(f follow) []step {
	if f.on() {
		return restoredMarks(f)
	}
	restored := f.does(server, "is-restored")
	return []step{
		f.edit(f.a), f.pushes(f.a), f.pulls(f.b), restored, f.edit(f.b), f.pushes(f.b), f.pulls(f.a),
		f.pulls(f.c), restored, f.edit(f.b), f.pushes(f.b), f.pulls(f.c),
	}
}

// restoredMarks is what shows whether the marks of clients are restored with the records: an edit comes
// that loses, after a restore. It came before the backup, or after it, or never.
func restoredMarks(f follow) []step {
	if f.o.devices > 1 {
		f.b = (f.a + 1 + f.IntN(f.o.devices-1)) % f.o.devices
	}
	a, b, push := f.edit(f.a), f.edit(f.b), f.pushes(f.a)
	a.sets[0].value = "deleted" // and so unlike the other one
	b.sets[0].value = f.values[0]
	saved, restored, again := f.does(server, "backs-up"), f.does(server, "is-restored"), f.resends(f.a, 0)
	before := []step{a, push, f.pulls(f.b), b, f.pushes(f.b), saved, restored, again}
	after := []step{saved, a, push, f.pulls(f.b), b, restored, f.pushes(f.b), again}
	never := []step{f.edit(f.a), push, a, f.wait(time.Millisecond), b, f.pushes(f.b), saved, restored, push}
	return pick(f.dice, before, after, never)
}
