package violationtest

import (
	"cmp"
	"context"
	"math/rand/v2"
	"strings"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// inGroups is a rule by which a record belongs to the groups that a field names, with
// bars between them. One that names ? cannot be read, but for the others. In a group
// each record is in conflict with the first one.
type inGroups struct{ field string }

// Scopes returns the groups that the field names.
func (g inGroups) Scopes(r record.Record) (names []string, err error) {
	w, ok := r.Get(g.field)
	text, isText := w.Value.Text()
	if !ok || !isText {
		return nil, nil
	}
	for name := range strings.SplitSeq(text, "|") {
		if name == "?" {
			err = violation.ErrUnknown
			continue
		}
		names = append(names, name)
	}
	return names, err
}

// Check returns a finding for each record but the first.
func (g inGroups) Check(group violation.Group) (f violation.Findings, err error) {
	for i, r := range group.Records {
		if first := group.Records[0].Key(); i > 0 {
			f.List = append(f.List, violation.Finding{
				Key:  violation.PairKey(first, r.Key()) + "\x00" + group.Scope,
				Type: "shared", Record: r.Key(), Others: []record.Key{first}, Fields: []string{g.field},
			})
		}
	}
	return f, nil
}

// groupNames are names that are alike for a database that does not compare bytes, that
// hold what is special in SQL, or what parts the rule from the scope in rows.
var groupNames = []string{
	"B", "b", "B ", " B", "", "Ä", "A\u0308", "ä", "%", "_", "B%", "it's", `a"b`, `back\slash`, "a/b", "/", "a,b", "1", "01", "1.0", "é", "e", "ß", "ss",
	strings.Repeat("long", 200), "😀", "null", "?1", "$1", "a\tb\n",
}

// ids are the IDs of records, in each of the tables.
var ids = []string{"1", "01", "a", "A", "a ", "á", "%", "o'x", "a/b", "😀", "b", "c"}

var tables = []string{"rooms", "Rooms", "room", "tasks"}

// world returns rules and records.
func world() (*violation.Checker, []record.Record) {
	c := &violation.Checker{Rules: map[string]violation.Rule{
		"groups": inGroups{"groups"}, "Groups": inGroups{"others"}, "group": inGroups{"groups"}, "it's % odd": inGroups{"others"},
	}}
	dice := rand.New(rand.NewPCG(1, 1))
	pick := func() string {
		var names []string
		for range dice.IntN(4) {
			names = append(names, groupNames[dice.IntN(len(groupNames))])
		}
		if dice.IntN(10) == 0 {
			names = append(names, "?")
		}
		return strings.Join(names, "|")
	}
	var records []record.Record
	for _, table := range tables {
		for _, id := range ids {
			fields := map[string]any{"groups": pick(), "others": pick(), "title": id}
			if dice.IntN(5) == 0 {
				fields["groups"] = record.Deletion()
			}
			records = append(records, made(record.Key{Table: table, ID: id}, fields, dice.IntN(4) == 0))
		}
	}
	return c, records
}

// made returns a record that was written at one time, and may be deleted.
func made(key record.Key, fields map[string]any, deleted bool) record.Record {
	e := record.New(key).Edit(clock.Stamp{Time: clock.MustParseTimestamp("2026-03-02T12:00:00Z"), Client: clock.ClientID{1}})
	for name, v := range fields {
		e.Set(name, v)
	}
	if deleted {
		e.DeleteRecord()
	}
	m, err := e.Mutation()
	if err != nil {
		panic(err) // the names are constants
	}
	return m.Data
}

// closed returns a row under another ID that says that it is resolved.
func closed(row record.Record) record.Record {
	var b record.Builder
	r, err := b.Record(record.Key{Table: row.Key().Table, ID: row.Key().ID + "0"}, func(yield func(string, record.FieldValue) bool) {
		for name, w := range row.All() {
			if name == "status" {
				w.Value = record.MustOf(string(violation.Resolved))
			}
			if !yield(name, w) {
				return
			}
		}
	})
	if err != nil {
		panic(err) // it was a row before
	}
	return r
}

// history returns what is stored, in its order, so that the records and the rows that
// rules find of them are there at the end. On the way, each record is what another one
// of its table is, and there are rows of that. Some rows are closed.
func history(c *violation.Checker, records []record.Record) (stored []record.Record) {
	memory := violation.NewMemory(c)
	store := func(r record.Record) {
		stored = append(stored, r)
		memory.Put(r)
	}
	check := func() {
		report := c.Check(context.Background(), violation.Input{View: memory, Scopes: memory.Scopes()})
		for _, u := range report.Updates {
			store(u.After)
		}
	}
	for i, r := range records {
		store(records[(i+1)%len(records)].WithKey(r.Key()))
	}
	check()
	for _, r := range records {
		store(r)
	}
	check()
	for _, scope := range memory.Scopes() {
		groups, _ := memory.Groups(context.Background(), scope.Rule, []string{scope.Name})
		for _, row := range groups[0].Rows[:min(1, len(groups[0].Rows))] {
			store(closed(row))
		}
	}
	// Somebody speaks of a row that nobody has found here. It stands in no scope.
	table := cmp.Or(c.Table, violation.DefaultTable)
	store(made(record.Key{Table: table, ID: "said"}, map[string]any{violation.FieldNote: "x"}, false))
	return stored
}
