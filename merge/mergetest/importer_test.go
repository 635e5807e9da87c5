package mergetest

import (
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/record"
)

// importing is a backend that imports.
type importing struct {
	*purger
	importRule
}

// importRule is how a backend imports. The zero importRule is correct.
type importRule struct {
	plan   func(r imports.Run, stored record.Record, row imports.Row, seen imports.Ledger) (imports.Plan, error) // nil means Run.Plan
	stores func(d *disk, r record.Record)                                                                        // nil means that the record gets a sequence
	claims bool                                                                                                  // pushes do not name the ID of the import
	keeps  func(d *disk) *imported                                                                               // nil means with the records
	ends   func(s *importing, rows []ImportRow)                                                                  // runs after all rows; nil does nothing
	deaf   bool                                                                                                  // the clock of the server does not observe what is imported
}

// imported is what a disk has of the import.
type imported struct {
	run     int64
	ledgers map[record.Key]imports.Ledger
}

func (i *imported) copy() *imported {
	if i == nil {
		return nil
	}
	c := &imported{i.run, map[record.Key]imports.Ledger{}}
	for key, l := range i.ledgers {
		c.ledgers[key] = l
	}
	return c
}

// importingWith returns a constructor of backends that import and purge.
func importingWith(rule importRule, purge purgeRule) newBackend {
	if rule.plan == nil {
		rule.plan = imports.Run.Plan
	}
	if rule.stores == nil {
		rule.stores = (*disk).put
	}
	if rule.keeps == nil {
		rule.keeps = func(d *disk) *imported { return d.imported }
	}
	if !rule.claims {
		purge.asks = func(_ *purger, r *merge.Request) { r.Imports = []clock.ClientID{ImportID()} }
	}
	return over(func(m *memory) Backend {
		if m.disk.imported == nil {
			m.disk.imported = &imported{ledgers: map[record.Key]imports.Ledger{}}
		}
		return &importing{purge.over(m), rule}
	})
}

func (s *importing) Import(id clock.ClientID, rows []ImportRow) error {
	state := s.keeps(s.disk)
	state.run++
	run := imports.Run{ID: id, Number: state.run, Fence: s.disk.purge.fence.stamp, Level: s.level}
	for _, row := range rows {
		plan, err := s.plan(run, s.disk.rows[row.Key].WithKey(row.Key), imports.Row(row), state.ledgers[row.Key])
		if err != nil {
			return err
		}
		if err := s.bring(id, plan.Mutation); err != nil {
			return err
		}
		if plan.Ledger != state.ledgers[row.Key] {
			state.ledgers[row.Key] = plan.Ledger
		}
	}
	if s.ends != nil {
		s.ends(s, rows)
	}
	return nil
}

// bring stores what was planned for a row.
func (s *importing) bring(id clock.ClientID, m record.Mutation) error {
	if m.Data.Len() == 0 {
		return nil
	}
	engine := s.engine
	engine.MaxAhead = -1 // the fence may lie at the bound
	push := engine.Prepare(merge.Request{Actor: id, Imports: []clock.ClientID{id}, Wall: s.env.Now(), Items: []record.Item{{Mutation: m}}})
	stored := s.disk.load(push)
	stored.Fence, stored.Level = s.disk.purge.fence.stamp, s.level
	answer, err := push.Apply(stored)
	if err != nil {
		return err
	}
	if r := answer.Results[0]; !r.Accepted() {
		return r.Refusal
	}
	for _, u := range answer.Updates {
		s.stores(s.disk, u.After)
	}
	if !s.deaf {
		s.clock.Observe(answer.Greatest)
	}
	return nil
}

// Erase also closes the ledger of the record.
func (s *importing) Erase(key record.Key, at clock.Stamp) (clock.Stamp, error) {
	if _, seen := s.keeps(s.disk).ledgers[key]; seen {
		s.keeps(s.disk).ledgers[key] = imports.Closed()
	}
	return s.purger.Erase(key, at)
}

// TestRightImportersPass checks correct backends that import, and purge at both levels.
func TestRightImportersPass(t *testing.T) {
	t.Parallel()
	for name, create := range map[string]newBackend{
		"level 1": importingWith(importRule{}, purgeRule{level: 1}),
		"level 2": importingWith(importRule{}, purgeRule{level: 2}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Run(t, create, some(Options{Seeds: max(*seeds/2, enough)}))
		})
	}
}
