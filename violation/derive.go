package violation

import (
	"errors"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// A rule that returns an invalid finding has failed. These errors omit the finding's key and
// texts, which may be user input.
var (
	errTexts   = errors.New("Finding.Type, Finding.Description or the name of a scope is not valid UTF-8")
	errRecord  = errors.New("Finding.Record is not a valid key: name a record of the group")
	errOthers  = errors.New("Finding.Others must be valid keys of one table: put other records into Finding.DependsOn")
	errAbsent  = errors.New("none of the records that a finding names is in the group: name records of the group")
	errListing = errors.New("Findings.Total is positive, but Findings.List is empty: list the first findings")
)

// derived is the derived part of a row.
type derived struct {
	Violation
	stamp clock.Stamp // the stamp of all derived fields
}

// Limits of a row. They keep the row within the default Limits of a decoder, whatever names
// records have and whatever texts a rule returns. All lengths count bytes of JSON.
const (
	// maxDescription is the maximum length of a description. A longer description is cut.
	maxDescription = 4096
	// MaxConflicting is the maximum number of conflicting records that a row lists.
	// Violation.ConflictingTotal holds the full number.
	MaxConflicting = 100
	// maxConflicting is the maximum length of the list of conflicting records.
	maxConflicting = 16 << 10
)

// shortened cuts a text to maxDescription. It returns text that is not valid UTF-8 unchanged;
// such text is refused later.
func shortened(text string) string {
	const more = "…"
	if !utf8.ValidString(text) {
		return text
	}
	size, end := 0, 0 // end is where to cut
	for i, letter := range text {
		if size <= maxDescription-len(more) {
			end = i
		}
		if size += sizeInJSON(letter); size > maxDescription {
			return text[:end] + more
		}
	}
	return text
}

// sizeInJSON returns the maximum size of a character in canonical JSON.
func sizeInJSON(letter rune) int {
	switch {
	case letter < ' ':
		return len(`\u0000`)
	case letter == '"' || letter == '\\':
		return 2
	}
	return utf8.RuneLen(letter)
}

// derivedOf returns the row of a finding, without its evidence.
func derivedOf(scope Scope, f Finding) (derived, error) {
	d := derived{Violation: Violation{
		ID: idOf(scope.Rule, f.Key), Type: f.Type, Rule: scope.Rule, Scope: scope.Name,
		Table: f.Record.Table, RecordID: f.Record.ID, Description: shortened(f.Description),
		Total: 1, RelevantUntil: f.RelevantUntil, Status: Open,
	}}
	if f.Record.Check() != nil {
		return d, errRecord
	}
	if !utf8.ValidString(d.Type) || !utf8.ValidString(d.Scope) || !utf8.ValidString(d.Description) {
		return d, errTexts
	}
	// An end after clock.MaxTimestamp cannot be stored and means never, as for an endless
	// slot.
	if end := f.end(); end == math.MaxInt64 {
		d.RelevantUntil = 0
	} else {
		d.RelevantUntil = end
	}
	for _, key := range f.Others {
		if key.Check() != nil || key.Table != f.Others[0].Table {
			return d, errOthers
		}
		d.ConflictingTable = key.Table
		d.Conflicting = append(d.Conflicting, key.ID)
	}
	slices.Sort(d.Conflicting)
	d.Conflicting = slices.Compact(d.Conflicting)
	if n := listable(d.Conflicting); n < len(d.Conflicting) {
		d.ConflictingTotal = len(d.Conflicting)
		d.Conflicting = slices.Clone(d.Conflicting[:n])
	}
	return d, nil
}

// listable returns how many of the IDs fit into the list of a row.
func listable(ids []string) int {
	size := len(`[]`)
	for i, id := range ids {
		size += len(`"",`)
		for _, letter := range id {
			size += sizeInJSON(letter)
		}
		if i == MaxConflicting || size > maxConflicting {
			return i
		}
	}
	return len(ids)
}

// records returns the records of the group with the given keys, deleted or not.
func (g Group) records(keys []record.Key) []record.Record {
	var found []record.Record
	for _, key := range keys {
		if r, ok := findByKey(g.Records, key); ok {
			found = append(found, r)
		} else if r, ok := findByKey(g.Deleted, key); ok {
			found = append(found, r)
		}
	}
	return found
}

// row returns the derived part together with the user-written fields of the previous row.
func (d derived) row(table string, before record.Record) (record.Record, error) {
	fields, err := d.fields()
	if err != nil {
		return record.Record{}, err
	}
	return rowOf(record.Key{Table: table, ID: d.ID}, fields, before)
}

// fields returns the derived part as fields of a record.
func (d derived) fields() ([]field, error) {
	until := ""
	if d.RelevantUntil != 0 {
		until = d.RelevantUntil.String()
	}
	conflicting, err := record.Of(append([]string{}, d.Conflicting...))
	if err != nil {
		return nil, err
	}
	all := []field{
		{fieldConflicting, record.FieldValue{Value: conflicting, Stamp: d.stamp}},
		{fieldTotal, record.FieldValue{Value: record.Int(int64(d.Total)), Stamp: d.stamp}},
	}
	if d.ConflictingTotal > 0 {
		all = append(all, field{fieldConflictingTotal, record.FieldValue{Value: record.Int(int64(d.ConflictingTotal)), Stamp: d.stamp}})
	}
	for _, f := range [...]struct{ name, text string }{
		{fieldType, d.Type}, {fieldRule, d.Rule}, {fieldScope, d.Rule + "/" + d.Scope},
		{fieldTable, d.Table}, {fieldRecord, d.RecordID}, {fieldConflictingTable, d.ConflictingTable},
		{fieldDescription, d.Description}, {fieldDetectedAt, d.DetectedAt.String()},
		{fieldEvidence, d.Evidence}, {fieldRelevantUntil, until}, {fieldStatus, string(d.Status)},
	} {
		if f.text == "" && (f.name == fieldConflictingTable || f.name == fieldRelevantUntil) {
			continue // these two fields are left out if they are empty
		}
		value, err := record.Text(f.text)
		if err != nil {
			return nil, err
		}
		all = append(all, field{f.name, record.FieldValue{Value: value, Stamp: d.stamp}})
	}
	return all, nil
}

// field is one field of a row.
type field struct {
	name  string
	write record.FieldValue
}

// rowOf returns a row of derived fields and of those fields of the previous row that users
// wrote or whose names are reserved.
func rowOf(key record.Key, fields []field, before record.Record) (record.Record, error) {
	for name, w := range before.All() {
		if isUserField(name) || record.Reserved(name) {
			fields = append(fields, field{name, w})
		}
	}
	var b record.Builder
	return b.Record(key, func(yield func(string, record.FieldValue) bool) {
		for _, f := range fields {
			if !yield(f.name, f.write) {
				return
			}
		}
	})
}

// withStatus returns a copy of a row with another status.
func withStatus(row record.Record, status Status) (record.Record, error) {
	w, _ := row.Get(fieldStatus)
	w.Value = record.MustOf(string(status))
	return withField(row, fieldStatus, w)
}

// withField returns a copy of a row with another value of one field. The zero FieldValue removes
// the field.
func withField(row record.Record, name string, w record.FieldValue) (record.Record, error) {
	var b record.Builder
	return b.Record(row.Key(), func(yield func(string, record.FieldValue) bool) {
		for other, v := range row.All() {
			if other != name && !yield(other, v) {
				return
			}
		}
		if !w.IsZero() {
			yield(name, w)
		}
	})
}
