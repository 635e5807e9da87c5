package merge_test

import (
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// house is the ID of the server that erases.
var house = clock.ClientID{0x5e}

// A server erases a record, and is then restored from a backup that lacks the record. It repeats the
// erasure with the stamp that it kept elsewhere. So the record is gone when Ana's phone sends it again.
func ExampleErase() {
	task := record.New(record.Key{Table: "tasks", ID: "42"})
	create, _ := task.Edit(byAna("2026-03-02T09:00:00Z")).Set("note", "The key is at 9 Elm Street").Mutation()
	erased, err := merge.Erase(create.Data, clock.Stamp{Client: house})
	if err != nil {
		fmt.Println(err)
		return
	}
	deletion, _ := erased.Get(record.DeletedField)
	fmt.Println(deletion.Stamp.Time, erased.Erased(), erased.Len(), "fields")

	again, err := merge.Erase(task, deletion.Stamp) // the restored server has no such record
	fmt.Println(again.Equal(erased), err)
	printPush(merge.Stored{Records: []record.Record{again}}, create)
	// Output:
	// 2026-03-02T09:00:00.000000001Z true 2 fields
	// true <nil>
	// gone [] map[]
}

// An operator erases a record from a journal. The name and the text of the note become marks, and the
// line still replays.
func ExampleJournalEraser() {
	task := record.New(record.Key{Table: "tasks", ID: "42"})
	create, _ := task.Edit(byAna("2026-03-02T09:00:00Z")).Set("note", "The key is at 9 Elm Street").Mutation()
	june := time.Date(2026, 6, 2, 10, 0, 0, 0, time.UTC)
	push := new(merge.Engine).Prepare(merge.Request{Actor: byAna("2026-03-02T09:00:00Z").Client, Wall: june, Items: []record.Item{{Mutation: create}}})
	stored := merge.Stored{Records: []record.Record{task}}
	answer, err := push.Apply(stored)
	if err != nil {
		fmt.Println(err)
		return
	}
	journal := [][]byte{push.AppendJournal(nil, stored, answer)}

	eraser := merge.JournalEraser{Erases: func(r record.Record) bool { return r.Key() == task.Key() }}
	for _, line := range journal {
		if err := eraser.Collect(line); err != nil {
			fmt.Println(err)
			return
		}
	}
	for _, line := range journal {
		rewritten, err := eraser.Rewrite(line)
		if err != nil {
			fmt.Println(err)
			return
		}
		l, _ := merge.ParseJournalLine(rewritten)
		replayed, _ := l.Replay()
		fmt.Println(l.Erased, l.Request.Items[0].Mutation.Data.Map(), replayed.Digest() == l.Answer)
	}
	// Output:
	// [tasks/42] map[erased-00000001:erased-00000001] true
}
