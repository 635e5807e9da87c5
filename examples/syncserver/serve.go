package main

import (
	"context"
	"net/http"
	"os"
	"strings"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/page"
	"github.com/fieldlww/fieldlww/examples/syncserver/listen"
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
	files, err := page.Handler()
	if err != nil {
		return err
	}
	database, srv, err := open(ctx, s)
	if err != nil {
		return err
	}
	defer database.Close()
	mux := http.NewServeMux()
	mux.Handle("/v1/", srv.Handler())
	mux.Handle("/", files)
	site.Handler, site.Watch = mux, srv.Watch
	return site.Serve(ctx, listener, os.Stdout)
}

// list returns the parts of the value of a flag that are separated by commas.
func list(text string) (parts []string) {
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}
