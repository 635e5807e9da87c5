package sim

import (
	"time"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// serverOps are restarts and writes of the server.
func serverOps() []family {
	return []family{
		{often: schedule.InHalf(2), ops: []op{{
			Kind:  schedule.Kind{Name: "restarts", Who: schedule.OfServer},
			run:   func(w *world, _ schedule.Step) { w.restart() },
			needs: backendCan(check.CanRestart), covers: []string{"restarts", "restarts before a pull"},
		}}},
		{often: schedule.InHalf(2), ops: []op{{
			Kind: schedule.Kind{
				Name: "writes", Who: schedule.OfServer, Args: []schedule.Argument{schedule.OfRecord(), schedule.Assignments(1)},
				Draw:  func(d *schedule.Dice, s *schedule.Step) { s.Sets = d.Sets(false)[:1] },
				Begin: writesOverNewest,
			},
			run:   (*world).write,
			needs: backendCan(check.CanWrite), covers: []string{"writes"},
		}}},
	}
}

// writesOverNewest lets the server write a field that the store has at first, before anything has moved its clock. The
// stored stamp may be ahead of the time.
func writesOverNewest(d *schedule.Dice) []schedule.Step {
	if d.Domain.Newest.ID == "" {
		return nil
	}
	s := d.Grammar.Step(schedule.Server, "writes")
	s.ID, s.Sets = d.Domain.Newest.ID, []schedule.Assignment{d.Domain.Newest.Assignment}
	return d.Opening(2, func(schedule.Follow) []schedule.Step { return []schedule.Step{s} })
}

// rareServerOps are events of the server that occur in one of three runs.
func rareServerOps() []family {
	return []family{
		{often: schedule.InThird(1), ops: []op{{
			Kind: schedule.Kind{Name: "backs-up", Who: schedule.OfServer, Follow: afterBackup},
			run:  func(w *world, _ schedule.Step) { w.backUp() },
		}}},
		{ops: []op{{
			Kind: schedule.Kind{Name: "is-restored", Who: schedule.OfServer},
			run:  func(w *world, _ schedule.Step) { w.restore() },
			needs: func(a check.Abilities, o schedule.Domain) bool {
				return a.Can(check.CanRestore) && (!o.Clients || a.Can(check.CanPurge))
			},
			covers: []string{"server is restored"},
		}}},
		{often: schedule.InThird(1), ops: []op{{
			Kind:  schedule.Kind{Name: "forgets-time", Who: schedule.OfServer, Follow: afterForgetting},
			run:   func(w *world, _ schedule.Step) { w.setClockUnset(true) },
			needs: JudgesTime, covers: []string{"server's clock not set"},
		}}},
		{ops: []op{{
			Kind: schedule.Kind{Name: "learns-time", Who: schedule.OfServer},
			run:  func(w *world, _ schedule.Step) { w.setClockUnset(false) },
		}}},
	}
}

// afterForgetting lets devices push while the clock of the server is not set. Sometimes, a process that starts before the
// clock is set again must write above a stamp that is ahead.
func afterForgetting(f schedule.Follow) []schedule.Step {
	learns := f.Does(schedule.Server, "learns-time")
	steps := []schedule.Step{f.Edit(f.A), f.Pushes(f.A), f.Pushes(f.B), learns}
	if !f.Also(2) {
		return steps
	}
	return append(steps, f.Clock(f.A, f.Domain.MaxAhead-time.Millisecond), f.EditAsWrite(f.A), f.Pushes(f.A), f.Clock(f.A, 0),
		f.Does(schedule.Server, "forgets-time"), f.Does(schedule.Server, "restarts"), learns, f.Write())
}

// backendCan reports whether the backend, or a Client, has shown an ability.
func backendCan(b check.Abilities) func(check.Abilities, schedule.Domain) bool {
	return func(a check.Abilities, _ schedule.Domain) bool { return a.Can(b) }
}

// JudgesTime reports whether the backend must refuse stamps that are too far ahead.
func JudgesTime(a check.Abilities, o schedule.Domain) bool {
	return a.Can(check.CanTellTime) && o.Bounded()
}

// afterBackup restores the server twice, because a value that changes with each restore must also
// differ from its value after the previous restore.
func afterBackup(f schedule.Follow) []schedule.Step {
	if f.On() {
		return restoredMarks(f)
	}
	restored := f.Does(schedule.Server, "is-restored")
	return []schedule.Step{
		f.Edit(f.A), f.Pushes(f.A), f.Pulls(f.B), restored, f.Edit(f.B), f.Pushes(f.B), f.Pulls(f.A),
		f.Pulls(f.C), restored, f.Edit(f.B), f.Pushes(f.B), f.Pulls(f.C),
	}
}

// restoredMarks returns steps that show whether the watermarks of clients are restored with the
// records: an edit that loses arrives after a restore. Its first delivery was before the backup,
// was after the backup, or is this one.
func restoredMarks(f schedule.Follow) []schedule.Step {
	if f.Domain.Devices > 1 {
		f.B = (f.A + 1 + f.IntN(f.Domain.Devices-1)) % f.Domain.Devices
	}
	a, b, push := f.Edit(f.A), f.Edit(f.B), f.Pushes(f.A)
	a.Sets[0].Value = "deleted" // so that the two edits differ
	b.Sets[0].Value = f.Values[0]
	saved, restored, again := f.Does(schedule.Server, "backs-up"), f.Does(schedule.Server, "is-restored"), f.Resends(f.A, 0)
	before := []schedule.Step{a, push, f.Pulls(f.B), b, f.Pushes(f.B), saved, restored, again}
	after := []schedule.Step{saved, a, push, f.Pulls(f.B), b, restored, f.Pushes(f.B), again}
	never := []schedule.Step{f.Edit(f.A), push, a, f.Wait(time.Millisecond), b, f.Pushes(f.B), saved, restored, push}
	return schedule.Pick(f.Dice, before, after, never)
}
