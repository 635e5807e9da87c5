package sim

import (
	"fmt"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// identityOps are devices that start again: reinstalled, copied, restored from a backup, or
// reopened.
func identityOps() []family {
	return []family{
		{often: schedule.InHalf(2), ops: []op{{
			Kind:   schedule.Kind{Name: "reinstalls"},
			act:    func(d *device, _ schedule.Step) bool { return d.reinstall() },
			leaves: func(d *device) string { return "its ID is " + d.id.String() }, covers: []string{"reinstalls"},
		}}},
		{often: schedule.InHalf(4), ops: []op{{
			Kind: schedule.Kind{
				Name: "clones", Args: []schedule.Argument{schedule.OtherDevice()}, Follow: afterClone,
				Draw: func(d *schedule.Dice, s *schedule.Step) { s.Whom = d.IntN(d.Domain.Devices) },
			},
			possible: func(d *device, s schedule.Step) bool {
				return s.Who != s.Whom && d.client == nil && d.w.device(s.Whom).client == nil
			},
			act:    func(d *device, s schedule.Step) bool { return d.setState(d.w.device(s.Whom).save()) },
			leaves: (*device).identity, needs: kitDevices(2), covers: []string{"clones"},
		}}},
		{often: schedule.InHalf(2), ops: []op{{
			Kind: schedule.Kind{Name: "backs-up", Follow: func(f schedule.Follow) []schedule.Step {
				return []schedule.Step{f.Edit(f.Who), f.Pushes(f.Who), f.Does(f.Who, "is-restored"), f.Edit(f.Who)}
			}},
			possible: isOfKit, act: func(d *device, _ schedule.Step) bool { return d.backUp() },
			needs: kitDevices(1), covers: []string{"backs-up"},
		}, {
			Kind:     schedule.Kind{Name: "is-restored"},
			possible: isOfKit, act: func(d *device, _ schedule.Step) bool { return d.restore() },
			leaves: (*device).identity, needs: kitDevices(1), covers: []string{"is-restored"},
		}}},
		{often: func(d *schedule.Dice) int {
			if !d.Domain.Clients {
				return 0
			}
			return schedule.InHalf(2)(d)
		}, ops: []op{{
			Kind: schedule.Kind{Name: "reopens", Follow: func(f schedule.Follow) []schedule.Step {
				return []schedule.Step{f.Edit(f.Who), f.Loses(), f.Does(f.Who, "reopens"), f.Edit(f.Who)}
			}},
			possible: func(d *device, _ schedule.Step) bool { return d.client != nil && d.client.reopens() },
			act:      func(d *device, _ schedule.Step) bool { return d.reopenAndCompare() },
			needs:    backendCan(check.CanReopen), covers: []string{"reopens"},
		}}},
	}
}

// afterClone lets both devices edit with the same stamps.
func afterClone(f schedule.Follow) []schedule.Step {
	g := f.Elsewhere()
	return []schedule.Step{f.Edit(f.Who), f.Edit(f.Whom), g.Edit(f.Who), g.Edit(f.Whom), f.Pushes(f.Who), f.Pushes(f.Whom)}
}

// identity describes the state that a device got.
func (d *device) identity() string {
	return fmt.Sprintf("its ID is %v, and its outbox has %d items", d.id, len(d.outbox))
}
