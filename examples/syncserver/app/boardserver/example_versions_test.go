package boardserver_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/boardserver"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
	"github.com/fieldlww/fieldlww/violation"
)

// wall is a clock that an example sets.
type wall struct{ passed atomic.Int64 }

func (w *wall) now() time.Time {
	return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC).Add(time.Duration(w.passed.Load()))
}

func (w *wall) pass(d time.Duration) { w.passed.Add(int64(d)) }

// device joins the workspace demo as a client of a version of the board.
func device(ctx context.Context, s remote.Server, w *wall) *remote.Client {
	m, err := s.Join(ctx, "demo", "")
	if err != nil {
		log.Fatal(err)
	}
	r, err := replica.Open(replica.Options{ID: m.ClientID, User: m.User, Wall: w.now})
	if err != nil {
		log.Fatal(err)
	}
	return &remote.Client{Server: s, Token: m.Token, Replica: r}
}

// syncAll syncs devices, one after another.
func syncAll(ctx context.Context, devices ...*remote.Client) {
	for _, d := range devices {
		if err := d.Sync(ctx); err != nil {
			log.Fatal(err)
		}
	}
}

// edit edits a task on a device.
func edit(d *remote.Client, task record.Key, values map[string]record.Value) {
	if err := d.Replica.Edit(task, values); err != nil {
		log.Fatal(err)
	}
}

// tell prints which edits of a device were lost, according to the rows that the server keeps for it.
func tell(name string, d *remote.Client) {
	for row := range d.Replica.Records(violation.DefaultTable) {
		field, _ := row.Get("field")
		losing, _ := row.Get(violation.FieldLostValue)
		fmt.Printf("%s is told that her edit of %v was lost: %v\n", name, field.Value, losing.Value)
	}
}

// Ana's device has version 1 of the board, and Eva's has version 2. Both edit one task while they are offline. Each sees the
// names of her version, and is told in them which of her edits were lost, because the author of the edit that stands had not seen
// them. Ana has written a text, and Eva a title: of the text, the title was lost.
func ExampleFromVersion1() {
	ctx := context.Background()
	w := new(wall)
	url, stop := listen(ctx, w)
	defer stop()
	ana := device(ctx, remote.Server{URL: url, Schema: boardserver.Version1}, w)
	eva := device(ctx, remote.Server{URL: url, Schema: boardserver.Version2}, w)
	task := record.Key{Table: board.Tasks, ID: "42"}
	text := func(t string) record.Value { return record.MustOf(t) }
	edit(ana, task, map[string]record.Value{
		boardserver.Text: text("Paint the fence\nRed, please"), boardserver.Deadline: text("2026-03-02"),
		boardserver.Label + "/urgent": record.Bool(true), board.Status: text("open"),
	})
	syncAll(ctx, ana, eva)
	fmt.Println("Eva sees", eva.Replica.Shown(task).Map())

	w.pass(time.Minute)
	edit(eva, task, map[string]record.Value{board.Status: text("doing"), board.Tag + "/urgent": record.Deletion()})
	w.pass(time.Minute)
	edit(ana, task, map[string]record.Value{boardserver.Deadline: text("2026-05-01"), boardserver.Text: text("Paint the shed\nRed, please"), board.Status: text("closed")})
	w.pass(time.Minute)
	edit(eva, task, map[string]record.Value{board.Due: text("2026-04-01"), board.Title: text("Paint the gate")})
	syncAll(ctx, eva, ana, eva, ana)

	fmt.Println("Eva sees", eva.Replica.Shown(task).Map())
	fmt.Println("Ana sees", ana.Replica.Shown(task).Map())
	tell("Eva", eva)
	tell("Ana", ana)
	// Unordered output:
	// Eva sees map[due:2026-03-02 notes:Red, please status:todo tag/urgent:true title:Paint the fence]
	// Eva sees map[due:2026-04-01 notes:Red, please status:done title:Paint the gate]
	// Ana sees map[deadline:2026-04-01 status:closed text:Paint the gate
	// Red, please]
	// Eva is told that her edit of "status" was lost: "doing"
	// Ana is told that her edit of "deadline" was lost: "2026-05-01"
	// Ana is told that her edit of "text" was lost: "Paint the shed"
}

// listen starts a server of version 2 of the board, which also serves clients of version 1.
func listen(ctx context.Context, w *wall) (url string, stop func()) {
	directory, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	database, err := server.OpenDatabase(ctx, filepath.Join(directory, "app.db"))
	if err != nil {
		log.Fatal(err)
	}
	version1, err := boardserver.FromVersion1()
	if err != nil {
		log.Fatal(err)
	}
	o := boardserver.Options()
	o.Open, o.Now, o.Log = "demo", w.now, slog.New(slog.DiscardHandler)
	o.Schema, o.Lenses = boardserver.Version2, map[string]lens.Lens{boardserver.Version1: version1}
	backend, err := server.New(ctx, database, o)
	if err != nil {
		log.Fatal(err)
	}
	listening := httptest.NewServer(backend.Handler())
	return listening.URL, func() {
		listening.Close()
		database.Close()
		os.RemoveAll(directory)
	}
}
