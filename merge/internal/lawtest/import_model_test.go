package lawtest

import (
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/record"
)

// The scope of imports is every history of one record, up to a number of steps: a source with the
// columns f and g that changes, an import that brings it over, people who edit and are late, and a
// fence that rises and purges. The server follows imports.Run.Plan and merge.Engine.
//
//	import_model_test.go    the world, and what the server does
//	import_oracle_test.go   the laws, which share no code with the server
//	import_search_test.go   the search, breadth first
//	import_mutants_test.go  wrong rules, each with the law that it breaks
//	import_limits_test.go   the cases in which an import does change what becomes of an edit

// importCell is a write of one field. The stamps of people are multiples of ten, so there is room for
// the stamps of imports between them.
type importCell struct {
	value    int8 // 0: no write; 1 and 2: values, of $deleted: false; gone: a deletion
	at       int8
	imported bool
}

const lost = 3 // the value of a deletion

// importRecord is a record: f, g and $deleted.
type importRecord [3]importCell

// lateItem is an item of a person.
type lateItem struct {
	writes importRecord
	isNew  bool
	sent   bool // it arrived, and may arrive once more
}

// importWorld is a state of the world.
type importWorld struct {
	stored       importRecord
	fence, level int8
	runs         int8
	source       [2]int8 // the values of the columns; 0: the row has no such column
	ledger       imports.Ledger
	late         lateItem
	stamps       int8 // the number of stamps that people have used

	// What the laws need to know.
	seen [2]int8 // the values that the runs saw last
	last [2]int8 // the stamps of the import's last writes
	from [2]int8 // the fences under which they were made
}

var (
	importKey  = record.Key{Table: "tasks", ID: "1"}
	importer   = clock.ClientID{0x1d}
	person     = clock.ClientID{0x0a}
	importWall = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
)

// importRule plans a row. Mutants replace it.
type importRule func(r imports.Run, stored record.Record, row imports.Row, seen imports.Ledger) (imports.Plan, error)

// value returns the value of a cell of the field at position n.
func (c importCell) field(n int) record.FieldValue {
	w := record.FieldValue{Value: record.Int(int64(c.value)), Stamp: clock.Stamp{Time: clock.Timestamp(c.at), Client: person}}
	switch {
	case n == life:
		w.Value = record.Bool(c.value == lost)
	case c.value == lost:
		w.Value = record.Deletion()
	}
	if c.imported {
		w.Stamp.Client = importer
	}
	return w
}

// record returns r as the library holds it.
func (r importRecord) record() record.Record {
	var b record.Builder
	stored, err := b.Record(importKey, func(yield func(string, record.FieldValue) bool) {
		for n, c := range r {
			if c.value != 0 && !yield(purgeFields[n], c.field(n)) {
				return
			}
		}
	})
	if err != nil {
		panic(err) // the fields are valid
	}
	return stored
}

// importRecordOf reads a record of the library.
func importRecordOf(stored record.Record) (r importRecord) {
	for n, name := range purgeFields {
		w, ok := stored.Get(name)
		if !ok {
			continue
		}
		c := importCell{value: lost, at: int8(w.Stamp.Time), imported: w.Stamp.Client == importer}
		if deletes, is := w.Value.Bool(); is && !deletes {
			c.value = 1
		}
		if v, is := w.Value.Int(); is {
			c.value = int8(v)
		}
		r[n] = c
	}
	return r
}

// push applies an item to the stored record.
func (w *importWorld) push(actor clock.ClientID, m record.Mutation) merge.Answer {
	var e merge.Engine
	p := e.Prepare(merge.Request{
		Actor: actor, Imports: []clock.ClientID{importer}, Wall: importWall, Items: []record.Item{{Mutation: m}},
	})
	s := merge.Stored{Fence: clock.Timestamp(w.fence), Level: int(w.level)}
	for range p.Keys() {
		s.Records = append(s.Records, w.stored.record())
	}
	a, err := p.Apply(s)
	if err != nil {
		panic(err) // the record matches the key
	}
	for _, u := range a.Updates {
		w.stored = importRecordOf(u.After)
	}
	return a
}

// run lets the import bring the source over.
func (w *importWorld) run(rule importRule) {
	w.runs++
	row := imports.Row{Key: importKey, Fields: make(map[string]record.Value)}
	for n, v := range w.source {
		if v != 0 {
			row.Fields[purgeFields[n]] = record.Int(int64(v))
		}
	}
	r := imports.Run{ID: importer, Number: int64(w.runs), Fence: clock.Timestamp(w.fence), Level: int(w.level)}
	plan, err := rule(r, w.stored.record(), row, w.ledger)
	if err != nil {
		panic(err) // the numbers of the runs rise
	}
	if a := w.push(importer, plan.Mutation); a.Results[0].Accepted() {
		w.ledger = plan.Ledger
	}
}

// normal returns the normal form of the stored record.
func (w *importWorld) normal() importRecord {
	return importRecordOf(merge.Purge(w.stored.record(), clock.Timestamp(w.fence), int(w.level)))
}

// newest returns the greatest stamp of a record.
func (r importRecord) newest() (at int8) {
	for _, c := range r {
		at = max(at, c.at)
	}
	return at
}

// deleted reports whether the record as a whole is deleted.
func (r importRecord) deleted() bool { return r[life].value == lost }

// importMutation returns a mutation without a base.
func importMutation(data record.Record, isNew bool) record.Mutation {
	return record.Mutation{Data: data, New: isNew}
}
