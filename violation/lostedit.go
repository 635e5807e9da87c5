package violation

import (
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// LostEditRule is the rule name in rows of lost edits. It is not registered with a Checker:
// such a row is about an event, and no check opens or closes it.
const LostEditRule = "lost_edit"

// FieldLostValue holds the value that lost, in the row of a lost edit.
const FieldLostValue = "losing"

// LostEdit returns the row of a lost edit, for fields whose values must not vanish silently.
// The row holds the value that lost. It is closed when a user who has seen it writes
// FieldAcknowledged, after picking a value, or FieldDismissed. A lost edit has the same row on
// every server; store the row unless it is already there. If Checker.Buckets is set, first pass
// it to a check, among Input.Changes: LostEdit does not know the record, so the row is in no bucket.
// LostEdit returns false if the decision lost no edit.
func (c *Checker) LostEdit(d merge.Decision) (record.Record, bool) {
	loser, winner := d.Loser(), d.Winner()
	if !d.Lost() {
		return record.Record{}, false
	}
	// Servers may receive the two writes in either order, and the row must not depend on it.
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
	with, err := withField(row, FieldLostValue, record.FieldValue{Value: loser.Value, Stamp: winner.Stamp})
	return with, err == nil
}
