package record_test

import (
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Two people edit one task, each without knowing of the other. Both changes survive, because
// they affect different fields.
func Example() {
	ana := clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	ben := clock.MustParseClientID("91aa04d7-53f0-4d6e-9a4f-6c2b8e7f5a20")
	noon := clock.MustParseTimestamp("2026-03-02T12:00:00Z")

	created, err := record.New(record.Key{Table: "tasks", ID: "42"}).
		Edit(clock.Stamp{Time: noon, Client: ana}).
		Set("title", "Paint the fence").Set("priority", 2).Mutation()
	if err != nil {
		fmt.Println(err)
		return
	}
	task := created.Data

	byAna, _ := task.Edit(clock.Stamp{Time: noon + 1, Client: ana}).Set("title", "Paint the fence green").Mutation()
	byBen, _ := task.Edit(clock.Stamp{Time: noon + 2, Client: ben}).Set("due", "2026-03-06").Delete("priority").Mutation()

	var b record.Builder
	for _, m := range []record.Mutation{byBen, byAna} { // the order does not matter
		task, _, _ = b.Join(task, m.Data)
	}
	for name, w := range task.All() {
		fmt.Println(name, w.Value)
	}
	// Output:
	// due "2026-03-06"
	// priority deleted
	// title "Paint the fence green"
}

// An edit begins with the record that its author saw. It becomes a mutation: the written
// fields, and the stamps that the author saw on them.
func ExampleRecord_Edit() {
	ana := clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	stamp := clock.Stamp{Time: clock.MustParseTimestamp("2026-03-02T12:00:00Z"), Client: ana}

	m, err := record.New(record.Key{Table: "tasks", ID: "42"}).Edit(stamp).Set("title", "Paint the fence").Mutation()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(m.AppendJSON(nil)))

	// A write with a reused stamp could lose.
	_, err = m.Data.Edit(stamp).Set("title", "Paint it green").Mutation()
	fmt.Println(err)
	// Output:
	// {"table":"tasks","id":"42","data":{"title":{"value":"Paint the fence","updatedAt":"2026-03-02T12:00:00.000000000Z","clientId":"7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10"}},"base":{"title":null},"new":true}
	// record: title: invalid stamp: not greater than the stamp of the write that the author saw
}

// Only values that differ from the record become writes.
func ExampleEdit_SetMap() {
	ana := clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	at := func(text string) clock.Stamp {
		return clock.Stamp{Time: clock.MustParseTimestamp(text), Client: ana}
	}
	m, _ := record.New(record.Key{Table: "tasks", ID: "42"}).Edit(at("2026-03-02T12:00:00Z")).
		Set("title", "Paint the fence").Set("done", false).Set("due", nil).Mutation()
	task := m.Data

	form := task.Map()
	form["done"] = true
	form["due"] = record.Deletion()

	m, _ = task.Edit(at("2026-03-02T12:05:00Z")).SetMap(form).Mutation()
	for name, w := range m.Data.All() {
		fmt.Println(name, w.Value)
	}
	// Output:
	// done true
	// due deleted
}

// Of two writes of one field the greater one wins: the later one or, at the same time, the
// one with the greater client ID. The last two steps decide only if one stamp was used twice.
func ExampleFieldValue_Compare() {
	ana := clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	ben := clock.MustParseClientID("91aa04d7-53f0-4d6e-9a4f-6c2b8e7f5a20")
	write := func(v any, time string, client clock.ClientID) record.FieldValue {
		return record.FieldValue{
			Value: record.MustOf(v),
			Stamp: clock.Stamp{Time: clock.MustParseTimestamp(time), Client: client},
		}
	}
	open := write("open", "2026-03-02T12:00:00Z", ana)

	fmt.Println("later:    ", open.Compare(write("done", "2026-03-02T12:00:01Z", ana)))
	fmt.Println("earlier:  ", open.Compare(write("done", "2026-03-02T11:59:59Z", ben)))
	fmt.Println("client:   ", open.Compare(write("done", "2026-03-02T12:00:00Z", ben)))
	fmt.Println("deletion: ", open.Compare(write(record.Deletion(), "2026-03-02T12:00:00Z", ana)))
	fmt.Println("value:    ", open.Compare(write("done", "2026-03-02T12:00:00Z", ana)))
	fmt.Println("the same: ", open.Compare(open))
	// Output:
	// later:     -1
	// earlier:   1
	// client:    -1
	// deletion:  -1
	// value:     1
	// the same:  0
}

// A join takes the greater write of every field, and reports whether the record changed: a
// server gives the record a new sequence only if it did.
func ExampleBuilder_Join() {
	ana := clock.MustParseClientID("7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10")
	noon := clock.MustParseTimestamp("2026-03-02T12:00:00Z")
	empty := record.New(record.Key{Table: "tasks", ID: "42"})
	older, _ := empty.Edit(clock.Stamp{Time: noon, Client: ana}).Set("title", "Paint").Set("done", false).Mutation()
	newer, _ := older.Data.Edit(clock.Stamp{Time: noon + 1, Client: ana}).Set("done", true).Mutation()

	var b record.Builder
	stored := empty
	for _, m := range []record.Mutation{newer, older, newer} {
		var changed bool
		var err error
		if stored, changed, err = b.Join(stored, m.Data); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(changed, stored.Map())
	}
	// Output:
	// true map[done:true]
	// true map[done:true title:Paint]
	// false map[done:true title:Paint]
}
