package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
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
	return server.Options{
		Guard: board.Guard(), Rules: &rules, RulesVersion: "titles", Buckets: board.Buckets, BucketsVersion: board.BucketsVersion,
		Open: "demo", Journal: true,
		MayWrite: func(a server.Actor, seen, after record.Record, _ record.Mutation) error {
			return board.MayWrite(a.Roles, seen, after)
		},
		MayGrant: func(a server.Actor, g server.Grant) error {
			return board.MayGrant(board.Grant{By: a.User, User: g.User, Bucket: g.Bucket, Role: g.Role, Members: g.Members})
		},
	}
}

// serveTitled is the main function of that server. It has the flags of the sync server.
func serveTitled() error {
	ctx := context.Background()
	s, err := parse(os.Args[1:], os.Stdout)
	if err != nil {
		return err
	}
	listener, err := listen(s.address)
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
