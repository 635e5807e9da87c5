package mergetest

import (
	"maps"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// planner is how a backend plans a row.
type planner = func(r imports.Run, stored record.Record, row imports.Row, seen imports.Ledger) (imports.Plan, error)

// stampedNow returns a planner that stamps what it writes with the time of the newest stored write, or later: a
// column if whole is true, or only what the right plan writes.
func stampedNow(whole bool) planner {
	return func(r imports.Run, stored record.Record, row imports.Row, seen imports.Ledger) (imports.Plan, error) {
		plan, err := r.Plan(stored, row, seen)
		fields := maps.Collect(plan.Mutation.Data.All())
		if whole && stored.Len() > 0 {
			for name, value := range row.Fields {
				if v, ok := stored.Get(name); ok && v.Value != value {
					fields[name] = record.FieldValue{Value: value}
				}
			}
		}
		return restamp(plan, fields, clock.Stamp{Time: newest(stored), Client: r.ID}), err
	}
}

// newest returns a time above all stamps of a record.
func newest(r record.Record) (at clock.Timestamp) {
	at = clock.Timestamp(1_709_553_600_000_000_000)
	for _, v := range r.All() {
		at = max(at, v.Stamp.Time)
	}
	return at + 1
}

// restamp returns a plan that writes fields with one stamp.
func restamp(p imports.Plan, fields map[string]record.FieldValue, at clock.Stamp) imports.Plan {
	for name, v := range fields {
		fields[name] = record.FieldValue{Value: v.Value, Stamp: at}
	}
	var b record.Builder
	if len(fields) > 0 {
		p.Mutation.Data, _ = b.Record(p.Mutation.Data.Key(), maps.All(fields))
	}
	return p
}

// withoutLedger plans without a ledger.
func withoutLedger(r imports.Run, stored record.Record, row imports.Row, _ imports.Ledger) (imports.Plan, error) {
	plan, err := r.Plan(stored, row, imports.Ledger{})
	plan.Ledger = imports.Ledger{}
	return plan, err
}

// again also writes what the import has written already.
func again(r imports.Run, stored record.Record, row imports.Row, seen imports.Ledger) (imports.Plan, error) {
	plan, err := r.Plan(stored, row, seen)
	fields := maps.Collect(plan.Mutation.Data.All())
	for name, value := range row.Fields {
		if v, ok := stored.Get(name); ok && v.Stamp.Client == r.ID && v.Value == value {
			fields[name] = record.FieldValue{Value: value}
		}
	}
	return restamp(plan, fields, r.Stamp()), err
}

// withoutNulls takes a NULL for an absent column.
func withoutNulls(r imports.Run, stored record.Record, row imports.Row, seen imports.Ledger) (imports.Plan, error) {
	fields := maps.Clone(row.Fields)
	maps.DeleteFunc(fields, func(_ string, v record.Value) bool { return v.JSON() == "null" })
	return r.Plan(stored, imports.Row{Key: row.Key, Fields: fields}, seen)
}

// byRow leaves a row if a person has written one of its fields.
func byRow(r imports.Run, stored record.Record, row imports.Row, seen imports.Ledger) (imports.Plan, error) {
	for _, v := range stored.All() {
		if v.Stamp.Client != r.ID {
			row.Fields = nil
		}
	}
	return r.Plan(stored, row, seen)
}

// oneRun uses the same number in all runs.
func oneRun(r imports.Run, stored record.Record, row imports.Row, seen imports.Ledger) (imports.Plan, error) {
	plan, err := r.Plan(stored, row, seen)
	r.Number = 1
	return restamp(plan, maps.Collect(plan.Mutation.Data.All()), r.Stamp()), err
}

// unsequenced stores a record under its old sequence number.
func unsequenced(d *disk, r record.Record) { d.rows[r.Key()] = row{r, d.rows[r.Key()].seq} }

// keepingLedger returns a constructor of backends whose ledger is not part of their backups.
func keepingLedger() newBackend {
	return func(env *Env) (Backend, error) {
		var kept *imported
		return importingWith(importRule{keeps: func(d *disk) *imported {
			if kept == nil {
				kept = d.imported
			}
			return kept
		}}, purgeRule{level: 2})(env)
	}
}

// brokenImports returns backends whose imports are wrong.
func brokenImports() []broken {
	with := func(r importRule) newBackend { return importingWith(r, purgeRule{level: 2}) }
	return []broken{
		{"an import writes all columns with the time of the run", with(importRule{plan: stampedNow(true)}), []law.Law{law.ImportYields}},
		{"an import beats late edits", with(importRule{plan: stampedNow(false)}), []law.Law{law.ImportYields}},
		{"an import has no ledger", with(importRule{plan: withoutLedger}), []law.Law{law.ImportBrings}},
		{"a second run stamps everything again", with(importRule{plan: again}), []law.Law{law.ImportRepeats}},
		{"an import gives no sequence numbers", with(importRule{stores: unsequenced}), []law.Law{law.Skip, law.ImportWrites}},
		{"lost edits are claimed against an import", with(importRule{claims: true}), []law.Law{law.Lost}},
		{"a restored server has a newer ledger", keepingLedger(), []law.Law{law.ImportWrites}},
		{"an import skips NULLs", with(importRule{plan: withoutNulls}), []law.Law{law.ImportWrites}},
		{"an import leaves rows that a person has touched", with(importRule{plan: byRow}), []law.Law{law.ImportWrites}},
		{"all runs have one number", with(importRule{plan: oneRun}), []law.Law{law.ImportWrites}},
	}
}

func TestBrokenImportsAreFound(t *testing.T) {
	checkAll(t, brokenImports(), func(t *testing.T, b broken) { b.check(t, Options{}) })
}
