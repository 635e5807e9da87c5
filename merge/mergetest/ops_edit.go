package mergetest

import (
	"github.com/fieldlww/fieldlww/record"
)

// editOps are the steps in which a user edits.
func editOps() []family {
	return []family{
		{often: always(24), ops: []op{{
			kind:   kind{name: "edits", args: []argument{ofRecord(), assignments(0)}, draw: drawEdit},
			act:    func(d *device, s step) bool { return d.edit(s.id, s.sets) },
			leaves: (*device).lastStamp, covers: []string{"edits"},
		}}},
		{ops: []op{{
			kind: kind{name: "adds", args: []argument{ofRecord(), assignments(1)}, plainer: func(g grammar, s step) [][]step {
				return [][]step{{g.edits(s.who, s.id, s.sets...)}}
			}},
			act:    func(d *device, s step) bool { return d.add(s.id, s.sets) },
			leaves: (*device).lastStamp,
		}}},
		{often: always(3), ops: []op{{
			kind:   kind{name: "deletes", args: []argument{ofRecord()}},
			act:    func(d *device, s step) bool { return d.edit(s.id, []assignment{{record.DeletedField, "true"}}) },
			leaves: (*device).lastStamp, covers: []string{"deletes"},
		}, {
			kind:   kind{name: "restores", args: []argument{ofRecord()}},
			act:    func(d *device, s step) bool { return d.edit(s.id, []assignment{{record.DeletedField, "false"}}) },
			leaves: (*device).lastStamp, covers: []string{"restores"},
		}}},
	}
}

// drawEdit draws an edit. Now and then it has no field, or is added to the item of the one before.
func drawEdit(d *dice, s *step) {
	s.sets = d.sets(true)
	switch d.IntN(20) {
	case 0:
		s.sets = nil
	case 1, 2, 3:
		s.kind = d.grammar.kind(ofDevice, "adds")
	}
}
