package mergetest

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

// each returns a function that translates a batch, and changes each item afterwards.
func each(change func(old record.Mutation, it *record.Item)) func(lens.Lens, []record.Item) []record.Item {
	return func(l lens.Lens, pushed []record.Item) []record.Item {
		items := l.Items(pushed)
		for i := range items {
			if pushed[i].Err == nil {
				change(pushed[i].Mutation, &items[i])
			}
		}
		return items
	}
}

// data returns a function that changes the fields of each item.
func data(change func(old record.Record, fields map[string]record.FieldValue)) func(lens.Lens, []record.Item) []record.Item {
	return each(func(old record.Mutation, it *record.Item) {
		it.Mutation.Data = mapped(it.Mutation.Data, func(fields map[string]record.FieldValue) { change(old.Data, fields) })
	})
}

// sees returns a function that changes the fields of each pulled record.
func sees(change func(stored record.Record, fields map[string]record.FieldValue)) func(lens.Lens, record.Record) record.Record {
	return func(l lens.Lens, r record.Record) record.Record {
		down, _ := l.Down(r)
		return mapped(down, func(fields map[string]record.FieldValue) { change(r, fields) })
	}
}

// move gives fields whose names begin with a prefix another prefix.
func move(fields map[string]record.FieldValue, from, to string) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if rest, ok := strings.CutPrefix(name, from); ok {
			fields[to+rest] = fields[name]
			delete(fields, name)
		}
	}
}

func basesForgotten(_ record.Mutation, it *record.Item) { it.Mutation.Base = nil }

func basesOfOldNames(old record.Mutation, it *record.Item) {
	it.Mutation.Base = old.Base
}

func firstBaseOnly(_ record.Mutation, it *record.Item) {
	it.Mutation.Base = maps.Clone(it.Mutation.Base)
	delete(it.Mutation.Base, "last")
}

// newerNames accepts items with names of the new version.
func newerNames(l lens.Lens, pushed []record.Item) []record.Item {
	items := l.Items(pushed)
	for i, it := range items {
		if errors.Is(it.Err, record.ErrNewerName) {
			items[i] = pushed[i]
		}
	}
	return items
}

// oldPaths answers with the names of the new version in the paths of refusals.
func oldPaths(p *merge.Push, a merge.Answer, pushed []record.Item, l lens.Lens) merge.Answer {
	renamed := p.Renamed(a, pushed, l.NewNames)
	for i, r := range a.Results {
		renamed.Results[i].Refusal = r.Refusal
	}
	return renamed
}

// mixed answers about a field that became several with the outcome of the first part, as if it was lost if any part was.
func mixed(p *merge.Push, a merge.Answer, pushed []record.Item, l lens.Lens) merge.Answer {
	renamed := p.Renamed(a, pushed, l.NewNames)
	for i, r := range a.Results {
		for n, d := range renamed.Results[i].Fields {
			if d.Field != "person" || len(r.Fields) < 2 {
				continue
			}
			for _, part := range r.Fields {
				switch {
				case part.Field == "first":
					renamed.Results[i].Fields[n].Change, renamed.Results[i].Fields[n].Seen = part.Change, part.Seen
				case part.Field == "last" && part.Lost() && !renamed.Results[i].Fields[n].Before.IsZero():
					renamed.Results[i].Fields[n].Seen = part.Seen
				}
			}
		}
	}
	return renamed
}

// TestBrokenOldServersAreFound checks that the kit finds mistakes in serving clients of an old version.
func TestBrokenOldServersAreFound(t *testing.T) {
	rename, ofRename := renamed()
	split, ofSplit := splitted()
	ofRename.OnlyFields, ofSplit.OnlyFields = true, true
	for _, of := range []struct {
		table lens.Table
		o     Options
		tests map[string]slips
		laws  map[string][]law.Law
	}{{rename, ofRename, map[string]slips{
		"the bases are forgotten":               {raise: each(basesForgotten)},
		"the bases keep the old names":          {raise: each(basesOfOldNames)},
		"pulls have the new names":              {lower: func(_ lens.Lens, r record.Record) record.Record { return r }},
		"answers have the new names":            {tells: func(_ *merge.Push, a merge.Answer, _ []record.Item, _ lens.Lens) merge.Answer { return a }},
		"paths have the new names":              {tells: oldPaths},
		"elements keep the old name in a push":  {raise: data(func(_ record.Record, fields map[string]record.FieldValue) { move(fields, "labels/", "tags/") })},
		"elements keep the new name in a pull":  {lower: sees(func(_ record.Record, fields map[string]record.FieldValue) { move(fields, "tags/", "labels/") })},
		"elements are missing from a pull":      {lower: sees(func(_ record.Record, fields map[string]record.FieldValue) { delete(fields, "tags/x") })},
		"names of the new version are accepted": {raise: newerNames},
		"a value is not translated in a push": {raise: data(func(old record.Record, fields map[string]record.FieldValue) {
			if w, ok := old.Get("state"); ok {
				fields["state"] = w
			}
		})},
		"a value is not translated in a pull": {lower: sees(func(stored record.Record, fields map[string]record.FieldValue) {
			if w, ok := stored.Get("state"); ok {
				fields["state"] = w
			}
		})},
	}, map[string][]law.Law{
		"the bases are forgotten":               {law.Lost},
		"the bases keep the old names":          {law.Lost},
		"pulls have the new names":              {law.OldPull},
		"answers have the new names":            {law.OldAnswer},
		"paths have the new names":              {law.OldAnswer},
		"elements keep the old name in a push":  {law.Vanish, law.Invented, law.Tombstone, law.Later},
		"elements keep the new name in a pull":  {law.OldPull},
		"elements are missing from a pull":      {law.Skip},
		"names of the new version are accepted": {law.BadRefused, law.OldRefused},
		"a value is not translated in a push":   {law.Exact},
		"a value is not translated in a pull":   {law.Skip, law.Exact, law.OldPull},
	}}, {split, ofSplit, map[string]slips{
		"the bases are forgotten":   {raise: each(basesForgotten)},
		"only one part has a base":  {raise: each(firstBaseOnly)},
		"pulls have the new names":  {lower: func(_ lens.Lens, r record.Record) record.Record { return r }},
		"a part has another stamp":  {raise: data(func(_ record.Record, fields map[string]record.FieldValue) { shift(fields, "last", 1) })},
		"a part has an older stamp": {raise: data(func(_ record.Record, fields map[string]record.FieldValue) { shift(fields, "first", -1) })},
		"a part is dropped":         {raise: data(func(_ record.Record, fields map[string]record.FieldValue) { delete(fields, "last") })},
		"a pull has the stamp of the first part": {lower: sees(func(stored record.Record, fields map[string]record.FieldValue) {
			if first, ok := stored.Get("first"); ok {
				w := fields["person"]
				w.Stamp = first.Stamp
				fields["person"] = w
			}
		})},
		"a pull lacks the last part": {lower: func(l lens.Lens, r record.Record) record.Record {
			down, _ := l.Down(without(r, "last"))
			return down
		}},
		"outcome and loss belong to two parts": {tells: mixed},
	}, map[string][]law.Law{
		"the bases are forgotten":                {law.Lost},
		"only one part has a base":               {law.Lost},
		"pulls have the new names":               {law.OldPull},
		"a part has another stamp":               {law.Stamp, law.Counter, law.Settle, law.Invented},
		"a part has an older stamp":              {law.Stamp, law.Counter},
		"a part is dropped":                      {law.Vanish, law.Tombstone},
		"a pull has the stamp of the first part": {law.OldSplit},
		"a pull lacks the last part":             {law.OldSplit},
		"outcome and loss belong to two parts":   {law.Lost, law.Note},
	}}} {
		var all []broken
		for _, name := range slices.Sorted(maps.Keys(of.tests)) {
			all = append(all, broken{name, serving(t, of.table, of.tests[name]), of.laws[name]})
		}
		t.Run(map[bool]string{true: "split", false: "renamed"}[len(of.table.Splits) > 0], func(t *testing.T) {
			checkAll(t, all, func(t *testing.T, b broken) { b.check(t, of.o) })
		})
	}
}

// TestRenameByPrefixIsFound checks that the kit finds a lens that renames title2 because it renames title.
func TestRenameByPrefixIsFound(t *testing.T) {
	t.Parallel()
	table, o := renamed()
	byPrefix := slips{raise: data(func(_ record.Record, fields map[string]record.FieldValue) { move(fields, "title2", "name2") })}
	broken{"by prefix", serving(t, table, byPrefix), []law.Law{law.Vanish, law.Invented, law.Tombstone, law.Later}}.check(t, o)
}

// TestNamesFoldedByCaseAreFound checks that the kit finds a lens that renames Title because it renames title, in pushes
// or in pulls.
func TestNamesFoldedByCaseAreFound(t *testing.T) {
	table, o := renamed()
	fold := func(_ record.Record, fields map[string]record.FieldValue) { move(fields, "Title", "name") }
	swap := func(_ record.Record, fields map[string]record.FieldValue) { move(fields, "Name", "title") }
	checkAll(t, []broken{
		{"pushes", serving(t, table, slips{raise: data(fold)}), []law.Law{law.Vanish, law.Invented, law.Tombstone, law.Later}},
		{"pulls", serving(t, table, slips{lower: sees(swap)}), []law.Law{law.Skip}},
	}, func(t *testing.T, b broken) { b.check(t, o) })
}

// shift changes the stamp of a field.
func shift(fields map[string]record.FieldValue, name string, by clock.Timestamp) {
	if w, ok := fields[name]; ok {
		w.Stamp.Time += by
		fields[name] = w
	}
}
