package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"

	"github.com/fieldlww/fieldlww/examples/cluster/server"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/boardserver"
	"github.com/fieldlww/fieldlww/examples/syncserver/app/page"
	"github.com/fieldlww/fieldlww/examples/syncserver/listen"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// serve answers clients until the context ends. It tries to listen before it starts nodes, so a server that cannot
// listen creates no files. While it waits for a majority of the nodes it does not listen, so clients try again, or
// another server, at once.
func serve(ctx context.Context, s settings) error {
	site := listen.Site{Name: "cluster", Address: s.address, Hosts: list(s.hosts), Proxy: s.proxy}
	listener, err := site.Listen()
	if err != nil {
		return err
	}
	listener.Close()
	metrics, err := site.ListenMetrics(s.metrics)
	if err != nil {
		return err
	}
	defer metrics.Close()
	files, err := page.Handler(nil)
	if err != nil {
		return err
	}
	c, err := s.openCluster(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	front, srv, err := s.servers(ctx, c)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/", front.Handler())
	mux.HandleFunc("GET /debug/retries", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, srv.Retries()) })
	mux.Handle("/", files)
	site.Handler, site.Watch = mux, func(ctx context.Context) {
		var watching sync.WaitGroup
		watching.Go(func() { newLookout(logOf(s, slog.LevelInfo)).watch(ctx, c.Store) })
		front.Watch(ctx)
		watching.Wait()
	}
	fmt.Print(c.describe(ctx, s))
	metrics.Serve(front.Metrics(), os.Stdout)
	if listener, err = site.Listen(); err != nil {
		return err
	}
	defer listener.Close()
	return site.Serve(ctx, listener, os.Stdout)
}

// frontend returns a server of the protocol on a cluster.
func (s settings) frontend(ctx context.Context, c *cluster) (*syncserver.Frontend, error) {
	front, _, err := s.servers(ctx, c)
	return front, err
}

// servers returns a server of the protocol on a cluster, and the server behind it.
func (s settings) servers(ctx context.Context, c *cluster) (*syncserver.Frontend, *server.Server, error) {
	o := boardserver.Options()
	o.Open, o.Origins, o.Log = s.open, list(s.origins), logOf(s, slog.LevelInfo)
	srv, err := server.New(c.Store, server.Options{
		Guard: o.Guard, MayWrite: o.MayWrite, Rules: o.Rules, Buckets: o.Buckets, TableMaxRecord: o.TableMaxRecord,
		Retention: s.keep(), PurgeLevel: s.level, Log: o.Log,
	})
	if err != nil {
		return nil, nil, err
	}
	front, err := syncserver.NewFrontend(ctx, srv, o)
	return front, srv, err
}

// invite prints an invitation link to a workspace.
func invite(ctx context.Context, s settings) error {
	c, err := s.openCluster(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	front, err := s.frontend(ctx, c)
	if err != nil {
		return err
	}
	invitation, err := front.Invitation(s.words[0])
	if len(s.words) > 1 {
		invitation, err = front.InvitationFor(s.words[0], s.words[1])
	}
	if err != nil {
		return err
	}
	all := listen.Links(s.address)
	fmt.Printf("%s/?workspace=%s#invite=%s\n", all[len(all)-1], s.words[0], invitation)
	return nil
}

// renew chooses another incarnation of the stream.
func renew(ctx context.Context, s settings) error {
	s.renew = true
	c, err := s.openCluster(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	fmt.Println("the stream has a new incarnation: all clients pull everything again, and send again what the server lacks")
	return nil
}
