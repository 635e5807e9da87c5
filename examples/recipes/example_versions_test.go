package recipes_test

import (
	"fmt"
	"maps"
	"slices"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/recipes"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

var (
	noon = clock.MustParseTimestamp("2026-03-02T12:00:00Z")
	ana  = clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	ben  = clock.MustParseClientID("91aa04d7-53f0-4d6e-9a4f-6c2b8e7f5a20")
)

// at returns a stamp some nanoseconds after noon.
func at(n int, client clock.ClientID) clock.Stamp {
	return clock.Stamp{Time: noon + clock.Timestamp(n), Client: client}
}

// must returns the data of an edit that is known to be valid.
func must(e *record.Edit) record.Record {
	m, err := e.Mutation()
	if err != nil {
		panic(err)
	}
	return m.Data
}

// Ana, offline, chooses an urgency. Ben opens the same task, sees the default, and changes the title
// only. When both sync, Ana's choice stays, and so does a color that neither version knows.
func ExampleTask() {
	task := must(record.New(record.Key{Table: "tasks", ID: "fence"}).Edit(at(0, ana)).Set("title", "Fence").Set("color", "red"))
	byAna := must(task.Edit(at(1, ana)).Set("urgency", "high"))

	var shown recipes.Task
	if err := task.Struct(&shown); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(shown.UrgencyShown())
	shown.Title = "Paint the fence"
	byBen := must(task.Edit(at(2, ben)).SetStruct(shown))
	fmt.Println(slices.Collect(maps.Keys(maps.Collect(byBen.All()))))

	for _, written := range []record.Record{byAna, byBen} {
		task, _ = merge.Records(task, written)
	}
	fmt.Println(task.Map())
	// Output:
	// normal true
	// [title]
	// map[color:red title:Paint the fence urgency:high]
}
