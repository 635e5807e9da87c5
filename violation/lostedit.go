package violation

import (
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// LostEditRule is the rule that rows of lost edits name. It is registered with no
// Checker: such a row is about an event, and no check opens or closes it.
const LostEditRule = "lost_edit"

// FieldLostValue is the field of a row of a lost edit that holds the value which is
// gone.
const FieldLostValue = "losing"

// LostEdit returns the row of a lost edit, for a field of which no value may vanish
// in silence. It holds the value that lost, and is closed when somebody who has seen it
// writes FieldAcknowledged, having picked a value, or FieldDismissed. The same lost edit
// has the same row on every server; store it unless it is there. A decision in which
// nothing was lost has none.
func (c *Checker) LostEdit(d merge.Decision) (record.Record, bool) {
	loser, winner := d.Loser(), d.Winner()
	if !d.Lost() {
		return record.Record{}, false
	}
	// Which of the two writes came last differs between servers, and must not show.
	told := d
	told.Change = merge.Change{Before: loser, Incoming: winner, Outcome: merge.Applied}
	v := derived{stamp: winner.Stamp, Violation: Violation{
		ID:   idOf(LostEditRule, joinParts(d.Key.Table, d.Key.ID, d.Field, loser.Stamp.String())),
		Type: LostEditRule, Rule: LostEditRule, Scope: d.Key.String(),
		Table: d.Key.Table, RecordID: d.Key.ID, Total: 1, Status: Open,
		DetectedAt: winner.Stamp.Time, Evidence: winner.Stamp.String(), Description: told.String(),
	}}
	row, err := v.row(c.table(), record.Record{})
	if err != nil {
		return record.Record{}, false
	}
	var b record.Builder
	with, err := b.Record(row.Key(), func(yield func(string, record.FieldValue) bool) {
		for name, w := range row.All() {
			if !yield(name, w) {
				return
			}
		}
		yield(FieldLostValue, record.FieldValue{Value: loser.Value, Stamp: winner.Stamp})
	})
	return with, err == nil
}
