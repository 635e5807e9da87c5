package sim

import (
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// editOps are the steps in which a user edits.
func editOps() []family {
	return []family{
		{often: schedule.Always(24), ops: []op{{
			Kind:   schedule.Kind{Name: "edits", Args: []schedule.Argument{schedule.OfRecord(), schedule.Assignments(0)}, Draw: drawEdit},
			act:    func(d *device, s schedule.Step) bool { return d.edit(s.ID, s.Sets) },
			leaves: (*device).lastStamp, covers: []string{"edits"},
		}}},
		{ops: []op{{
			Kind: schedule.Kind{Name: "adds", Args: []schedule.Argument{schedule.OfRecord(), schedule.Assignments(1)}, Plainer: func(g schedule.Grammar, s schedule.Step) [][]schedule.Step {
				return [][]schedule.Step{{g.Edits(s.Who, s.ID, s.Sets...)}}
			}},
			act:    func(d *device, s schedule.Step) bool { return d.editIntoLast(s.ID, s.Sets) },
			leaves: (*device).lastStamp,
		}}},
		{often: schedule.Always(3), ops: []op{{
			Kind: schedule.Kind{Name: "deletes", Args: []schedule.Argument{schedule.OfRecord()}},
			act: func(d *device, s schedule.Step) bool {
				return d.edit(s.ID, []schedule.Assignment{{Name: record.DeletedField, Value: "true"}})
			},
			leaves: (*device).lastStamp, covers: []string{"deletes"},
		}, {
			Kind: schedule.Kind{Name: "restores", Args: []schedule.Argument{schedule.OfRecord()}},
			act: func(d *device, s schedule.Step) bool {
				return d.edit(s.ID, []schedule.Assignment{{Name: record.DeletedField, Value: "false"}})
			},
			leaves: (*device).lastStamp, covers: []string{"restores"},
		}}},
	}
}

// drawEdit draws an edit. Now and then, it has no field, or joins the item of the edit before it.
func drawEdit(d *schedule.Dice, s *schedule.Step) {
	s.Sets = d.Sets(true)
	switch d.IntN(20) {
	case 0:
		s.Sets = nil
	case 1, 2, 3:
		s.Kind = d.Grammar.Kind(schedule.OfDevice, "adds")
	}
}
