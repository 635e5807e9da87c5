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

// Status is the state of a violation. It is derived from merged records, not written by users.
type Status string

// The statuses.
const (
	// Open: the condition holds.
	Open Status = "open"
	// Resolved: the condition is known to hold no longer.
	Resolved Status = "resolved"
	// Obsolete: the violation no longer matters, because the record that it is about is gone
	// or its RelevantUntil has passed. The passing of RelevantUntil is not stored: see
	// Violation.StatusAt.
	Obsolete Status = "obsolete"
	// Hidden: its group has too many violations to list it, and the row that represents the
	// group counts it. A hidden row is not resolved, and is open again once it is listed
	// again. An audit determines what became of a hidden row; a check does not.
	Hidden Status = "hidden"
)

// Violation is a parsed row of the violations table. Clients rely on its JSON names.
type Violation struct {
	// ID is a hash of the rule's name and the key that the rule chose.
	ID string `json:"id"`
	// Type classifies the violation for programs, such as scheduling_conflict.
	Type string `json:"type"`
	// Rule is the name under which the rule is registered, and Scope the name of the group in
	// which the violation was found.
	Rule  string `json:"rule"`
	Scope string `json:"scope"`
	// Table and RecordID name the record that the violation is about.
	Table    string `json:"table"`
	RecordID string `json:"recordId"`
	// ConflictingTable and Conflicting name the records that it conflicts with, if any, sorted
	// by ID. At most MaxConflicting of them are listed.
	ConflictingTable string   `json:"conflictingTable,omitempty"`
	Conflicting      []string `json:"conflictingRecords"`
	// ConflictingTotal is the number of conflicting records if Conflicting lists only the
	// first ones, and zero otherwise.
	ConflictingTotal int `json:"conflictingTotal,omitempty"`
	// Description is a text for people.
	Description string `json:"description"`
	// Total is the number of violations that the row represents: 1, or more for a row that
	// represents a whole group and is about the record of its first violation.
	Total int `json:"total"`
	// DetectedAt is the greatest timestamp of the evidence, the same on every server. It is
	// not the time of discovery.
	DetectedAt clock.Timestamp `json:"detectedAt"`
	// Evidence changes whenever a field changes that the finding depends on.
	Evidence string `json:"evidence"`
	// RelevantUntil is when the violation stops mattering; zero means never.
	RelevantUntil clock.Timestamp `json:"relevantUntil,omitzero"`
	// Status follows from the records alone. StatusAt also takes the time into account.
	Status Status `json:"status"`
	// Buckets are the buckets of the record that the violation is about, sorted, if the row was
	// derived by a Checker with Buckets. There are none while that record is deleted or missing.
	Buckets []string `json:"buckets,omitempty"`

	// Users write the following members, which merge field by field like all other data.

	// Acknowledged reports whether a user has marked the violation as seen.
	Acknowledged bool `json:"acknowledged"`
	// Dismissed reports whether a user no longer wants to see the violation. A dismissal ends
	// when the evidence changes.
	Dismissed bool `json:"dismissed"`
	// Note is a user's comment on the violation.
	Note string `json:"note,omitempty"`
}

// StatusAt returns the status at the given time: an open violation is Obsolete from its
// RelevantUntil on.
func (v Violation) StatusAt(now clock.Timestamp) Status {
	if v.Status == Open && v.RelevantUntil != 0 && v.RelevantUntil <= now {
		return Obsolete
	}
	return v.Status
}

// Record returns the key of the record that the violation is about.
func (v Violation) Record() record.Key { return record.Key{Table: v.Table, ID: v.RecordID} }

// The derived fields of a row have the JSON names of the members of Violation, with one
// difference: the field "scope" holds the name of the rule, a slash, and the name of the
// group. The three fields that users write have exported names. A value of an unexpected kind
// counts as absent.
const (
	fieldType             = "type"
	fieldRule             = "rule"
	fieldScope            = "scope" // "rule/name": the scope in which a View indexes the row
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
	fieldBuckets          = "buckets"

	// FieldAcknowledged holds true once a user has seen the violation.
	FieldAcknowledged = "acknowledged"
	// FieldDismissed holds the Evidence of the dismissed violation. Any other value, or a
	// deletion, means that it is not dismissed.
	FieldDismissed = "dismissed"
	// FieldNote holds a user's text.
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
	// Fields from one record always form a valid record.
	r, _ := b.Record(row.Key(), func(yield func(string, record.FieldValue) bool) {
		for name, w := range row.All() {
			if isUserField(name) && !yield(name, w) {
				return
			}
		}
	})
	return r
}

// ErrRow reports that a record is not a row of a violation, such as a record that holds only
// user-written fields.
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
	if w, ok := row.Get(fieldBuckets); ok {
		if err := w.Value.Decode(&v.Buckets); err != nil {
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

// statusOf returns the stored status of a row, or "" if the row has no derived fields.
func statusOf(row record.Record) Status { return Status(textIn(row, fieldStatus)) }

// participants returns the keys of all records that the violation names, sorted.
func (v Violation) participants() []record.Key {
	keys := []record.Key{v.Record()}
	for _, id := range v.Conflicting {
		keys = append(keys, record.Key{Table: v.ConflictingTable, ID: id})
	}
	slices.SortFunc(keys, record.Key.Compare)
	return slices.Compact(keys)
}
