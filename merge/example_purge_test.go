package merge_test

import (
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// The examples in this file are the stories of examples/syncserver/PURGING.md. In each, a server
// has purged a deletion by a rule that seems right, and an earlier write arrives afterwards.

func byAna(at string) clock.Stamp {
	return clock.Stamp{Time: clock.MustParseTimestamp(at), Client: clock.ClientID{0xa1}}
}

func byBen(at string) clock.Stamp {
	return clock.Stamp{Time: clock.MustParseTimestamp(at), Client: clock.ClientID{0xb2}}
}

// printPush prints the verdict about an item of Ana, and the record that is stored then.
func printPush(stored merge.Stored, item record.Mutation) {
	june := time.Date(2026, 6, 2, 10, 0, 0, 0, time.UTC)
	push := new(merge.Engine).Prepare(merge.Request{Actor: byAna("2026-03-02T09:00:00Z").Client, Wall: june, Items: []record.Item{{Mutation: item}}})
	answer, err := push.Apply(stored)
	if err != nil {
		fmt.Println(err)
		return
	}
	after := stored.Records[0]
	for _, u := range answer.Updates {
		after = u.After
	}
	verdict := "accepted"
	if r := answer.Results[0].Refusal; r != nil {
		verdict = string(r.Code)
	}
	fmt.Println(verdict, answer.Results[0].Notes, after.Map())
}

// Age is not enough. Ana writes a task with a note at nine, and her phone switches off before the
// answer arrives. Ben deletes the note at ten. The server purges the tombstone after three months.
// Then Ana's phone sends its push again. A server without a fence takes the note for a new note.
// With the fence, it tells Ana's phone that the note is gone.
func ExamplePurge_byAge() {
	task := record.New(record.Key{Table: "tasks", ID: "42"})
	create, _ := task.Edit(byAna("2026-03-02T09:00:00Z")).Set("title", "Paint").Set("note", "The key is at 9 Elm Street").Mutation()
	remove, _ := create.Data.Edit(byBen("2026-03-02T10:00:00Z")).Delete("note").Mutation()
	stored, _ := merge.Records(create.Data, remove.Data)

	fence := byBen("2026-03-02T10:00:00Z").Time
	purged := []record.Record{merge.Purge(stored, fence, 1)}
	printPush(merge.Stored{Records: purged}, create)
	printPush(merge.Stored{Records: purged, Fence: fence, Level: 1}, create)
	// Output:
	// accepted [] map[note:The key is at 9 Elm Street title:Paint]
	// accepted [gone] map[title:Paint]
}

// It is not enough that every client has pulled the deletion. Ana changes a title at nine, offline.
// Ben deletes the task at ten. Ana's phone pulls the deletion, and loses the network before it can
// push. Now every client has the deletion, so the server drops the record. Then Ana's phone pushes
// its edit. A server without a fence takes the edit for a new task. With the fence, it is gone.
func ExamplePurge_byCursor() {
	task := record.New(record.Key{Table: "tasks", ID: "42"})
	create, _ := task.Edit(byBen("2026-03-01T10:00:00Z")).Set("title", "Paint").Set("status", "open").Mutation()
	edit, _ := create.Data.Edit(byAna("2026-03-02T09:00:00Z")).Set("title", "Paint the fence").Mutation()
	remove, _ := create.Data.Edit(byBen("2026-03-02T10:00:00Z")).DeleteRecord().Mutation()
	stored, _ := merge.Records(create.Data, remove.Data)

	fence := byBen("2026-03-02T10:00:00Z").Time
	purged := []record.Record{merge.Purge(stored, fence, 2)}
	printPush(merge.Stored{Records: purged}, edit)
	printPush(merge.Stored{Records: purged, Fence: fence, Level: 2}, edit)
	// Output:
	// accepted [] map[title:Paint the fence]
	// gone [] map[]
}

// An item without bases is not always a creation. Ben deletes a task at ten. Ana looks at the
// deleted tasks at eleven, and adds a note to that one. The note is the first, so its base says that
// she saw none. When the item arrives, the server has already dropped the task. If it takes the item
// for a creation, it stores a task with a note and without a title. The item does not say New, so it
// is gone.
func ExamplePurge_byBase() {
	task := record.New(record.Key{Table: "tasks", ID: "42"})
	create, _ := task.Edit(byBen("2026-03-01T10:00:00Z")).Set("title", "Paint").Mutation()
	remove, _ := create.Data.Edit(byBen("2026-03-02T10:00:00Z")).DeleteRecord().Mutation()
	stored, _ := merge.Records(create.Data, remove.Data)
	note, _ := stored.Edit(byAna("2026-03-02T11:00:00Z")).Set("note", "Use the green paint").Mutation()

	fence := byBen("2026-03-02T10:00:00Z").Time
	purged := []record.Record{merge.Purge(stored, fence, 2)}
	creation := note
	creation.New = note.Base["note"].IsZero()
	printPush(merge.Stored{Records: purged, Fence: fence, Level: 2}, creation)
	printPush(merge.Stored{Records: purged, Fence: fence, Level: 2}, note)
	// Output:
	// accepted [] map[note:Use the green paint]
	// gone [] map[]
}
