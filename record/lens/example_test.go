package lens_test

import (
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

// The new version of an app calls the title of a task its name. A client of the old version writes a title, and pulls it.
func ExampleLens() {
	l, err := lens.New(lens.Table{Name: "tasks", Fields: []lens.Field{{Old: "title", New: "name"}}})
	if err != nil {
		panic(err)
	}
	ana := clock.Stamp{Time: 1_700_000_000_000_000_000, Client: clock.MustParseClientID("0194a1f0-0000-7000-8000-00000000000a")}
	pushed, err := record.New(record.Key{Table: "tasks", ID: "1"}).Edit(ana).Set("title", "Paint the fence").Mutation()
	if err != nil {
		panic(err)
	}

	stored, err := l.Up(pushed)
	if err != nil {
		panic(err)
	}
	fmt.Println(stored.Data.Map())
	pulled, err := l.Down(stored.Data)
	if err != nil {
		panic(err)
	}
	fmt.Println(pulled.Map())
	// Output:
	// map[name:Paint the fence]
	// map[title:Paint the fence]
}

// The old version of an app has two fields, colour and hue, and the new one has only color. Ana has the old version. Her
// write of the hue goes to the color without a base, because she saw another field there. She pulls it as the colour.
func ExampleField_oneWay() {
	l, err := lens.New(lens.Table{Name: "tasks", Fields: []lens.Field{
		{Old: "colour", New: "color"},
		{Old: "hue", New: "color", OneWay: true},
	}})
	if err != nil {
		panic(err)
	}
	ana := clock.Stamp{Time: 1_700_000_000_000_000_000, Client: clock.MustParseClientID("0194a1f0-0000-7000-8000-00000000000a")}
	task := record.New(record.Key{Table: "tasks", ID: "1"})
	for _, field := range []string{"colour", "hue"} {
		pushed, err := task.Edit(ana).Set(field, "red").Mutation()
		if err != nil {
			panic(err)
		}
		stored, err := l.Up(pushed)
		if err != nil {
			panic(err)
		}
		pulled, err := l.Down(stored.Data)
		if err != nil {
			panic(err)
		}
		_, based := stored.Base["color"]
		fmt.Println(field, "is stored as", stored.Data.Map(), "with a base:", based, "and pulled as", pulled.Map())
	}
	// Output:
	// colour is stored as map[color:red] with a base: true and pulled as map[colour:red]
	// hue is stored as map[color:red] with a base: false and pulled as map[colour:red]
}
