package sim

import (
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// erasure is what an operator keeps about an erasure outside the backups.
type erasure struct {
	id string
	at clock.Stamp
}

// erase lets the server erase a record, if it has that record and it is not erased already.
func (w *world) erase(s schedule.Step) {
	if w.backend.Erase == nil || w.o.Old.Splits() || w.Ledger.IsErased(s.ID) {
		return
	}
	w.Audit()
	last := int64(0)
	for k, x := range w.Fresh() {
		if k.ID == s.ID {
			last = max(last, x.Time)
		}
	}
	if last == 0 || w.Breach != nil {
		return
	}
	if at, ok := w.erases(erasure{s.ID, clock.Stamp{Client: schedule.Operator()}}); ok {
		w.Count("erases")
		w.Tell(s.Clipped(), check.Stamped(int64(at.Time)))
		w.erasures = append(w.erasures, erasure{s.ID, at})
		w.JudgeErasure(s.ID, at, last)
		w.Changed()
		w.Audit()
	}
}

// erases erases a record, or repeats its erasure.
func (w *world) erases(e erasure) (at clock.Stamp, ok bool) {
	at, err := w.backend.Erase(w.Key(e.id), e.at)
	if err != nil {
		w.Broken(law.Answered, "Erase of %s: %v", e.id, err)
	}
	return at, err == nil
}

// eraseAgain repeats the erasures since a backup, after the server was restored from it.
func (w *world) eraseAgain(since int) {
	for i, e := range w.erasures[since:] {
		at, ok := w.erases(e)
		if !ok {
			return
		}
		w.Count("erased again after a restore")
		w.Tell("the erasure of "+e.id+" is repeated", check.Stamped(int64(at.Time)))
		w.JudgeErasedAgain(e.id, e.at, at)
		w.Changed()
		w.erasures[since+i].at = at
	}
}

// afterErase returns a story about an erased record: a late retry, items of devices that do not know
// of the erasure, one of them with a stamp ahead, or a restore from an earlier backup. The backup may be
// older than the record, so that the restored server lacks it.
func afterErase(f schedule.Follow) []schedule.Step {
	erases := alters(f, schedule.Server, "erases")
	ahead := f.Clock(f.B, min(f.Domain.MaxAhead, time.Hour))
	if !f.Domain.Bounded() {
		ahead = f.Clock(f.B, time.Hour)
	}
	late := []schedule.Step{
		f.Edit(f.A), f.Pushing(f.A, schedule.Manner{Lost: true}), f.Edit(f.B), f.Pushes(f.B), erases, f.Pushes(f.A), f.Edit(f.B), f.Pushes(f.B), f.Pulls(f.C),
		purging(f), f.Resends(f.A, 0), f.Pulls(f.A), f.Edit(f.A), f.Pushes(f.A), f.Resends(f.B, f.IntN(2)), f.Pulls(f.C),
	}
	fast := []schedule.Step{
		f.Does(f.C, "reinstalls"), f.Edit(f.C), ahead, f.Edit(f.B), f.Pushes(f.B), f.Edit(f.B), erases, f.Pushes(f.B), f.Pushes(f.C), purging(f), f.Pushes(f.C),
		f.Pulls(f.B), f.Clock(f.B, 0), f.Edit(f.C), f.Pushes(f.C), f.Pulls(f.A),
	}
	saved, waits := f.Does(schedule.Server, "backs-up"), f.Wait(time.Millisecond)
	if f.On() {
		saved, waits = waits, saved
	}
	restored := []schedule.Step{
		saved, f.Edit(f.A), f.Pushes(f.A), f.Pulls(f.B), waits, f.Edit(f.B), f.Pushes(f.B), erases,
		schedule.Pick(f.Dice, purging(f), f.Pulls(f.A)), f.Does(schedule.Server, "is-restored"), f.Pushes(f.B), f.Pulls(f.A), f.Pushes(f.A), purging(f), f.Pulls(f.C),
	}
	return schedule.Pick(f.Dice, late, fast, restored)
}
