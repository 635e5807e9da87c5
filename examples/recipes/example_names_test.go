package recipes_test

import (
	"fmt"

	"github.com/fieldlww/fieldlww/examples/recipes"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// Ana and Ben found a team each, offline, under one name. Both stay. The rule reports the team that was
// named later, and Ben gives it another name.
func ExampleUniqueNames() {
	first := must(record.New(record.Key{Table: "teams", ID: "1"}).Edit(at(1, ana)).Set("name", "Rovers"))
	second := must(record.New(record.Key{Table: "teams", ID: "2"}).Edit(at(2, ben)).Set("name", "rovers"))
	var row record.Record // of the violation

	check := func() {
		shown := recipes.ShownNames([]record.Record{first, second})
		fmt.Printf("%s, %s\n", shown[first.Key()], shown[second.Key()])
		for _, u := range recipes.UniqueNames().Audit(merge.Collect(first, second, row), noon).Updates {
			row = u.After // it replaces the stored row
			v, _ := violation.Parse(row)
			fmt.Println(v.Record(), v.Description, v.Status)
		}
	}
	check()
	second, _ = merge.Records(second, must(second.Edit(at(3, ben)).Set("name", "Wanderers")))
	check()
	// Output:
	// Rovers, rovers (2)
	// teams/2 Another team has this name open
	// Rovers, Wanderers
	// teams/2 Another team has this name resolved
}
