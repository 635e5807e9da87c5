package violation

import (
	"errors"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Rule finds violations among merged records. It cannot refuse a write or change a record: it
// gets immutable records and returns findings. Its methods are pure functions of their
// arguments. They do no I/O and read no clock, and several goroutines may call them at once.
//
// A rule works on groups: records that must be judged together, such as the bookings of one
// room. The findings in a group depend on its records alone, so a check needs to look only at
// the groups that a change touches.
type Rule interface {
	// Scopes returns the names of the groups that a record belongs to, and none for a record
	// that the rule does not concern. It gets deleted records as well. Return none for them,
	// unless Check uses Group.Deleted: a check reads all records of a group, so a group that
	// keeps its deleted records becomes slower with every one, and deleting records does not
	// make it smaller.
	//
	// For a record that cannot be read, because it is encrypted or in a newer form, return
	// ErrUnknown: its rows then stay as they are. Names that are returned with ErrUnknown are
	// groups to which the record certainly belongs.
	Scopes(r record.Record) ([]string, error)

	// Check returns the findings in one group. A record for which Scopes returned names and
	// ErrUnknown is in the group, so Check must not expect to read every field. If Check
	// cannot decide, it returns ErrUnknown: its findings are then ignored, and the rows of the
	// group stay as they are.
	Check(g Group) (Findings, error)
}

// ErrUnknown reports that a rule cannot decide because it cannot read some data. A record that
// becomes readable again may meanwhile have left the groups of its violations, and a check
// cannot know these: pass the scopes of the rows that name the record as Input.Scopes, or
// leave it to the next audit.
var ErrUnknown = errors.New("violation: unknown, because some data cannot be read")

// Group holds the records of one scope after the merge, each slice sorted by key. A rule may
// keep and modify the slices.
type Group struct {
	// Scope is the name that Rule.Scopes gave the group.
	Scope string
	// Deleted are the deleted records, and Records are the others.
	Records, Deleted []record.Record
	// Limit is how many findings the check needs. A rule that finds more may return only the
	// first Limit of them, in the order of Findings.List, and the total number in
	// Findings.Total.
	Limit int
	// Partial reports that the group may have more records than are known here, as on a client
	// that holds part of the data. A violation that the known records prove is still a
	// finding; a violation that rests on the absence of a record is not.
	Partial bool
	// Restricted reports that readers of a row may not read the other records of the group,
	// because Checker.Buckets is set. Type, Description and RelevantUntil of a finding must then
	// hold nothing of any record but Finding.Record.
	Restricted bool
}

// Find returns the record with the given key, if the group has it and it is not deleted.
func (g Group) Find(key record.Key) (record.Record, bool) { return findByKey(g.Records, key) }

// Findings is the result of checking one group.
type Findings struct {
	// List holds the findings in any order. If it holds only the first ones, the order is by
	// RelevantUntil, the latest first, and then by Key. Findings that never stop mattering
	// come before all others.
	List []Finding
	// Total is the number of all findings if List holds only the first ones. A Total below the
	// length of List means that List is complete. Total must not depend on the time.
	Total int
}

// Finding is one violation in a group: the part of a Violation that the rule decides.
type Finding struct {
	// Key distinguishes the findings of a rule. It must contain nothing but what identifies
	// a finding: no description, no time and no order of discovery. See PairKey. Findings
	// with the same key in two groups are one violation, and its row names the first of
	// these groups. Such a finding must depend only on the records that it names. If it
	// depends on other records, include the name of the group in the key.
	Key string
	// Type classifies the finding for programs, such as scheduling_conflict.
	Type string
	// Record is the record that the finding is about. Others are the records that it conflicts
	// with, all of one table; a row lists the first MaxConflicting of them. Each of these
	// records belongs to the group or does not exist.
	Record record.Key
	Others []record.Key
	// DependsOn lists further records of the group that the finding depends on but does not
	// name, such as the event that has too few seats.
	DependsOn []record.Key
	// Description is for people who may read Record, but perhaps not the other records. It is
	// cut after 4,096 bytes of JSON.
	Description string
	// Fields are the fields that the finding depends on, in all these records; nil means
	// all fields. A change to one of them changes the evidence and ends a dismissal. A restoration
	// of a record is always part of the evidence. A deleted record is not, nor is a deleted
	// field, because they may be purged; see merge.Purge.
	Fields []string
	// RelevantUntil is when the violation stops mattering, such as the end of a meeting. Zero
	// means never, and so does a time after clock.MaxTimestamp.
	RelevantUntil clock.Timestamp

	// last, if not zero, takes the place of RelevantUntil in the order of the findings.
	last clock.Timestamp
}

// PairKey returns the key of a finding about two records. The key does not depend on the order
// of the two records.
func PairKey(a, b record.Key) string {
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	return joinParts(a.Table, a.ID, b.Table, b.ID)
}

// RecordKey returns the key of a finding, for a rule that has at most one finding about each
// record.
func RecordKey(r record.Key) string { return joinParts(r.Table, r.ID) }

// Newest returns the newer of two records and then the older one. The newer record is the one
// stamped later in the named fields, or in any field if none are named. Deleted fields do not
// count, because they may be purged. The greater key decides between equal stamps. Rules use
// Newest to name the newcomer.
func Newest(a, b record.Record, fields ...string) (newer, older record.Record) {
	c := stampOf(a, fields).Compare(stampOf(b, fields))
	if c > 0 || c == 0 && a.Key().Compare(b.Key()) > 0 {
		return a, b
	}
	return b, a
}
