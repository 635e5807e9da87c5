package main

import (
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/record"
)

// written is a record that load writes.
type written struct {
	key    record.Key
	fields map[string]record.Value
}

// How many users and projects a workspace has.
const users, projects = 50, 200

// workspace returns the records of a team with the given number of tasks: the users, the projects, and
// then the tasks. The same number always gives the same records.
func workspace(tasks int) []written {
	var all []written
	add := func(table, id string, fields map[string]any) {
		w := written{record.Key{Table: table, ID: id}, make(map[string]record.Value, len(fields))}
		for name, v := range fields {
			w.fields[name] = record.MustOf(v)
		}
		all = append(all, w)
	}
	for i := range users {
		add(board.Users, id("user", i), map[string]any{board.Name: fmt.Sprintf("Person %d", i)})
	}
	for i := range projects {
		add(board.Projects, id("project", i), map[string]any{board.Name: fmt.Sprintf("Project %d", i), "archived": i%10 == 0})
	}
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for i := range tasks {
		add(board.Tasks, id("task", i), map[string]any{
			board.Title:    fmt.Sprintf("Task %d: look into what customer %d said", i, i*7%1000),
			board.Status:   []string{"todo", "doing", "done"}[i%3],
			board.Due:      day.AddDate(0, 0, i%90).Format(time.DateOnly),
			board.Assignee: id("user", i*31%users),
			board.Project:  id("project", i*17%projects),
			board.Notes:    "Seen again after the last release. Ask support for the log, and compare it with the log of January.",
			"priority":     i % 5,
			"tag/customer": true,
		})
	}
	return all
}

// id returns an ID as long as a UUID.
func id(kind string, i int) string { return fmt.Sprintf("%s-%0*d", kind, 35-len(kind), i) }
