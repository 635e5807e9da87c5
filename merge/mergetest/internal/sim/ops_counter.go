package sim

import (
	"strconv"
	"strings"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// counterOps are the steps in which a user adds to the counter of a record, or resets it.
func counterOps() []family {
	return []family{
		{often: counting, ops: []op{{
			Kind: schedule.Kind{
				Name: "counts", Args: []schedule.Argument{schedule.OfRecord(), schedule.Amount()}, Follow: afterCount, OneIn: 3,
				Draw: func(d *schedule.Dice, s *schedule.Step) { s.N = 1 + d.IntN(9) },
			},
			act: (*device).count, leaves: (*device).lastStamp,
			needs: counts, covers: []string{"counts", "addition arrives again"},
			lacks: "counters, whose additions are fields with new names: Options.OnlyFields is set",
		}, {
			Kind: schedule.Kind{Name: "resets", Args: []schedule.Argument{schedule.OfRecord()}},
			act:  (*device).reset, leaves: (*device).lastStamp, needs: counts, covers: []string{"resets"},
		}}},
	}
}

func counts(_ check.Abilities, o schedule.Domain) bool { return o.Counts() }

// counting is the weight of the counters. It draws nothing if there are none.
func counting(d *schedule.Dice) int {
	if !d.Domain.Counts() {
		return 0
	}
	return schedule.InHalf(3)(d)
}

// count adds to the counter of a record, under a new name.
func (d *device) count(s schedule.Step) bool {
	name := schedule.Addition(d.w.added[s.ID])
	d.w.added[s.ID]++
	for _, other := range d.w.devices {
		if other != nil && other != d && other.id == d.id {
			d.w.Count("addition by a clone")
		}
	}
	return d.edit(s.ID, []schedule.Assignment{{Name: name, Value: strconv.Itoa(s.N)}})
}

// reset deletes the additions that the device shows.
func (d *device) reset(s schedule.Step) bool {
	var sets []schedule.Assignment
	for name, v := range d.seenBy(s.ID).All() {
		if strings.HasPrefix(name, schedule.Counter+"/") && !v.Deleted() {
			sets = append(sets, schedule.Assignment{Name: name, Value: "deleted"})
		}
	}
	return len(sets) > 0 && d.edit(s.ID, sets)
}

// afterCount returns a story about an addition: it is sent again, or with its twin, or by two clones; a reset does not see it;
// or the server is restored from a backup that lacks it.
func afterCount(f schedule.Follow) []schedule.Step {
	f.ID = f.Step.ID
	if f.A == f.Who {
		f.A = (f.A + 1) % f.Domain.Devices
	}
	again := []schedule.Step{f.Loses(), f.Pushes(f.Who), f.Resends(f.Who, f.IntN(2))}
	twin := []schedule.Step{f.Adds(f.Who), f.Pushes(f.Who), f.Pulls(f.A), f.Resets(f.A), f.Adds(f.A), f.Pushes(f.A)}
	unseen := []schedule.Step{
		f.Pushes(f.Who), f.Pulls(f.A), f.Adds(f.Who), f.Pushes(f.Who), f.Resets(f.A), f.Pushes(f.A), f.Resends(f.Who, 0), f.Pulls(f.B),
	}
	copies := f.Does(f.A, "clones")
	copies.Whom = f.Who
	cloned := []schedule.Step{copies, f.Adds(f.A), f.Pushes(f.Who), f.Pushes(f.A), f.Pulls(f.B), f.Resets(f.B), f.Pushes(f.B), f.Resends(f.Who, 0)}
	saves, restored := f.Does(schedule.Server, "backs-up"), f.Does(schedule.Server, "is-restored")
	lost := []schedule.Step{saves, f.Pushes(f.Who), f.Pulls(f.A), restored, f.Adds(f.A), f.Pushes(f.A), f.Resends(f.Who, 0), f.Pulls(f.Who), f.Resets(f.Who), f.Pushes(f.Who)}
	return schedule.Pick(f.Dice, again, twin, unseen, unseen, cloned, lost) // the reset is rarest
}
