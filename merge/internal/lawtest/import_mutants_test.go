package lawtest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/record"
)

// restampedBy returns a record with other stamps.
func restampedBy(r record.Record, stamp func(clock.Stamp) clock.Stamp) record.Record {
	var b record.Builder
	again, err := b.Record(r.Key(), func(yield func(string, record.FieldValue) bool) {
		for name, w := range r.All() {
			if w.Stamp = stamp(w.Stamp); !yield(name, w) {
				return
			}
		}
	})
	if err != nil {
		panic(err) // the fields come from a record
	}
	return again
}

// stampedAt plans as the right rule does, and stamps the writes with another time.
func stampedAt(at func(imports.Run) clock.Timestamp) importRule {
	return func(r imports.Run, stored record.Record, row imports.Row, seen imports.Ledger) (imports.Plan, error) {
		old := restampedBy(stored, func(s clock.Stamp) clock.Stamp { // or Plan finds the mistake
			if s.Client == importer {
				s.Time = 1
			}
			return s
		})
		plan, err := r.Plan(old, row, seen)
		plan.Mutation.Data = restampedBy(plan.Mutation.Data, func(clock.Stamp) clock.Stamp {
			return clock.Stamp{Time: at(r), Client: importer}
		})
		return plan, err
	}
}

// orNothing plans nothing where a rule fails.
func (rule importRule) orNothing(r imports.Run, stored record.Record, row imports.Row, seen imports.Ledger) (imports.Plan, error) {
	plan, err := rule(r, stored, row, seen)
	if err != nil {
		plan = imports.Plan{Mutation: record.Mutation{Data: record.New(row.Key)}, Ledger: seen}
	}
	return plan, nil
}

// ledgerOf returns the ledger of a row that was seen as it is now.
func ledgerOf(r imports.Run, row imports.Row) imports.Ledger {
	plan, err := r.Plan(record.New(row.Key), row, imports.Ledger{})
	if err != nil {
		panic(err) // the row is valid
	}
	return plan.Ledger
}

// importMutants are wrong rules, each with the law that it breaks.
var importMutants = []struct {
	name string
	rule importRule
	law  law
}{
	{"stamped with the time of the run", stampedAt(func(r imports.Run) clock.Timestamp { return 45 + clock.Timestamp(r.Number) }), lawLater},
	{"stamped with the least stamp of all", stampedAt(func(imports.Run) clock.Timestamp { return 1 }), lawStands},
	{"stamped without the fence", stampedAt(func(r imports.Run) clock.Timestamp { return clock.Timestamp(r.Number) }), lawBrings},
	{"every run under the same stamp", stampedAt(func(r imports.Run) clock.Timestamp { return r.Fence + 1 }), lawStands},
	{"no ledger", func(r imports.Run, stored record.Record, row imports.Row, _ imports.Ledger) (imports.Plan, error) {
		return r.Plan(stored, row, imports.Ledger{})
	}, lawTwice},
	{"a ledger without hashes", func(r imports.Run, stored record.Record, row imports.Row, seen imports.Ledger) (imports.Plan, error) {
		if seen != (imports.Ledger{}) {
			seen = ledgerOf(r, row)
		}
		return r.Plan(stored, row, seen)
	}, lawBrings},
	{"a ledger only of what was written", func(r imports.Run, stored record.Record, row imports.Row, seen imports.Ledger) (imports.Plan, error) {
		plan, err := r.Plan(stored, row, seen)
		if plan.Mutation.Data.Len() == 0 {
			plan.Ledger = seen
		}
		return plan, err
	}, lawSource},
	{"the fields of people are overwritten", func(r imports.Run, stored record.Record, row imports.Row, seen imports.Ledger) (imports.Plan, error) {
		return r.Plan(restampedBy(stored, func(s clock.Stamp) clock.Stamp {
			if s.Time <= r.Fence {
				s.Client = importer
			}
			return s
		}), row, seen)
	}, lawPeople},
	{"judged by what is stored, not by its normal form", func(r imports.Run, stored record.Record, row imports.Row, seen imports.Ledger) (imports.Plan, error) {
		whole := r
		whole.Fence = 0
		plan, err := whole.Plan(stored, row, seen)
		plan.Mutation.Data = restampedBy(plan.Mutation.Data, func(clock.Stamp) clock.Stamp { return r.Stamp() })
		return plan, err
	}, lawBrings},
	{"an item that does not say that it creates its record", func(r imports.Run, stored record.Record, row imports.Row, seen imports.Ledger) (imports.Plan, error) {
		plan, err := r.Plan(stored, row, seen)
		plan.Mutation.New = false
		return plan, err
	}, lawBrings},
	{"a new column brings a deleted record back", func(r imports.Run, stored record.Record, row imports.Row, seen imports.Ledger) (imports.Plan, error) {
		plan, err := r.Plan(stored, row, seen)
		if plan.Ledger != seen && plan.Mutation.Data.Len() == 0 {
			return r.Plan(stored, row, imports.Ledger{})
		}
		return plan, err
	}, lawSource},
	{"half a record comes back", func(r imports.Run, stored record.Record, row imports.Row, seen imports.Ledger) (imports.Plan, error) {
		plan, err := r.Plan(stored, row, seen)
		if g, ok := plan.Mutation.Data.Get("g"); ok && seen != (imports.Ledger{}) {
			var b record.Builder
			data, wrong := b.Record(row.Key, func(yield func(string, record.FieldValue) bool) { yield("g", g) })
			plan.Mutation.Data, err = data, errors.Join(err, wrong)
		}
		return plan, err
	}, lawBrings},
}

// TestUnsoundRulesOfImportsAreFound searches for a history that breaks a law under each wrong rule.
func TestUnsoundRulesOfImportsAreFound(t *testing.T) {
	for _, m := range importMutants {
		t.Run(m.name, func(t *testing.T) {
			var states int
			var broken error
			for _, level := range []int8{1, 2} {
				if broken == nil {
					states, broken = importScope{level: level, depth: 7, stamps: 3, runs: 3}.search(m.rule.orNothing)
				}
			}
			require.ErrorContains(t, broken, string(m.law), "%d states", states)
			t.Logf("%d states: %v", states, broken)
		})
	}
}
