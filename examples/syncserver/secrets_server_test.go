package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/boardserver"
	"github.com/fieldlww/fieldlww/examples/syncserver/listen"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/databasetest"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// titled is the environment variable with which this test binary becomes a server.
const titled = "FIELDLWW_TITLED_SERVER"

// titledOptions returns the options of a server like the board's, with one more rule: a title must be
// unique, also among tasks that no single user may read.
func titledOptions() server.Options {
	rules := *board.Rules()
	rules.Rules = map[string]violation.Rule{"title": violation.Unique{Table: board.Tasks, Fields: []string{board.Title}}}
	o := boardserver.Options()
	o.Rules, o.RulesVersion, o.TableMaxRecord = &rules, "titles", nil
	o.Open, o.Journal = "demo", true
	return o
}

// serveTitled is the main function of that server. It has the flags of the sync server.
func serveTitled() error {
	ctx := context.Background()
	s, err := parse(os.Args[1:], os.Stdout)
	if err != nil {
		return err
	}
	listener, err := listen.Site{Name: "syncserver", Address: s.address}.Listen()
	if err != nil {
		return err
	}
	database, err := server.OpenDatabase(ctx, s.database)
	if err != nil {
		return err
	}
	o := titledOptions()
	o.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	srv, err := server.New(ctx, database, o)
	if err != nil {
		return err
	}
	go srv.Watch(ctx)
	fmt.Printf("syncserver: open http://%s\n", listener.Addr())
	return http.Serve(listener, srv.Handler())
}

// TestLaterEditOfARefusedTaskIsNotForEveryone: a client creates a task in a private project and edits it
// before the server has refused the creation. The edit must not become a task of its own, which would be in
// no project.
func TestLaterEditOfARefusedTaskIsNotForEveryone(t *testing.T) {
	p := start(t, databasetest.SQLite(t))
	c := newPusher(t, [2]string{p.Address, p.Address})
	at := clock.Stamp{Time: clock.TimestampOf(time.Now()), Client: c.ID}
	key := record.Key{Table: board.Tasks, ID: "1"}
	task, err := record.New(key).Edit(at).Set(board.Project, board.PrivatePrefix+"x").Mutation()
	require.NoError(t, err)
	at.Time++
	notes, err := task.Data.Edit(at).Set(board.Notes, "covert").Mutation()
	require.NoError(t, err)
	require.True(t, task.New && !notes.New)
	answer, err := c.request("POST", "/v1/push?v=2", append(append(task.AppendJSON(nil), '\n'), notes.AppendJSON(nil)...))
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(string(answer), `"refused"`), string(answer))
	pulled, err := c.request("GET", "/v1/pull?cursor=", nil)
	require.NoError(t, err)
	require.NotContains(t, string(pulled), "covert")
}
