package memory_test

import (
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/memory"
	"github.com/fieldlww/fieldlww/record"
)

// Each project has its members. When a task moves to another project, the members of the old one
// are told that it has left, and receive none of its values.
func ExampleServer_Grant() {
	server := &memory.Server{
		Now:     func() time.Time { return noon.Time() },
		Buckets: byProject, // the projects that the field project names
	}
	server.Grant(ana, "garden")
	server.Grant(ana, "house")
	server.Grant(ben, "garden")

	task := record.New(record.Key{Table: "tasks", ID: "fence"})
	var cursor string
	for i, project := range []string{"garden", "house"} {
		m, err := task.Edit(clock.Stamp{Time: noon + clock.Timestamp(i), Client: ana}).Set("project", project).Mutation()
		if err != nil {
			fmt.Println(err)
			return
		}
		if _, err = server.Push(ana, m.AppendJSON(nil)); err != nil {
			fmt.Println(err)
			return
		}
		if task, err = merge.Records(task, m.Data); err != nil {
			fmt.Println(err)
			return
		}
		lines, next, err := server.Pull(ben, cursor)
		fmt.Print(string(lines))
		cursor = next
		if err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// {"seq":4,"in":["garden"],"table":"tasks","id":"fence","data":{"project":{"value":"garden","updatedAt":"2026-03-02T12:00:00.000000000Z","clientId":"7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10"}}}
	// {"cursor":"4~d183ee1bdfc1903a76e0d5bb6a0136d0","buckets":["garden"],"level":1,"clock":"2026-03-02T12:00:00.000000000Z"}
	// {"seq":5,"table":"tasks","id":"fence","left":true}
	// {"cursor":"5~d183ee1bdfc1903a76e0d5bb6a0136d0","level":1,"clock":"2026-03-02T12:00:00.000000001Z"}
}
