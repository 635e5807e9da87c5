package mergetest

import (
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// roundsTo returns a backend that rounds stamps before it stores them.
func roundsTo(ns clock.Timestamp) newBackend {
	return with(quirks{stores: storesAs(func(v record.FieldValue) record.FieldValue {
		v.Stamp.Time = (v.Stamp.Time + ns/2) / ns * ns
		return v
	})})
}

// floats reduces the time of a stamp to the precision of a float64.
func floats(v record.FieldValue) record.FieldValue {
	v.Stamp.Time = clock.Timestamp(float64(v.Stamp.Time))
	return v
}

// finally treats a deletion as final.
func finally(old, in record.FieldValue) bool { return !old.Deleted() && rightly(old, in) }

// emptyIsNull stores null for an empty string, as some databases do.
func emptyIsNull(v record.FieldValue) record.FieldValue {
	if v.Value.JSON() == `""` {
		v.Value = record.Value{}
	}
	return v
}

// skipsNull ignores a write of null.
func skipsNull(old, in record.FieldValue) bool {
	return in.Value != (record.Value{}) && rightly(old, in)
}

// bySeconds compares whole seconds, and then clients.
func bySeconds(old, in record.FieldValue) bool {
	old.Stamp.Time, in.Stamp.Time = old.Stamp.Time/1e9*1e9, in.Stamp.Time/1e9*1e9
	return rightly(old, in)
}

// atMost refuses items with more than the given number of fields.
func atMost(fields int) newBackend {
	return with(quirks{engine: merge.Engine{Guard: func(_ clock.ClientID, m record.Mutation) error {
		if m.Data.Len() > fields {
			return &merge.Refusal{Code: merge.LimitExceeded}
		}
		return nil
	}}})
}

// aborts refuses, as retryable, every item after the first refused one.
func aborts(all []merge.Reply) []merge.Reply {
	dead := false
	for i, r := range all {
		if dead {
			all[i] = merge.Reply{Index: r.Index, Table: r.Table, ID: r.ID, Verdict: "refused", Code: merge.ServerClock, Retryable: true}
		}
		dead = dead || r.Verdict == "refused"
	}
	return all
}

// TestCommonMistakesNameThePlainestLaw checks that a failure names the plainest of several laws that a mistake
// breaks, whatever the seed.
func TestCommonMistakesNameThePlainestLaw(t *testing.T) {
	skipShort(t)
	checkAll(t, []broken{
		{"stamps are rounded to milliseconds", roundsTo(1e6), []law.Law{law.Counter}},
		{"stamps are rounded to microseconds", roundsTo(1e3), []law.Law{law.Counter}},
		{"stamps are kept as float64", with(quirks{stores: storesAs(floats)}), []law.Law{law.Counter}},
		{"milliseconds are compared", with(quirks{wins: byMillis}), []law.Law{law.Counter}},
		{"seconds are compared", with(quirks{wins: bySeconds}), []law.Law{law.Later}},
		{"deletions are final", with(quirks{wins: finally}), []law.Law{law.Later}},
		{"the empty string becomes null", with(quirks{stores: storesAs(emptyIsNull)}), []law.Law{law.Four, law.Exact}},
		{"a null is not stored", with(quirks{wins: skipsNull}), []law.Law{law.Later, law.Four}},
		{"stamps have no bound", with(quirks{engine: merge.Engine{MaxAhead: -1}}), []law.Law{law.Ahead, law.Blind}},
		{"a limit is too low", atMost(1), []law.Law{law.Fine, law.Ahead, law.Retry}},
		{"a refused item aborts the transaction", with(quirks{replies: aborts}), []law.Law{law.Neighbours}},
	}, func(t *testing.T, b broken) {
		for first := range rounds(6) {
			b.check(t, Options{First: 100 * first})
		}
	})
}
