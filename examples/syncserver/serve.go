package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/page"
	"github.com/fieldlww/fieldlww/examples/syncserver/listen"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// serve answers clients until the context ends; see listen.Site. It listens before it opens the database,
// so a server that cannot listen creates no database file.
func serve(ctx context.Context, s settings) error {
	site := listen.Site{Name: "syncserver", Address: s.address, Hosts: list(s.hosts), Proxy: s.proxy}
	listener, err := site.Listen()
	if err != nil {
		return err
	}
	defer listener.Close()
	metrics, err := site.ListenMetrics(s.metrics)
	if err != nil {
		return err
	}
	defer metrics.Close()
	files, err := page.Handler(step)
	if err != nil {
		return err
	}
	step("opening the database " + shownDatabase(s.database) + ", and checking what it stores")
	database, srv, err := open(ctx, s)
	if err != nil {
		return err
	}
	defer database.Close()
	mux := http.NewServeMux()
	mux.Handle("/v1/", srv.Handler())
	mux.Handle("/", files)
	site.Handler, site.Watch = mux, srv.Watch
	metrics.Serve(srv.Metrics(), os.Stdout)
	site.Stopping = func() { step("stopping when the requests under way have their answers, in 20 s at the latest") }
	return site.Serve(ctx, listener, os.Stdout)
}

// shownDatabase returns the name of a database without a password.
func shownDatabase(name string) string {
	if !server.IsPostgres(name) {
		return name
	}
	u, err := url.Parse(name)
	if err != nil {
		return "in PostgreSQL"
	}
	return u.Host + u.Path
}

// step tells a waiting person on standard error what the program does.
func step(text string) { fmt.Fprintln(os.Stderr, "syncserver:", text) }

// list returns the parts of the value of a flag that are separated by commas.
func list(text string) (parts []string) {
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}
