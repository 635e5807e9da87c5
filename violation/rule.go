package violation

import (
	"errors"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Rule says what makes no sense among records that were merged. It has no way to
// refuse a write or to change a record: it gets records, which are immutable, and
// returns findings. Its methods are pure functions of what they are given. They do no
// I/O and read no clock, and they may be called from several goroutines.
//
// A rule works on groups: records that can only be judged together, such as the
// bookings of one room. What is wrong in a group depends on the records of that group
// alone; that is what makes it enough to look at the groups that a change touches.
type Rule interface {
	// Scopes returns the names of the groups that a record belongs to, and none for a
	// record that the rule is not about. It gets deleted records as well. Return none for
	// them, unless Check uses Group.Deleted: each check of a group reads all of its records,
	// so a group whose deleted records stay becomes slower with every one, and deleting
	// records does not help one that is too large.
	//
	// For a record that cannot be read, since it is encrypted or of a newer form, return
	// ErrUnknown: then its rows stay as they are. Names that are returned with ErrUnknown are
	// groups to which it certainly belongs.
	Scopes(r record.Record) ([]string, error)

	// Check returns what is wrong in one group. A record for which Scopes returned names
	// together with ErrUnknown is among its records, so Check must not expect that it can
	// read every field. If it cannot tell, it returns ErrUnknown: then the findings of this
	// call do not count, and the rows of the group stay as they are.
	Check(g Group) (Findings, error)
}

// ErrUnknown says that a rule cannot tell, for want of data that it can read. A record
// that can be read again may since have left the groups in which it was found, and a
// check cannot know those: give the scopes of the rows that name it as Input.Scopes, or
// leave it to the next audit.
var ErrUnknown = errors.New("violation: unknown")

// Group is the records of one scope, as they are after the merge, each slice sorted
// by key. A rule may keep and change the slices.
type Group struct {
	// Scope is the name that Rule.Scopes gave the group.
	Scope string
	// Records are those that are not deleted, and Deleted those that are.
	Records, Deleted []record.Record
	// Limit is how many findings of the group get a row. A rule that finds more may return
	// only the first Limit of them, in the order of Findings.List, and count all of them in
	// Findings.Total.
	Limit int
	// Partial says that there may be more records than are known here, as on a
	// client that holds a part of the data. What the records at hand prove is a
	// finding all the same; what rests on a record being absent is not.
	Partial bool
}

// Find returns the record of the given key, if it is there and not deleted.
func (g Group) Find(key record.Key) (record.Record, bool) { return findByKey(g.Records, key) }

// Findings is what is wrong in one group.
type Findings struct {
	// List has the findings in any order. Where it has only the first ones, the order is by
	// RelevantUntil, the latest first and never before all, and then by Key.
	List []Finding
	// Total is how many findings there are, if List has only the first ones. A Total below
	// the length of List means just those. It must not depend on the time.
	Total int
}

// Finding is one thing that is wrong: what the rule decides of a Violation.
type Finding struct {
	// Key tells the findings of a rule apart, and nothing else may be in it: not the
	// text, nor the time, nor the order in which things were found. See PairKey. What is
	// found in two groups under one key is one thing, and the row names the first of
	// the groups; it must then depend on the records alone that it names. Where it
	// depends on others of its group, the name of the group belongs into the key.
	Key string
	// Type says what kind of thing it is to a program, such as scheduling_conflict.
	Type string
	// Record is what the finding is about, and Others are the records that it is in
	// conflict with, of which a row lists the first MaxConflicting. All are of the group, or
	// missing.
	Record record.Key
	Others []record.Key
	// DependsOn are further records of the group that the finding depends on and does not
	// name, such as the event that has too few seats.
	DependsOn []record.Key
	// Description is for people who may read Record. Mind that they may not be
	// permitted to read the others. It is cut after 4,096 bytes of
	// JSON.
	Description string
	// Fields are the fields of all these records that the finding depends on; nil
	// means all fields. A change of one of them is a change of the evidence, and a
	// dismissal falls. Whether a record is deleted always counts.
	Fields []string
	// RelevantUntil is when the violation stops mattering, such as the end of a meeting;
	// zero means never, and so does a time after clock.MaxTimestamp.
	RelevantUntil clock.Timestamp
}

// PairKey returns the same key for two records in either order.
func PairKey(a, b record.Key) string {
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	return joinParts(a.Table, a.ID, b.Table, b.ID)
}

// RecordKey returns the key of a finding of which there is one for a record.
func RecordKey(r record.Key) string { return joinParts(r.Table, r.ID) }

// Newest returns that of two records which was stamped later in the named fields, or in
// any if none is named, and then the other one. It is how a rule names the newcomer:
// the greater key decides where the stamps are equal.
func Newest(a, b record.Record, fields ...string) (newer, older record.Record) {
	c := stampOf(a, fields).Compare(stampOf(b, fields))
	if c > 0 || c == 0 && a.Key().Compare(b.Key()) > 0 {
		return a, b
	}
	return b, a
}
