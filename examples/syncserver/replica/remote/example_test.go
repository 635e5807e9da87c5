package remote_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/record"
)

// device joins the workspace "demo" and returns a client with an empty Replica. An app saves the
// Membership, and the entries that Client.Save gets, and opens the Replica with these entries.
func device(ctx context.Context, s remote.Server, wall time.Time) (*remote.Client, error) {
	m, err := s.Join(ctx, "demo", "")
	if err != nil {
		return nil, err
	}
	r, err := replica.Open(replica.Options{ID: m.ClientID, User: m.User, Wall: func() time.Time { return wall }})
	if err != nil {
		return nil, err
	}
	return &remote.Client{Server: s, Token: m.Token, Replica: r}, nil
}

// Two devices edit one title while they are offline, Ben ten seconds after Ana. Both sync, and the
// later edit wins. Ben is told that it replaced an edit that he had not seen.
func Example() {
	ctx := context.Background()
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s, stop := listen(ctx, syncserver.Options{Now: func() time.Time { return noon.Add(20 * time.Second) }})
	defer stop()
	ana, err := device(ctx, s, noon)
	if err != nil {
		log.Fatal(err)
	}
	ben, err := device(ctx, s, noon.Add(10*time.Second))
	if err != nil {
		log.Fatal(err)
	}

	task := record.Key{Table: "tasks", ID: "42"}
	edits := []struct {
		by    *remote.Client
		title string
	}{{ana, "Paint the fence"}, {ben, "Paint the gate"}}
	for _, e := range edits {
		if err := e.by.Replica.Edit(task, map[string]record.Value{"title": record.MustOf(e.title)}); err != nil {
			log.Fatal(err)
		}
	}
	for _, c := range []*remote.Client{ana, ben, ana} {
		if err := c.Sync(ctx); err != nil {
			log.Fatal(err)
		}
	}

	fmt.Println("Ana sees", ana.Replica.Shown(task).Map())
	fmt.Println("Ben sees", ben.Replica.Shown(task).Map())
	for _, n := range ben.Replica.TakeNotices() {
		fmt.Println("Ben is told:", n.Kind, n.Key, n.Fields)
	}
	// Output:
	// Ana sees map[title:Paint the gate]
	// Ben sees map[title:Paint the gate]
	// Ben is told: edit_replaced tasks/42 [title]
}

// listen starts a server whose workspace "demo" anyone may join.
func listen(ctx context.Context, o syncserver.Options) (s remote.Server, stop func()) {
	directory, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	database, err := syncserver.OpenDatabase(ctx, filepath.Join(directory, "app.db"))
	if err != nil {
		log.Fatal(err)
	}
	o.Open, o.Log = "demo", slog.New(slog.DiscardHandler)
	backend, err := syncserver.New(ctx, database, o)
	if err != nil {
		log.Fatal(err)
	}
	listening := httptest.NewServer(backend.Handler())
	return remote.Server{URL: listening.URL}, func() {
		listening.Close()
		database.Close()
		os.RemoveAll(directory)
	}
}
