package mergetest

import (
	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

func later(old, in record.FieldValue) bool { return in.Stamp.Time > old.Stamp.Time }

func byStamp(old, in record.FieldValue, equal bool) bool {
	if c := in.Stamp.Compare(old.Stamp); c != 0 {
		return c > 0
	}
	return equal
}

func signed(old, in record.FieldValue) bool {
	if old.Stamp.Time != in.Stamp.Time {
		return in.Stamp.Time > old.Stamp.Time
	}
	for i := range old.Stamp.Client {
		if a, b := int8(old.Stamp.Client[i]), int8(in.Stamp.Client[i]); a != b {
			return b > a
		}
	}
	return rightly(old, in)
}

func noCounter(old, in record.FieldValue) bool {
	old.Stamp.Time -= clock.Timestamp(old.Stamp.Time.Counter())
	in.Stamp.Time -= clock.Timestamp(in.Stamp.Time.Counter())
	return rightly(old, in)
}

func noClient(old, in record.FieldValue) bool {
	if old.Stamp.Time != in.Stamp.Time {
		return in.Stamp.Time > old.Stamp.Time
	}
	return in.Value.Compare(old.Value) > 0
}

func deletionLeast(old, in record.FieldValue) bool {
	if old.Stamp == in.Stamp && old.Deleted() != in.Deleted() {
		return old.Deleted()
	}
	return rightly(old, in)
}

func asNumbers(old, in record.FieldValue) bool {
	a, okA := old.Value.Float()
	b, okB := in.Value.Float()
	if old.Stamp == in.Stamp && okA && okB {
		return b > a
	}
	return rightly(old, in)
}

// shortClient compares only the first half of client IDs.
func shortClient(old, in record.FieldValue) bool {
	clear(old.Stamp.Client[8:])
	clear(in.Stamp.Client[8:])
	return rightly(old, in)
}

// brokenRules returns backends that order writes by another rule.
func brokenRules() []broken {
	return []broken{
		{"last arrival wins", with(quirks{wins: func(_, _ record.FieldValue) bool { return true }}), []law.Law{law.Later, law.Counter, law.Client, law.Tombstone}},
		{"first arrival wins", with(quirks{wins: func(_, _ record.FieldValue) bool { return false }}), []law.Law{law.Later, law.Counter, law.Client}},
		{"keep mine on ties", with(quirks{wins: later}), []law.Law{law.Client, law.Kind, law.Value}},
		{"take theirs on ties", with(quirks{wins: func(old, in record.FieldValue) bool { return in.Stamp.Time >= old.Stamp.Time }}), []law.Law{law.Client, law.Kind, law.Value}},
		{"incoming write wins at equal stamps", with(quirks{wins: func(old, in record.FieldValue) bool { return byStamp(old, in, true) }}), []law.Law{law.Kind, law.Value}},
		{"stored write wins at equal stamps", with(quirks{wins: func(old, in record.FieldValue) bool { return byStamp(old, in, false) }}), []law.Law{law.Kind, law.Value}},
		{"smaller value wins at equal stamps", with(quirks{wins: func(old, in record.FieldValue) bool { return byStamp(old, in, in.Value.Compare(old.Value) < 0) }}), []law.Law{law.Kind, law.Value}},
		{"values compared as numbers", with(quirks{wins: asNumbers}), []law.Law{law.Value}},
		{"deletion below values at equal stamps", with(quirks{wins: deletionLeast}), []law.Law{law.Kind}},
		{"client ignored in ties", with(quirks{wins: noClient}), []law.Law{law.Client}},
		{"only half of the client ID compared", with(quirks{wins: shortClient}), []law.Law{law.Client}},
		{"client bytes compared as signed", with(quirks{wins: signed}), []law.Law{law.Client}},
		{"counter ignored", with(quirks{wins: noCounter}), []law.Law{law.Counter}},
	}
}
