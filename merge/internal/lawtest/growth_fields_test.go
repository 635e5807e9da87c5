package lawtest

import (
	"fmt"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/fields"
)

// growthOfFields measures package record/fields on as many elements as the material has cells.
func growthOfFields() map[string]measured {
	return map[string]measured{
		"fields.Between fields.LastTurn fields.IsPosition": longPositions,
		"fields.Respace": func(m *material) func() {
			list := make([]fields.Placed, len(m.cells))
			return func() { must(fields.Respace(list, turn(1))) }
		},
		"fields.ByPosition": func(m *material) func() {
			return func() { slices.SortFunc(slices.Clone(m.each), fields.ByPosition(m.cells[0].name)) }
		},
		"fields.Set.Add fields.Set.Remove fields.Set.Has fields.Set.List fields.Set.Put fields.Elements.ReadFields fields.Elements.WriteFields": setOfAll,
		"fields.Counter.Add fields.Counter.Reset fields.Counter.Sum fields.Counter.Admit fields.Total.ReadFields fields.Total.WriteFields":      countAll,
	}
}

func turn(n int) fields.Turn { return fields.Turn{Client: clock.ClientID{1}, N: int64(n)} }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// longPositions looks between two positions as long as that many bisections make them.
func longPositions(m *material) func() {
	low := must(fields.Between("", "", turn(0)))
	high := must(fields.Between(low, "", turn(0)))
	for n := range m.cells {
		if p := must(fields.Between(low, high, turn(n+1))); n%2 == 0 {
			high = p
		} else {
			low = p
		}
	}
	return func() {
		must(fields.Between(low, high, turn(len(m.cells)+1)))
		fields.LastTurn(clock.ClientID{1}, []string{low, high})
		fields.IsPosition(low)
	}
}

// elementNames returns a name for each cell.
func elementNames(m *material) (all []string) {
	for i := range m.cells {
		all = append(all, fmt.Sprintf("%016d", i))
	}
	return all
}

func setOfAll(m *material) func() {
	const set = fields.Set("set")
	names := elementNames(m)
	seen := record.New(record.Key{Table: "t", ID: "i"})
	full := edited(seen, 1, func(e *record.Edit) error { return set.Add(e, names...) })
	return func() {
		edited(full, 2, func(e *record.Edit) error { return set.Remove(e, names...) })
		edited(full, 2, func(e *record.Edit) error { return set.Put(e, nil) })
		list := fields.Elements(names)
		edited(seen, 2, func(e *record.Edit) error { return list.WriteFields(e, "set") })
		must(0, list.ReadFields(full, "set"))
		set.Has(full, names[0])
	}
}

func countAll(m *material) func() {
	counter := fields.Counter{Name: "n", Most: 1 << 20}
	seen := record.New(record.Key{Table: "t", ID: "i"})
	full := edited(seen, 1, func(e *record.Edit) (err error) {
		for _, name := range elementNames(m) {
			err = counter.Add(e, fields.Addition{ID: name, N: 1})
		}
		return err
	})
	return func() {
		reset := edited(full, 2, counter.Reset)
		must(0, counter.Admit(full, reset))
		edited(full, 2, func(e *record.Edit) error { return counter.Add(e, fields.Addition{ID: "ffffffffffffffff", N: 1}) })
		var n fields.Total
		must(0, n.ReadFields(full, "n"))
		edited(full, 2, func(e *record.Edit) error { return n.WriteFields(e, "n") })
	}
}

// edited returns the data of an edit.
func edited(r record.Record, at clock.Timestamp, edit func(*record.Edit) error) record.Record {
	e := r.Edit(clock.Stamp{Time: at, Client: clock.ClientID{1}})
	must(0, edit(e))
	return must(e.Mutation()).Data
}
