package imports_test

import (
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/imports"
	"github.com/fieldlww/fieldlww/record"
)

// database holds what a server stores.
type database struct {
	records merge.Collection
	ledgers map[record.Key]imports.Ledger
	number  int64 // of the last run
}

// Three runs bring a task over. Between the first two, a person renames it; before the third, the
// title and the due date change in the source. The edit stays, and the due date is brought over.
func Example() {
	id := clock.MustParseClientID("0d15ea5e-1111-4111-8111-111111111111")
	ana := clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	task := record.Key{Table: "tasks", ID: "42"}
	db := &database{ledgers: make(map[record.Key]imports.Ledger)}
	source := map[string]record.Value{"title": record.MustOf("fence"), "due": {}} // due is NULL
	for i := range 3 {
		if i == 2 {
			source["title"], source["due"] = record.MustOf("gate"), record.MustOf("2026-03-09")
		}
		if err := db.run(id, []imports.Row{{Key: task, Fields: source}}); err != nil {
			fmt.Println(err)
			return
		}
		if i == 0 {
			stored, _ := db.records.Get(task)
			m, err := stored.Edit(clock.Stamp{Time: clock.MustParseTimestamp("2026-03-02T12:00:00Z"), Client: ana}).Set("title", "Paint the fence").Mutation()
			if err != nil {
				fmt.Println(err)
				return
			}
			if err := db.push(merge.Request{Actor: ana, Imports: []clock.ClientID{id}, Items: []record.Item{{Mutation: m}}}); err != nil {
				fmt.Println(err)
				return
			}
		}
	}
	// Output:
	// run 1
	// tasks/42/due: a write imported by 0d15ea5e… is the first write of this field
	// tasks/42/title: a write imported by 0d15ea5e… is the first write of this field
	// tasks/42/title: a write by 7f3c61f2… at 2026-03-02 12:00:00.000 UTC replaced one imported by 0d15ea5e…, which it had seen
	// run 2
	// run 3
	// tasks/42/due: a write imported by 0d15ea5e… replaced one imported by 0d15ea5e…
}

// run brings rows over. A server does this inside the lock, in parts of some hundred rows.
func (db *database) run(id clock.ClientID, rows []imports.Row) error {
	if err := imports.CheckRows(rows); err != nil {
		return err
	}
	db.number++ // in a transaction of its own
	fmt.Println("run", db.number)
	run := imports.Run{ID: id, Number: db.number} // nothing was ever purged, so there is no fence
	request := merge.Request{Actor: id, Imports: []clock.ClientID{id}}
	for _, row := range rows {
		stored, ok := db.records.Get(row.Key)
		if !ok {
			stored = record.New(row.Key)
		}
		plan, err := run.Plan(stored, row, db.ledgers[row.Key])
		if err != nil {
			return err
		}
		db.ledgers[row.Key] = plan.Ledger // nothing refuses an item here
		if plan.Mutation.Data.Len() > 0 {
			request.Items = append(request.Items, record.Item{Mutation: plan.Mutation})
		}
	}
	return db.push(request)
}

// push applies a request, and prints the decisions.
func (db *database) push(r merge.Request) error {
	engine := merge.Engine{MaxAhead: -1}
	push := engine.Prepare(r)
	answer, err := push.Apply(merge.Stored{Records: db.records.Lookup(push.Keys())})
	if err != nil {
		return err
	}
	for d := range answer.Decisions() {
		fmt.Println(d)
	}
	for _, u := range answer.Updates {
		db.records = merge.Join(db.records, merge.Collect(u.After))
	}
	return nil
}
