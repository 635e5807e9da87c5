// Package oracle says what package merge must do. It knows every write that was ever sent and what became
// of it, compares writes by the rule as it is written down, and says which edits are lost. It shares no code
// with packages record and merge: it imports the standard library only.
package oracle

import "cmp"

// FieldKey is a field of a record.
type FieldKey struct{ ID, Field string }

// CompareFields orders fields by record and name.
func CompareFields(a, b FieldKey) int {
	return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Field, b.Field))
}

// Stamp is the time of a write, in Unix nanoseconds with a counter, and its client.
type Stamp struct {
	Time   int64
	Client [16]byte
}

// IsZero reports whether it is the stamp of no write.
func (s Stamp) IsZero() bool { return s == Stamp{} }

// Below reports whether a stamp is less than another one.
func (s Stamp) Below(t Stamp) bool {
	above, _ := Rule(Write{Stamp: t}, Write{Stamp: s})
	return above
}

// Write is one write of one field.
type Write struct {
	Stamp
	Deleted bool
	Value   string // canonical JSON, and "" for a deletion
}

// Written is a write and the field it belongs to.
type Written struct {
	FieldKey
	Write
}

// Part is a part of the rule.
type Part int

const (
	ByMillisecond Part = iota
	ByCounter
	ByClient
	ByKind
	ByValue
)

// Rule compares two writes by the rule: it tells whether a is above b, and which part of
// the rule says so. Of equal writes neither is above.
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

// SameValue reports whether two writes differ at most in their stamps.
func SameValue(a, b Write) bool { return a.Deleted == b.Deleted && a.Value == b.Value }
