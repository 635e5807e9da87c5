package mergetest

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

// taskLens renames the title, translates the state, moves the tags and splits the person.
func taskLens(t *testing.T) lens.Lens {
	l, err := lens.New(taskTable())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func taskTable() lens.Table {
	return lens.Table{
		Name: "tasks",
		Fields: []lens.Field{
			{Old: "title", New: "name"}, {Old: "tags", New: "labels"}, {Old: "done", New: "status"}, {Old: "status", New: "done"},
			{Old: "state", New: "state", Up: words("open", "todo"), Down: words("todo", "open")},
			{Old: "colour", New: "color"}, {Old: "hue", New: "color", OneWay: true},
		},
		Splits: []lens.Split{{Old: "person", New: []string{"first", "last"}, Up: splitPerson, Down: joinPerson}},
	}
}

// words returns a function that replaces one text by another one.
func words(from, to string) func(record.Value) (record.Value, error) {
	return func(v record.Value) (record.Value, error) {
		if v == record.MustOf(from) {
			return record.MustOf(to), nil
		}
		return v, nil
	}
}

func splitPerson(v record.Value) ([]record.Value, error) {
	text, ok := v.Text()
	if first, last, two := strings.Cut(text, " "); two {
		return []record.Value{record.MustOf(first), record.MustOf(last)}, nil
	}
	if !ok && !(v == record.Value{}) {
		return nil, record.ErrType
	}
	return []record.Value{v, {}}, nil
}

func joinPerson(v []record.Value) (record.Value, error) {
	last, ok := v[1].Text()
	if !ok {
		return v[0], nil
	}
	first, _ := v[0].Text()
	return record.MustOf(first + " " + last), nil
}

func taskOptions() LensOptions {
	return LensOptions{
		Table: "tasks",
		Fields: map[string][]string{
			"title": nil, "tags": nil, "done": {"true"}, "status": {`"x"`}, "state": {`"open"`, `"closed"`, "null"}, "colour": {"1", "2"}, "hue": {"3"},
			"person": nil, "due": nil,
		},
		OneWay: []string{"hue"},
	}
}

func TestCheckLensAcceptsLens(t *testing.T) { CheckLens(t, taskLens(t), taskOptions()) }

// TestCheckLensAcceptsNewFieldWithNameOfSplit: the elements belong to the new field.
func TestCheckLensAcceptsNewFieldWithNameOfSplit(t *testing.T) {
	table := taskTable()
	table.Fields[0].New = "person"
	l, err := lens.New(table)
	if err != nil {
		t.Fatal(err)
	}
	CheckLens(t, l, taskOptions())
}

// TestCheckLensAcceptsLensWithAnyName checks that a name may have the greatest length, which permits no element and no
// similar name, and that it may be similar to a name that no field may have.
func TestCheckLensAcceptsLensWithAnyName(t *testing.T) {
	for _, name := range []string{
		strings.Repeat("a", 1022), strings.Repeat("a", 1023), strings.Repeat("a", 1024), strings.Repeat("x", 1021) + "\u023a", "__PROTO__", "\u0130", "_x", "1",
	} {
		for _, f := range []lens.Field{{Old: name, New: "name"}, {Old: "title", New: name}} {
			l, err := lens.New(lens.Table{Name: "tasks", Fields: []lens.Field{f}})
			if err != nil {
				t.Fatal(err)
			}
			strict := anything{func(m record.Mutation) (record.Mutation, error) {
				if err := m.Data.Key().Check(); err != nil {
					return m, err
				}
				return l.Up(m)
			}, l.Down}
			if err := checkLens(strict, LensOptions{Table: "tasks", Fields: map[string][]string{f.Old: {"1"}}}); err != nil {
				t.Errorf("%.10s of %d bytes: %.300v", name, len(name), err)
			}
		}
	}
}

// brokenLens changes what a lens returns.
type brokenLens struct {
	lens.Lens
	up   func(old, got record.Mutation) record.Mutation
	down func(r, got record.Record) record.Record
}

func (l brokenLens) Up(m record.Mutation) (record.Mutation, error) {
	got, err := l.Lens.Up(m)
	if l.up != nil && err == nil {
		got = l.up(m, got)
	}
	return got, err
}

func (l brokenLens) Down(r record.Record) (record.Record, error) {
	got, err := l.Lens.Down(r)
	if l.down != nil && err == nil {
		got = l.down(r, got)
	}
	return got, err
}

// mapped returns a record in which a function changes the fields.
func mapped(r record.Record, change func(fields map[string]record.FieldValue)) record.Record {
	fields := maps.Collect(r.All())
	change(fields)
	return check.RecordOf(r.Key(), fields)
}

func renameField(r record.Record, from, to string) record.Record {
	return mapped(r, func(fields map[string]record.FieldValue) {
		if w, ok := fields[from]; ok {
			delete(fields, from)
			fields[to] = w
		}
	})
}

// anything translates nothing: a lens of hand-written functions.
type anything struct {
	up   func(record.Mutation) (record.Mutation, error)
	down func(record.Record) (record.Record, error)
}

func (l anything) Up(m record.Mutation) (record.Mutation, error) { return l.up(m) }
func (l anything) Down(r record.Record) (record.Record, error)   { return l.down(r) }

// folded returns a lens that takes a name for another one.
func folded(name, other string, t *testing.T) Lens {
	l := taskLens(t)
	return anything{
		func(m record.Mutation) (record.Mutation, error) {
			m.Data = renameField(m.Data, name, other)
			return l.Up(m)
		},
		func(r record.Record) (record.Record, error) { return l.Down(renameField(r, name, other)) },
	}
}

func TestCheckLensFindsBrokenLenses(t *testing.T) {
	of := func(change func(*lens.Table)) Lens {
		table := taskTable()
		change(&table)
		l, err := lens.New(table)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	up := func(f func(old, got record.Mutation) record.Mutation) Lens {
		return brokenLens{Lens: taskLens(t), up: f}
	}
	data := func(f func(old, got record.Record) record.Record) Lens {
		return up(func(old, got record.Mutation) record.Mutation {
			got.Data = f(old.Data, got.Data)
			return got
		})
	}
	tests := map[string]struct {
		lens Lens
		want string
	}{
		"a value does not come back": {of(func(t *lens.Table) { t.Fields[4].Down = nil }), "Down after Up"},
		"two values become one":      {of(func(t *lens.Table) { t.Fields[4].Up = words("closed", "open") }), "Down after Up"},
		"the parts lose a space": {of(func(t *lens.Table) {
			t.Splits[0].Down = func(v []record.Value) (record.Value, error) {
				first, _ := v[0].Text()
				last, _ := v[1].Text()
				return record.MustOf(first + last), nil
			}
		}), "Down after Up"},
		"a part alone cannot be translated": {of(func(t *lens.Table) {
			t.Splits[0].Down = func(v []record.Value) (record.Value, error) {
				if (v[0] == record.Value{}) && !(v[1] == record.Value{}) {
					return v[0], record.ErrType
				}
				return joinPerson(v)
			}
		}), "Down translates"},
		"elements stay under the old name": {brokenLens{taskLens(t),
			func(_, got record.Mutation) record.Mutation {
				got.Data = renameField(got.Data, "labels/x", "tags/x")
				return got
			},
			func(r, got record.Record) record.Record { return got }}, "an element goes with its field"},
		"names meet undeclared": {up(func(old, got record.Mutation) record.Mutation {
			for _, name := range []string{"hue", "hue/x"} {
				if base, ok := old.Base[name]; ok {
					got.Base = map[string]clock.Stamp{strings.Replace(name, "hue", "color", 1): base}
				}
			}
			return got
		}), "Down after Up"},
		"a OneWay field keeps its base": {up(func(old, got record.Mutation) record.Mutation {
			if base, ok := old.Base["hue"]; ok {
				got.Base = map[string]clock.Stamp{"color": base}
			}
			return got
		}), "base"},
		"the base is forgotten":       {up(func(_, got record.Mutation) record.Mutation { got.Base = nil; return got }), "base"},
		"the base keeps the old name": {up(func(old, got record.Mutation) record.Mutation { got.Base = old.Base; return got }), "base"},
		"one part has no base": {up(func(_, got record.Mutation) record.Mutation {
			got.Base = maps.Clone(got.Base)
			delete(got.Base, "last")
			return got
		}), "base"},
		"New is forgotten":  {up(func(_, got record.Mutation) record.Mutation { got.New = false; return got }), "New and Seen"},
		"Seen is forgotten": {up(func(_, got record.Mutation) record.Mutation { got.Seen = record.Seen{}; return got }), "New and Seen"},
		"a write is lost":   {data(func(_, got record.Record) record.Record { return without(got, "name") }), "loses no write"},
		"$deleted is lost":  {data(func(_, got record.Record) record.Record { return without(got, record.DeletedField) }), "$deleted stays"},
		"one part has another stamp": {data(func(_, got record.Record) record.Record {
			return mapped(got, func(fields map[string]record.FieldValue) {
				if w, ok := fields["last"]; ok {
					w.Stamp.Time += 1000
					fields["last"] = w
				}
			})
		}), "Down after Up"},
		"the greater value wins in the new form": {data(func(old, got record.Record) record.Record {
			return mapped(got, func(fields map[string]record.FieldValue) {
				colour, a := old.Get("colour")
				hue, b := old.Get("hue")
				if a && b && colour.Value.Compare(hue.Value) > 0 {
					fields["color"] = colour
				} else if a && b {
					fields["color"] = hue
				}
			})
		}), "commutes"},
		"down takes the stamp of the first part": {brokenLens{Lens: taskLens(t), down: func(r, got record.Record) record.Record {
			return mapped(got, func(fields map[string]record.FieldValue) {
				if first, ok := r.Get("first"); ok {
					w := fields["person"]
					w.Stamp = first.Stamp
					fields["person"] = w
				}
			})
		}}, "greatest stamp"},
		"new names are open to old clients": {anything{
			func(m record.Mutation) (record.Mutation, error) {
				got, err := taskLens(t).Up(m)
				if err != nil {
					return m, nil
				}
				return got, nil
			}, taskLens(t).Down}, "refused"},
		"old names are folded by case":       {folded("Title", "title", t), "similar"},
		"new names are folded by case":       {folded("Name", "name", t), "similar"},
		"names are renamed by their prefix":  {folded("title2", "title", t), "similar"},
		"everything moves to another record": {data(func(_, got record.Record) record.Record { return got.WithKey(record.Key{Table: "tasks", ID: "2"}) }), "lens breaks"},
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		t.Run(name, func(t *testing.T) {
			o := taskOptions()
			if name == "names meet undeclared" {
				o.OneWay = nil
			}
			err := checkLens(tests[name].lens, o)
			if err == nil || !strings.Contains(err.Error(), tests[name].want) {
				t.Fatalf("the lens was not found broken as %q: %v", tests[name].want, err)
			}
			t.Log(err)
		})
	}
}

func TestCheckLensRefusesItsOptions(t *testing.T) {
	for name, o := range map[string]LensOptions{
		"Table":         {Fields: map[string][]string{"title": nil}},
		"no fields":     {Table: "tasks"},
		"invalid value": {Table: "tasks", Fields: map[string][]string{"title": {"{"}}},
		"refused by Up": {Table: "tasks", Fields: map[string][]string{"name": nil}},
	} {
		if err := checkLens(taskLens(t), o); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
