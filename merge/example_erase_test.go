package merge_test

import (
	"fmt"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// A server erases a record, and is then restored from a backup that lacks the record. It repeats the
// erasure with the stamp that it kept elsewhere. So the record is gone when Ana's phone sends it again.
func ExampleErase() {
	server := clock.ClientID{0x5e}
	task := record.New(record.Key{Table: "tasks", ID: "42"})
	create, _ := task.Edit(byAna("2026-03-02T09:00:00Z")).Set("note", "The key is at 9 Elm Street").Mutation()
	erased, err := merge.Erase(create.Data, clock.Stamp{Client: server})
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

// An operator erases a record from a journal. Its field names and values become marks. The lines still
// replay to the same decisions.
func ExampleJournalEraser() {
	request, stored := aPush()
	push := new(merge.Engine).Prepare(request)
	answer, _ := push.Apply(stored)
	journal := [][]byte{push.AppendJournal(nil, stored, answer)}

	task := record.Key{Table: "tasks", ID: "42"}
	eraser := merge.JournalEraser{Erases: func(r record.Record) bool { return r.Key() == task }}
	for _, line := range journal {
		if err := eraser.Collect(line); err != nil {
			fmt.Println(err)
			return
		}
	}
	for i, line := range journal {
		rewritten, err := eraser.Rewrite(line)
		if err != nil {
			fmt.Println(err)
			return
		}
		journal[i] = rewritten
	}

	line, _ := merge.ParseJournalLine(journal[0])
	again, _ := line.Replay()
	fmt.Println(line.Erased, again.Digest() == line.Answer)
	for d := range again.Decisions() {
		fmt.Println(d.WithValues())
	}
	// Output:
	// [tasks/42] true
	// tasks/42/erased-00000001: a write of "erased-00000001" by 7f3c61f2… at 2026-03-02 14:02:07.120 UTC replaced one of "erased-00000002" by 91aa04d7…, 3 ms earlier, which it had not seen
}
