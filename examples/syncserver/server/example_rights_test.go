package server_test

import (
	"fmt"
	"log"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

func buckets(r record.Record) []string {
	v, _ := r.Get("project")
	if project, ok := v.Value.Text(); ok && project != "" {
		return []string{"project/" + project}
	}
	return []string{""}
}

func mayWrite(a server.Actor, seen, after record.Record, m record.Mutation) error {
	if seen.Len() == 0 && !m.New {
		return &merge.Refusal{Code: merge.Gone}
	}
	for _, r := range []record.Record{seen, after} {
		if r.Len() == 0 { // seen, if the record is new
			continue
		}
		for _, bucket := range buckets(r) {
			if a.Roles[bucket] != "writer" {
				return &merge.Refusal{Code: "read_only"}
			}
		}
	}
	return nil
}

// Ana may read project 42, but not write to it. A new task there is refused, and so is a later edit of
// this task, which does not name the project.
func Example_rights() {
	ana := server.Actor{User: "ana", Roles: map[string]string{"": "writer", "project/42": "reader"}}
	absent := record.New(record.Key{Table: "tasks", ID: "1"})
	edit := func(seen record.Record, at clock.Timestamp, field string) record.Mutation {
		m, err := seen.Edit(clock.Stamp{Time: at, Client: clock.ClientID{1}}).Set(field, "42").Mutation()
		if err != nil {
			log.Fatal(err)
		}
		return m
	}
	created := edit(absent, 1, "project")
	later := edit(created.Data, 2, "title")
	elsewhere := edit(absent, 1, "title")
	for _, m := range []record.Mutation{created, later, elsewhere} {
		fmt.Println(buckets(m.Data), mayWrite(ana, absent, m.Data, m))
	}
	// Output:
	// [project/42] merge: read_only
	// [] merge: gone
	// [] <nil>
}
