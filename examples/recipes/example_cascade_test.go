package recipes_test

import (
	"fmt"

	"github.com/fieldlww/fieldlww/examples/recipes"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// Ana deletes a project. Ben, offline, adds a task to it. The task is hidden with the project, and
// returns with it.
func ExampleHidden() {
	owner := func(r record.Record) (record.Key, bool) {
		w, _ := r.Get("project")
		id, ok := w.Value.Text()
		return record.Key{Table: "projects", ID: id}, ok
	}
	project := must(record.New(record.Key{Table: "projects", ID: "garden"}).Edit(at(0, ana)).Set("name", "Garden"))
	deleted := must(project.Edit(at(1, ana)).DeleteRecord())
	task := must(record.New(record.Key{Table: "tasks", ID: "fence"}).Edit(at(2, ben)).Set("project", "garden"))

	all := merge.Collect(project, deleted, task)
	fmt.Println(recipes.Hidden(all, owner))
	restored := must(deleted.Edit(at(3, ana)).RestoreRecord())
	fmt.Println(recipes.Hidden(merge.Join(all, merge.Collect(restored)), owner))
	// Output:
	// map[projects/garden:projects/garden tasks/fence:projects/garden]
	// map[]
}
