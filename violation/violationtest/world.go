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

// inGroups is a rule whose groups are listed in a field of each record, separated by bars. A
// record whose list contains "?" cannot be read, but still belongs to the other groups of its
// list. In a group, each record conflicts with the first one.
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

// inTable puts each record into the bucket of its table.
func inTable(r record.Record) []string { return []string{r.Key().Table} }

// groupNames are names that a database confuses if it does not compare bytes, names with
// characters that are special in SQL, and names with a slash, which separates the rule from
// the scope in rows.
var groupNames = []string{
	"B", "b", "B ", " B", "", "Ä", "A\u0308", "ä", "%", "_", "B%", "it's", `a"b`, `back\slash`, "a/b", "/", "a,b", "1", "01", "1.0", "é", "e", "ß", "ss",
	strings.Repeat("long", 200), "😀", "null", "?1", "$1", "a\tb\n",
}

// ids are the IDs of the records in each table.
var ids = []string{"1", "01", "a", "A", "a ", "á", "%", "o'x", "a/b", "😀", "b", "c"}

var tables = []string{"rooms", "Rooms", "room", "tasks"}

// world returns rules and records.
func world() (*violation.Checker, []record.Record) {
	c := &violation.Checker{Rules: map[string]violation.Rule{
		"groups": inGroups{"groups"}, "Groups": inGroups{"others"}, "group": inGroups{"groups"}, "it's % odd": inGroups{"others"},
	}, Buckets: inTable}
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

// made returns a record whose fields all have the same stamp. If deleted is set, the record is
// deleted.
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

// closed returns a copy of a row with another ID and the status Resolved.
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
		panic(err) // the fields come from a row
	}
	return r
}

// history returns the records and rows to store, in order. At the end, the storage holds the
// given records and the rows that the rules find in them. Before that, each key holds the
// fields of the next record, and there are rows for that state. Some rows are closed.
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
	// A user comments on a row that this storage has not derived. The row is in no scope.
	table := cmp.Or(c.Table, violation.DefaultTable)
	store(made(record.Key{Table: table, ID: "said"}, map[string]any{violation.FieldNote: "x"}, false))
	return stored
}
