package merge_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// project returns the project that a task belongs to.
func project(r record.Record) string {
	w, _ := r.Get("project")
	name, _ := w.Value.Text()
	return name
}

// A task changes hands. Ana works in project a, and may put tasks into project b, but not see them
// there. She renames a task and moves it to b, and the answer is lost. When her phone sends both
// items again, she may no longer read the task. The items are still accepted, because what
// they wrote still stands, and the answer does not say more. Then Ben, in project b, renames the
// task. Now Ana's title is forbidden, in the same words as any item on a task that she may not read.
func ExampleStored_handOver() {
	ana := byAna("2026-03-02T09:00:00Z")
	mayRead := func(r record.Record) bool { return project(r) == "a" }
	mayWrite := func(seen, after record.Record, _ record.Mutation) error {
		if seen.Len() > 0 && project(seen) != "a" {
			return errors.New("Ana may not write in this project")
		}
		if p := project(after); p != "a" && p != "b" {
			return errors.New("Ana may not put tasks into this project")
		}
		return nil
	}

	task := record.New(record.Key{Table: "tasks", ID: "42"})
	create, _ := task.Edit(byBen("2026-03-01T10:00:00Z")).Set("title", "Paint").Set("project", "a").Mutation()
	rename, _ := create.Data.Edit(ana).Set("title", "Paint the fence").Mutation()
	move, _ := create.Data.Edit(byAna("2026-03-02T09:05:00Z")).Set("project", "b").Mutation()
	stored := create.Data
	push := func(items ...record.Mutation) {
		request := merge.Request{Actor: ana.Client, Wall: time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)}
		for _, m := range items {
			request.Items = append(request.Items, record.Item{Mutation: m})
		}
		answer, err := new(merge.Engine).Prepare(request).Apply(merge.Stored{
			Records: []record.Record{stored}, MayRead: mayRead, MayWrite: mayWrite,
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, u := range answer.Updates {
			stored = u.After
		}
		for r := range answer.Replies() {
			fmt.Println(r.Verdict, r.Code, r.Changed, len(r.Fields))
		}
	}

	fmt.Println("Ana sends her items, and then again")
	push(rename, move)
	push(rename, move)
	fmt.Println("Ben renames the task, and Ana sends her items again")
	again, _ := stored.Edit(byBen("2026-03-02T10:00:00Z")).Set("title", "Paint the gate").Mutation()
	stored, _ = merge.Records(stored, again.Data)
	push(rename, move)
	// Output:
	// Ana sends her items, and then again
	// accepted  true 1
	// accepted  true 1
	// accepted  false 0
	// accepted  false 0
	// Ben renames the task, and Ana sends her items again
	// refused forbidden false 0
	// accepted  false 0
}
