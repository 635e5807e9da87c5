package remote_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
)

// Ana's device gets version 2 of an app, in which a deadline is called due, while an edit in its old store still waits.
// Version 2 opens the old store as version 1, which states no version, and pushes the edit. It works in a new store, as
// another client of the same user, and deletes the old store.
func ExampleServer_JoinAs() {
	ctx := context.Background()
	renamed, err := lens.New(lens.Table{Name: "tasks", Fields: []lens.Field{{Old: "deadline", New: "due"}}})
	if err != nil {
		log.Fatal(err)
	}
	version1, stop := listen(ctx, syncserver.Options{Schema: "2", Lenses: map[string]lens.Lens{"": renamed}})
	defer stop()
	old, err := device(ctx, version1, time.Now()) // an app opens the saved entries of the old store instead
	if err != nil {
		log.Fatal(err)
	}
	task := record.Key{Table: "tasks", ID: "42"}
	if err := old.Replica.Edit(task, map[string]record.Value{"deadline": record.MustOf("2026-03-06")}); err != nil {
		log.Fatal(err)
	}

	version2 := remote.Server{URL: version1.URL, Schema: "2"}
	m, err := version2.JoinAs(ctx, "demo", old.Token)
	if err != nil {
		log.Fatal(err)
	}
	empty, err := replica.Open(replica.Options{ID: m.ClientID, User: m.User})
	if err != nil {
		log.Fatal(err)
	}
	client := &remote.Client{Server: version2, Token: m.Token, Replica: empty}

	if err := old.Push(ctx); err != nil {
		log.Println("the old store waits:", err) // try again later, and work in the new one
	}
	if old.Replica.NumWaiting() == 0 {
		fmt.Println("the old store can be deleted")
	}
	if err := client.Sync(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(client.Replica.Shown(task).Map())
	fmt.Println("the same user:", m.User == old.Replica.ID().String(), "with another client:", m.ClientID != old.Replica.ID())
	// Output:
	// the old store can be deleted
	// map[due:2026-03-06]
	// the same user: true with another client: true
}
