package lawtest

import (
	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/record"
)

// growthOfImports measures package merge/imports, with rows that have the fields of the material.
func growthOfImports() map[string]measured {
	return map[string]measured{
		"imports.CheckRows": func(m *material) func() {
			rows := []imports.Row{rowOf(m)}
			for _, r := range m.records {
				if r.Key() != m.wide.Key() {
					rows = append(rows, imports.Row{Key: r.Key()})
				}
			}
			return func() {
				if err := imports.CheckRows(rows); err != nil {
					panic(err)
				}
			}
		},
		"imports.Run.Plan": func(m *material) func() { return func() { planOf(m) } },
		"imports.Ledger.UnmarshalText imports.Ledger.Scan": func(m *material) func() {
			text := must(planOf(m).Ledger.MarshalText())
			return func() {
				var l imports.Ledger
				if err := l.Scan(text); err != nil {
					panic(err)
				}
			}
		},
		"imports.Ledger.Up": func(m *material) func() {
			seen, l := planOf(m).Ledger, lensOf(m)
			return func() { seen.Up(l, m.wide.Key().Table) }
		},
		"imports.Ledger.MarshalText": func(m *material) func() {
			l := planOf(m).Ledger
			return func() { _, _ = l.MarshalText() }
		},
	}
}

// rowOf returns a row with the fields of the wide record.
func rowOf(m *material) imports.Row {
	row := imports.Row{Key: m.wide.Key(), Fields: make(map[string]record.Value)}
	for name, w := range m.wide.All() {
		if !record.Reserved(name) && !w.Deleted() {
			row.Fields[name] = w.Value
		}
	}
	return row
}

// planOf plans a row that no run has seen.
func planOf(m *material) imports.Plan {
	row := rowOf(m)
	return must(imports.Run{ID: clock.ClientID{9}, Number: 1}.Plan(record.New(row.Key), row, imports.Ledger{}))
}
