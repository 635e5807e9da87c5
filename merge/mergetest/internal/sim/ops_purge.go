package sim

import (
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// purgeOps are the purges of a server. Only a backend that purges has them, so the schedules of
// other backends do not depend on them.
func purgeOps() []family {
	often := func(d *schedule.Dice) int {
		if !d.Domain.Purges {
			return 0
		}
		return schedule.Pick(d, 0, 2, 5)
	}
	erasesOften := func(d *schedule.Dice) int {
		if !d.Domain.Erases {
			return 0
		}
		return 1
	}
	return []family{{often: erasesOften, ops: []op{{
		Kind:   schedule.Kind{Name: "erases", Who: schedule.OfServer, Args: []schedule.Argument{schedule.OfRecord()}, Follow: afterErase},
		run:    (*world).erase,
		needs:  backendCan(check.CanErase),
		covers: []string{"erases", "gone because erased"},
		lacks:  "erasures: the backend is not an Eraser, or Options.Old has a field that became several",
	}}}, {often: often, ops: []op{{
		Kind: schedule.Kind{
			Name: "purges", Who: schedule.OfServer, Args: []schedule.Argument{schedule.Duration()}, Follow: afterPurge,
			Draw: func(d *schedule.Dice, s *schedule.Step) {
				s.By = schedule.Pick(d, 0, 0, 0, time.Hour, schedule.Day, 90*schedule.Day)
			},
		},
		run:    (*world).purge,
		needs:  backendCan(check.CanPurge),
		covers: []string{"purges", "fence raised", "gone", "new life", "judged apart"},
		lacks:  "purging: the backend is not a Purger, or Options.Old has a field that became several",
	}}}}
}

// purge lets the server purge, if that is possible. A server whose clock is unset does not
// purge.
func (w *world) purge(s schedule.Step) {
	if w.backend.Purge == nil || w.ClockUnset || w.o.Old.Splits() {
		return
	}
	if w.Unread {
		w.Audit()
	}
	got, err := w.backend.Purge(s.By)
	if err != nil {
		w.Broken(law.Answered, "Purge: %v", err)
		return
	}
	w.Count("purges")
	fence := "there is no fence yet"
	if got.Fence > 0 {
		fence = fmt.Sprintf("the fence is at %s, level %d", check.When(int64(got.Fence)), max(got.Level, 1))
	}
	w.Tell(s.String(), fence)
	w.JudgePurge(got, w.fenceSeq, s.By)
	w.Changed()
	w.fenceSeq, w.Last.Purge = got.Sequence, w.Moment
	w.Audit()
}
