package memory_test

import (
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/memory"
	"github.com/fieldlww/fieldlww/record"
)

// Two clients write one field, and neither has seen the other's write. The later write wins,
// its author is told that an edit is lost, and the next pull returns the winner.
func Example() {
	server := &memory.Server{Now: func() time.Time { return noon.Time() }}
	fence := record.New(record.Key{Table: "tasks", ID: "fence"})
	for i, client := range []clock.ClientID{ana, ben} {
		stamp := clock.Stamp{Time: noon + clock.Timestamp(i), Client: client}
		m, err := fence.Edit(stamp).Set("color", []string{"green", "red"}[i]).Mutation()
		if err != nil {
			fmt.Println(err)
			return
		}
		answer, err := server.Push(client, m.AppendJSON(nil))
		fmt.Println(string(answer), err)
	}
	lines, cursor, err := server.Pull(ana, "")
	fmt.Print(string(lines))
	fmt.Println(cursor, err)
	// Output:
	// [{"index":0,"table":"tasks","id":"fence","verdict":"accepted","changed":true,"fields":{"color":{"outcome":"applied"}}}] <nil>
	// [{"index":0,"table":"tasks","id":"fence","verdict":"accepted","changed":true,"fields":{"color":{"outcome":"applied","lost":true,"loser":{"updatedAt":"2026-03-02T12:00:00.000000000Z","clientId":"7f3c61f2-9c1e-4a0b-8d52-0b9e6a4c1d10"}}},"notes":["lost_edit"]}] <nil>
	// {"seq":2,"table":"tasks","id":"fence","data":{"color":{"value":"red","updatedAt":"2026-03-02T12:00:00.000000001Z","clientId":"91aa04d7-53f0-4d6e-9a4f-6c2b8e7f5a20"}}}
	// 2 <nil>
}
