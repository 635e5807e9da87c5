// Package oracle implements the rule of package merge a second time, to predict the results of a backend. It
// knows every write that was ever sent and its fate, compares writes by the documented rule, and decides which
// edits are lost. It shares no code with packages record and merge: it imports only the standard library.
package oracle

import "cmp"

// FieldKey identifies a field of a record.
type FieldKey struct{ ID, Field string }

// CompareFields orders fields by record and name.
func CompareFields(a, b FieldKey) int {
	return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Field, b.Field))
}

// Stamp is the time of a write, in Unix nanoseconds including the counter, and its client.
type Stamp struct {
	Time   int64
	Client [16]byte
}

// IsZero reports whether s is the zero stamp, which no write has.
func (s Stamp) IsZero() bool { return s == Stamp{} }

// Below reports whether s is less than t.
func (s Stamp) Below(t Stamp) bool {
	above, _ := Rule(Write{Stamp: t}, Write{Stamp: s})
	return above
}

// Write is one write of one field.
type Write struct {
	Stamp
	Deleted bool
	Value   string // canonical JSON, or "" for a deletion
}

// Written is a write and its field.
type Written struct {
	FieldKey
	Write
}

// Part is the part of the rule that decides between two writes.
type Part int

const (
	ByMillisecond Part = iota
	ByCounter
	ByClient
	ByKind
	ByValue
)

// Rule compares two writes by the rule. It reports whether a is above b, and which part of the rule decides.
// Of two equal writes, neither is above the other.
func Rule(a, b Write) (above bool, by Part) {
	const ms = 1_000_000
	switch {
	case a.Time/ms != b.Time/ms:
		return a.Time > b.Time, ByMillisecond
	case a.Time != b.Time:
		return a.Time > b.Time, ByCounter
	}
	for i := range a.Client {
		if a.Client[i] != b.Client[i] {
			return a.Client[i] > b.Client[i], ByClient
		}
	}
	if a.Deleted != b.Deleted {
		return a.Deleted, ByKind
	}
	return a.Value > b.Value, ByValue
}

// Compare orders writes by the rule.
func Compare(a, b Write) int {
	if above, _ := Rule(a, b); above {
		return 1
	}
	if above, _ := Rule(b, a); above {
		return -1
	}
	return 0
}

// SameValue reports whether two writes have the same value, or both are deletions, whatever their stamps.
func SameValue(a, b Write) bool { return a.Deleted == b.Deleted && a.Value == b.Value }
