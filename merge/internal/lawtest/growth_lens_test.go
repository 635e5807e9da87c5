package lawtest

import (
	"fmt"
	"strings"

	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

// growthOfLens measures package record/lens, with a lens that gives each field of the material another name.
func growthOfLens() map[string]measured {
	return map[string]measured{
		"lens.New":           func(m *material) func() { return func() { lensOf(m) } },
		"lens.Lens.Items":    func(m *material) func() { l := lensOf(m); return func() { l.Items(m.input.Items) } },
		"lens.Lens.Up":       func(m *material) func() { l := lensOf(m); return func() { must(l.Up(record.Mutation{Data: m.wide})) } },
		"lens.Lens.UpRecord": func(m *material) func() { l := lensOf(m); return func() { must(l.UpRecord(m.wide)) } },
		"lens.Lens.Down":     func(m *material) func() { l := lensOf(m); return func() { must(l.Down(m.wide)) } },
		"lens.Lens.OldName": func(m *material) func() {
			l := lensOf(m)
			return forCells(m, func(c cell) { l.OldName(c.key.Table, c.name) })
		},
		"lens.Lens.NewNames": func(m *material) func() {
			l := lensOf(m)
			return forCells(m, func(c cell) { l.NewNames(c.key.Table, c.name) })
		},
		"lens.Lens.KeepsValues": func(m *material) func() {
			l := lensOf(m)
			return forCells(m, func(c cell) { l.KeepsValues(c.key.Table, c.name) })
		},
		"merge.Push.Renamed": renames,
	}
}

func lensOf(m *material) lens.Lens {
	t := lens.Table{Name: m.wide.Key().Table}
	named := map[string]bool{}
	for i, c := range m.cells {
		name, _, _ := strings.Cut(c.name, "/")
		if !named[name] && !record.Reserved(name) {
			t.Fields = append(t.Fields, lens.Field{Old: name, New: fmt.Sprintf("new%d", i)})
		}
		named[name] = true
	}
	return must(lens.New(t))
}

func renames(m *material) func() {
	l := lensOf(m)
	return func() { m.push.Renamed(m.answer, m.input.Items, l.NewNames) }
}
