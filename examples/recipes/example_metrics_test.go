package recipes_test

import (
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/recipes"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// Ana and Ben set one field without having seen each other's write. Ben also sends an item under another client ID.
func ExampleCounters() {
	var counters recipes.Counters // expvar.Publish("sync", &counters)
	var stored merge.Collection
	var engine merge.Engine
	push := func(actor clock.ClientID, edits ...*record.Edit) {
		var items []record.Item
		for _, e := range edits {
			m, err := e.Mutation()
			if err != nil {
				return
			}
			items = append(items, record.Item{Mutation: m})
		}
		push := engine.Prepare(merge.Request{Actor: actor, Wall: noon.Time(), Items: items})
		answer, err := push.Apply(merge.Stored{Records: stored.Lookup(push.Keys())})
		if err != nil {
			return // answer 503
		}
		for _, u := range answer.Updates {
			stored = merge.Join(stored, merge.Collect(u.After))
		}
		counters.Count(answer) // after the commit
	}
	task := record.New(record.Key{Table: "tasks", ID: "fence"})
	push(ana, task.Edit(at(1, ana)).Set("title", "Fence"))
	push(ben, task.Edit(at(2, ben)).Set("title", "Paint"), task.Edit(at(3, ana)).Set("title", "Wall"))
	fmt.Println(counters.String())
	// Output: {"pushes":2,"accepted":2,"refused":{"other_client":1},"notes":{"lost_edit":1},"decisions":{"first write":1,"time":1},"lostEdits":1}
}
