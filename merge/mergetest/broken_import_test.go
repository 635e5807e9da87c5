package mergetest

import (
	"maps"
	"slices"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
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
		return restamp(plan, fields, clock.Stamp{Time: max(newest(stored), r.Stamp().Time), Client: r.ID}), err
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

// forgetsColumns keeps only the hashes of the columns that the row has now.
func forgetsColumns(r imports.Run, stored record.Record, row imports.Row, seen imports.Ledger) (imports.Plan, error) {
	plan, err := r.Plan(stored, row, seen)
	alone, _ := r.Plan(record.New(row.Key), row, imports.Ledger{})
	if plan.Ledger != imports.Closed() {
		plan.Ledger = alone.Ledger
	}
	return plan, err
}

// numberedAgain gives all rows of the source a new sequence number.
func numberedAgain(s *importing, rows []ImportRow) {
	for _, row := range rows {
		if r := s.disk.rows[row.Key]; r.Len() > 0 {
			s.disk.put(r.Record)
		}
	}
}

// deletesMissing deletes the records whose rows have left the source.
func deletesMissing(s *importing, rows []ImportRow) {
	for key := range s.disk.imported.ledgers {
		r := s.disk.rows[key]
		if r.Len() == 0 || r.Deleted() || slices.ContainsFunc(rows, func(row ImportRow) bool { return row.Key == key }) {
			continue
		}
		m, err := r.Edit(clock.Stamp{Time: s.clock.Now(), Client: clock.ClientID{9}}).DeleteRecord().Mutation()
		if err == nil {
			after, _ := merge.Records(r.Record, m.Data)
			s.disk.put(after)
		}
	}
}

// forgetsMissing drops the ledgers of the rows that have left the source.
func forgetsMissing(s *importing, rows []ImportRow) {
	maps.DeleteFunc(s.disk.imported.ledgers, func(key record.Key, _ imports.Ledger) bool {
		return !slices.ContainsFunc(rows, func(row ImportRow) bool { return row.Key == key })
	})
}

// atLevel plans at another level than the server has.
func atLevel(level int) planner {
	return func(r imports.Run, stored record.Record, row imports.Row, seen imports.Ledger) (imports.Plan, error) {
		r.Level = level
		return r.Plan(stored, row, seen)
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
		{"an import plans at level 1 on a server of level 2", with(importRule{plan: atLevel(1)}), []law.Law{law.ImportWrites}},
		{"an import plans at level 2 on a server of level 1", importingWith(importRule{plan: atLevel(2)}, purgeRule{level: 1}), []law.Law{law.ImportBrings}},
		{"the ledger forgets columns that are absent", with(importRule{plan: forgetsColumns}), []law.Law{law.ImportBrings}},
		{"the ledger forgets rows that left the source", with(importRule{ends: forgetsMissing}), []law.Law{law.ImportBrings}},
		{"an import deletes the records of rows that left the source", with(importRule{ends: deletesMissing}), []law.Law{law.Invented, law.Revive, law.Stays, law.Tombstone}},
		{"a second run gives all rows new sequence numbers", with(importRule{ends: numberedAgain}), []law.Law{law.ImportRepeats}},
		{"the clock does not observe what is imported", with(importRule{deaf: true}), []law.Law{law.ServerClock}},
	}
}

func TestBrokenImportsAreFound(t *testing.T) {
	checkAll(t, brokenImports(), func(t *testing.T, b broken) { b.check(t, Options{}) })
}
