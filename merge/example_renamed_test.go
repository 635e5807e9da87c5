package merge_test

import (
	"fmt"
	"os"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

// A server translates what an old client pushes, and answers it in its own names.
func ExamplePush_Renamed() {
	l, err := lens.New(lens.Table{Name: "tasks", Fields: []lens.Field{{Old: "title", New: "name"}}})
	if err != nil {
		panic(err)
	}
	var engine merge.Engine
	pushed, err := engine.Decode([]byte(`[{"table":"tasks","id":"42","data":{"title":{"value":"Paint",` +
		`"updatedAt":"2026-03-02T14:02:07.117Z","clientId":"7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10"}}}]`))
	if err != nil {
		panic(err)
	}
	push := engine.Prepare(merge.Request{
		Actor: clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10"),
		Wall:  time.Date(2026, 3, 2, 14, 3, 0, 0, time.UTC),
		Items: l.Items(pushed),
	})
	answer, err := push.Apply(merge.Stored{Records: []record.Record{record.New(push.Keys()[0])}})
	if err != nil {
		panic(err)
	}
	os.Stdout.Write(answer.AppendJSON(nil))
	fmt.Println()
	os.Stdout.Write(push.Renamed(answer, pushed, l.NewNames).AppendJSON(nil))
	// Output:
	// [{"index":0,"table":"tasks","id":"42","verdict":"accepted","changed":true,"fields":{"name":{"outcome":"applied"}}}]
	// [{"index":0,"table":"tasks","id":"42","verdict":"accepted","changed":true,"fields":{"title":{"outcome":"applied"}}}]
}
