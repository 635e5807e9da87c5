package mergetest

import "fmt"

// identityOps are devices that begin again: reinstalled, copied, restored from a backup, or reopened.
func identityOps() []family {
	return []family{
		{often: inHalf(2), ops: []op{{
			kind:   kind{name: "reinstalls"},
			act:    func(d *device, _ step) bool { return d.reinstall() },
			leaves: func(d *device) string { return "its ID is " + d.id.String() }, covers: []string{"reinstalls"},
		}}},
		{often: inHalf(4), ops: []op{{
			kind: kind{
				name: "clones", args: []argument{otherDevice()}, follow: afterClone,
				draw: func(d *dice, s *step) { s.whom = d.IntN(d.o.devices) },
			},
			possible: func(d *device, s step) bool {
				return s.who != s.whom && d.client == nil && d.w.device(s.whom).client == nil
			},
			act:    func(d *device, s step) bool { return d.become(d.w.device(s.whom).save()) },
			leaves: (*device).identity, needs: kitDevices(2), covers: []string{"clones"},
		}}},
		{often: inHalf(2), ops: []op{{
			kind: kind{name: "backs-up", follow: func(f follow) []step {
				return []step{f.edit(f.who), f.pushes(f.who), f.does(f.who, "is-restored"), f.edit(f.who)}
			}},
			possible: isOfKit, act: func(d *device, _ step) bool { return d.backUp() },
			needs: kitDevices(1), covers: []string{"backs-up"},
		}, {
			kind:     kind{name: "is-restored"},
			possible: isOfKit, act: func(d *device, _ step) bool { return d.restore() },
			leaves: (*device).identity, needs: kitDevices(1), covers: []string{"is-restored"},
		}}},
		{often: func(d *dice) int {
			if !d.o.clients {
				return 0
			}
			return inHalf(2)(d)
		}, ops: []op{{
			kind: kind{name: "reopens", follow: func(f follow) []step {
				return []step{f.edit(f.who), f.loses(), f.does(f.who, "reopens"), f.edit(f.who)}
			}},
			possible: func(d *device, _ step) bool { return d.client != nil && d.client.reopens() },
			act:      func(d *device, _ step) bool { return d.reopenAndCompare() },
			needs:    backendCan(canReopen), covers: []string{"reopens"},
		}}},
	}
}

// afterClone lets both devices edit with the same stamps.
func afterClone(f follow) []step {
	g := f.elsewhere()
	return []step{f.edit(f.who), f.edit(f.whom), g.edit(f.who), g.edit(f.whom), f.pushes(f.who), f.pushes(f.whom)}
}

// identity is what a device became.
func (d *device) identity() string {
	return fmt.Sprintf("its ID is %v, and %d items wait in its outbox", d.id, len(d.outbox))
}
