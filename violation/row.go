package violation

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// DefaultTable is the table that rows are stored in, unless a Checker names another.
const DefaultTable = "violations"

// Status says how a violation stands. It is derived from merged state; only what
// people say of it is written by them.
type Status string

// The statuses.
const (
	// Open: the condition holds.
	Open Status = "open"
	// Resolved: it does not hold any longer, which is known and not guessed.
	Resolved Status = "resolved"
	// Obsolete: it does not matter any longer, since the record that it is about is
	// gone, or its RelevantUntil has passed. The second is stored nowhere: see
	// Violation.StatusAt.
	Obsolete Status = "obsolete"
	// Hidden: there were too many in its group to list it, and the one row that stands
	// for all of them counts it. It is not resolved, and is open again when it is listed
	// again. An audit finds out what became of it, and a check does not.
	Hidden Status = "hidden"
)

// Violation is a row of the violations table, read back. Its JSON has the names that
// clients know.
type Violation struct {
	// ID is the hash of the rule's name and the key that the rule chose.
	ID string `json:"id"`
	// Type says what kind of thing it is, such as scheduling_conflict.
	Type string `json:"type"`
	// Rule is the name under which the rule is registered, and Scope the name of the
	// group in which it was found.
	Rule  string `json:"rule"`
	Scope string `json:"scope"`
	// Table and RecordID name the record that it is about.
	Table    string `json:"table"`
	RecordID string `json:"recordId"`
	// ConflictingTable and Conflicting name the records that it is in conflict with, if
	// there are any, the IDs sorted. At most MaxConflicting are listed.
	ConflictingTable string   `json:"conflictingTable,omitempty"`
	Conflicting      []string `json:"conflictingRecords"`
	// ConflictingTotal is how many records it is in conflict with if Conflicting lists only
	// the first ones, and else zero.
	ConflictingTotal int `json:"conflictingTotal,omitempty"`
	// Description is for people.
	Description string `json:"description"`
	// Total is how many violations the row stands for: 1, or more for a row that stands
	// for a whole group, and is about the record of the first of them.
	Total int `json:"total"`
	// DetectedAt is the greatest time of the evidence, the same on every server. It is
	// not when somebody noticed.
	DetectedAt clock.Timestamp `json:"detectedAt"`
	// Evidence changes when one of the fields changes on which the finding depends.
	Evidence string `json:"evidence"`
	// RelevantUntil is when the violation stops mattering; zero means never.
	RelevantUntil clock.Timestamp `json:"relevantUntil,omitzero"`
	// Status is what the records say. What the time says besides is in StatusAt.
	Status Status `json:"status"`

	// What follows was written by people, and merges field by field like all data.

	// Acknowledged says that somebody has seen it.
	Acknowledged bool `json:"acknowledged"`
	// Dismissed says that somebody wants to hear no more of it. It falls when the
	// evidence changes.
	Dismissed bool `json:"dismissed"`
	// Note is what somebody has to say of it.
	Note string `json:"note,omitempty"`
}

// StatusAt returns the status at a time: an open violation is Obsolete once its
// relevance has passed.
func (v Violation) StatusAt(now clock.Timestamp) Status {
	if v.Status == Open && v.RelevantUntil != 0 && v.RelevantUntil <= now {
		return Obsolete
	}
	return v.Status
}

// Record returns the key of the record that the violation is about.
func (v Violation) Record() record.Key { return record.Key{Table: v.Table, ID: v.RecordID} }

// The fields of a row that are derived are named as the members of a Violation are in
// JSON, with one difference: the field "scope" holds the name of the rule, a slash, and
// the name of the group. Those that people write are these. Values of other kinds say
// nothing.
const (
	fieldType             = "type"
	fieldRule             = "rule"
	fieldScope            = "scope" // "rule/name": what a View looks for
	fieldTable            = "table"
	fieldRecord           = "recordId"
	fieldConflictingTable = "conflictingTable"
	fieldConflicting      = "conflictingRecords"
	fieldConflictingTotal = "conflictingTotal"
	fieldDescription      = "description"
	fieldTotal            = "total"
	fieldDetectedAt       = "detectedAt"
	fieldEvidence         = "evidence"
	fieldRelevantUntil    = "relevantUntil"
	fieldStatus           = "status"

	// FieldAcknowledged holds true once somebody has seen the violation.
	FieldAcknowledged = "acknowledged"
	// FieldDismissed holds the Evidence of the violation that was dismissed. Any other
	// value, and its deletion, say that it is not.
	FieldDismissed = "dismissed"
	// FieldNote holds a text.
	FieldNote = "note"
)

// isUserField reports whether users write a field of a row.
func isUserField(field string) bool {
	return field == FieldAcknowledged || field == FieldDismissed || field == FieldNote
}

// UserFields returns the row with only the fields that users wrote, perhaps none. Servers
// exchange and join these: each server derives the other fields itself, and a join of two
// derived versions would keep one of them by chance.
func UserFields(row record.Record) record.Record {
	var b record.Builder
	// The fields come from a record, so they make one.
	r, _ := b.Record(row.Key(), func(yield func(string, record.FieldValue) bool) {
		for name, w := range row.All() {
			if isUserField(name) && !yield(name, w) {
				return
			}
		}
	})
	return r
}

// ErrRow says that a record is no row of a violation, such as one that holds only what
// people wrote to it.
var ErrRow = errors.New("violation: not a row of a violation")

// Parse returns the violation that a row holds.
func Parse(row record.Record) (Violation, error) {
	v := Violation{ID: row.Key().ID}
	text := func(field string) string { return textIn(row, field) }
	number := func(field string) int {
		w, _ := row.Get(field)
		n, _ := w.Value.Int()
		return int(n)
	}
	v.Type, v.Rule, v.Description = text(fieldType), text(fieldRule), text(fieldDescription)
	v.Table, v.RecordID, v.ConflictingTable = text(fieldTable), text(fieldRecord), text(fieldConflictingTable)
	v.Scope = storedName(strings.TrimPrefix(text(fieldScope), v.Rule+"/"))
	v.Evidence, v.Status, v.Note = text(fieldEvidence), Status(text(fieldStatus)), text(FieldNote)
	if v.Rule == "" || v.Status == "" {
		return Violation{}, ErrRow
	}
	if w, ok := row.Get(fieldConflicting); ok {
		if err := w.Value.Decode(&v.Conflicting); err != nil {
			return Violation{}, fmt.Errorf("%w: %w", ErrRow, err)
		}
	}
	v.Total, v.ConflictingTotal = number(fieldTotal), number(fieldConflictingTotal)
	var err error
	if v.DetectedAt, err = clock.ParseTimestamp(text(fieldDetectedAt)); err != nil {
		return Violation{}, fmt.Errorf("%w: %w", ErrRow, err)
	}
	if until := text(fieldRelevantUntil); until != "" {
		if v.RelevantUntil, err = clock.ParseTimestamp(until); err != nil {
			return Violation{}, fmt.Errorf("%w: %w", ErrRow, err)
		}
	}
	acknowledged, _ := row.Get(FieldAcknowledged)
	v.Acknowledged, _ = acknowledged.Value.Bool()
	v.Dismissed = v.Evidence != "" && text(FieldDismissed) == v.Evidence
	if v.Rule == LostEditRule && (v.Acknowledged || v.Dismissed) {
		v.Status = Resolved
	}
	return v, nil
}

// scopeOfRow returns the scope in which the violation of a row was found.
func scopeOfRow(row record.Record) (Scope, bool) {
	rule, name, ok := strings.Cut(textIn(row, fieldScope), "/")
	return Scope{rule, storedName(name)}, ok
}

// statusOf returns the status of a row as it is stored, and "" if nothing is derived.
func statusOf(row record.Record) Status { return Status(textIn(row, fieldStatus)) }

// participants returns the keys of the records that the violation lists, sorted.
func (v Violation) participants() []record.Key {
	keys := []record.Key{v.Record()}
	for _, id := range v.Conflicting {
		keys = append(keys, record.Key{Table: v.ConflictingTable, ID: id})
	}
	slices.SortFunc(keys, record.Key.Compare)
	return slices.Compact(keys)
}
