package recipes_test

import (
	"fmt"

	"github.com/fieldlww/fieldlww/examples/recipes"
	"github.com/fieldlww/fieldlww/record"
)

// Ana moves the folder plans into work, and Ben, offline, moves work into plans. The folder with the
// least ID is shown at the top, on every replica, until somebody moves one of them.
func ExampleReadTree() {
	folder := func(id, parent string) record.Record {
		return must(record.New(record.Key{Table: "folders", ID: id}).Edit(at(0, ana)).Set("parent", parent))
	}
	plans, work, drafts := folder("plans", "work"), folder("work", "plans"), folder("drafts", "work")
	tree := recipes.ReadTree([]record.Record{plans, work, drafts})
	fmt.Println(tree.Parent, tree.Cut)

	work = must(work.Edit(at(1, ben)).Set("parent", nil))
	tree = recipes.ReadTree([]record.Record{plans, work, drafts})
	fmt.Println(tree.Parent, tree.Cut)
	// Output:
	// map[drafts:work plans: work:plans] [plans]
	// map[drafts:work plans:work work:] []
}
