// Command syncserver is a sync server to begin one's own with, and a page on which two
// replicas work against it, each of them the library in WebAssembly:
//
//	go run .
//
// It stores in SQLite, in the file syncserver.db, or in PostgreSQL, with any number of
// processes on one database:
//
//	go run . -db postgres://user:password@localhost/name
//
// What to copy is in the package server; an app of your own replaces the package board. The
// package replica is the client, native as well as in the page. The packages browser and
// process are for tests, and for the command load, which measures all this.
//
// The page needs the go command, to build the replica when the page is opened first. To
// make one binary that needs nothing else:
//
//	go generate ./page && go build
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/fieldlww/fieldlww/examples/syncserver/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/page"
	"github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// settings are the flags.
type settings struct {
	address, database, open string
	journal, verbose        bool
}

func main() {
	var s settings
	flag.StringVar(&s.address, "addr", "127.0.0.1:8080", "the `address` to listen on; 0.0.0.0:8080 lets other machines in")
	flag.StringVar(&s.database, "db", "syncserver.db", "the `database`: a file for SQLite, or the URL of PostgreSQL (postgres://…)")
	flag.StringVar(&s.open, "open", "demo", "the `workspace` that anybody may join; empty for none")
	flag.BoolVar(&s.journal, "journal", false, "keep a journal of all pushes, with what users wrote")
	flag.BoolVar(&s.verbose, "v", false, "log uncontested decisions as well")
	flag.Usage = usage
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := run(ctx, s, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "syncserver:", err)
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprint(flag.CommandLine.Output(), `usage: syncserver [flags]                     serves clients, and the page
       syncserver [flags] journal WORKSPACE   prints its journal, for examples/replay
       syncserver [flags] audit WORKSPACE     derives its violations anew
       syncserver [flags] invite WORKSPACE    prints a link that joins it, with the host of -addr

`)
	flag.PrintDefaults()
}

// run does what the command line asks for.
func run(ctx context.Context, s settings, args []string) error {
	if len(args) > 0 && !server.IsPostgres(s.database) {
		if _, err := os.Stat(s.database); err != nil {
			return fmt.Errorf("no database %s is here: start the server first, or name another by -db", s.database)
		}
	}
	database, err := server.OpenDatabase(ctx, s.database)
	if err != nil {
		return err
	}
	defer database.Close()
	level := slog.LevelInfo
	if s.verbose {
		level = slog.LevelDebug
	}
	srv, err := server.New(ctx, database, server.Options{
		Guard: board.Guard(), Rules: board.Rules(), Open: s.open, Journal: s.journal,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	})
	switch {
	case err != nil:
		return err
	case len(args) == 0:
		return serve(ctx, srv, s)
	case len(args) == 2 && args[0] == "journal":
		if err := database.Journal(ctx, os.Stdout, args[1]); err != nil {
			return fmt.Errorf("the journal of %s, which a server keeps with -journal: %w", args[1], err)
		}
		return nil
	case len(args) == 2 && args[0] == "audit":
		report, err := srv.Audit(ctx, args[1])
		if err != nil {
			return fmt.Errorf("audit %s: %w", args[1], err)
		}
		fmt.Printf("%d violations are open; %d rows were changed\n", report.Open, len(report.Updates))
		return report.Err
	case len(args) == 2 && args[0] == "invite":
		invitation, err := srv.Invitation(args[1])
		if err == nil {
			all := links(s.address)
			fmt.Printf("%s/?workspace=%s#invite=%s\n", all[len(all)-1], args[1], invitation)
		}
		return err
	}
	usage()
	return fmt.Errorf("unknown command %q", args)
}

// serve answers clients until the context ends. Then it takes no more requests, and ends
// when those that it has are answered.
func serve(ctx context.Context, srv *server.Server, s settings) error {
	mux := http.NewServeMux()
	mux.Handle("/v1/", srv.Handler())
	mux.Handle("/", page.Handler())
	h := &http.Server{
		Handler: mux, MaxHeaderBytes: 16 << 10,
		ReadTimeout: time.Minute, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute, // the server extends what it streams
	}

	watching, stopWatching := context.WithCancel(context.Background())
	defer stopWatching()
	go srv.Watch(watching)
	h.RegisterOnShutdown(stopWatching) // event streams would not end by themselves

	listener, err := net.Listen("tcp", s.address)
	if err != nil {
		return err
	}
	if listener.Addr().(*net.TCPAddr).IP.IsLoopback() {
		h.Handler = onlyLocal(mux)
	}
	all := links(listener.Addr().String())
	fmt.Printf("syncserver: open %s\n", all[0])
	for _, other := range all[1:] {
		fmt.Printf("syncserver: or, from other machines, %s\n", other)
	}
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := h.Shutdown(grace); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return h.Close() // clients that are so slow send the same again
}

// links returns what to open in a browser, given an address to listen on. If that is all the
// addresses that this machine has, it is localhost here, and elsewhere one of those that
// follow.
func links(address string) []string {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host != "" && !net.ParseIP(host).IsUnspecified() {
		return []string{"http://" + address}
	}
	all := []string{"http://" + net.JoinHostPort("localhost", port)}
	addresses, _ := net.InterfaceAddrs() // none is found if that fails
	for _, a := range addresses {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.To4() != nil && ip.IP.IsGlobalUnicast() {
			all = append(all, "http://"+net.JoinHostPort(ip.IP.String(), port))
		}
	}
	return all
}

// onlyLocal keeps other web pages out of a server that is meant for this machine: one that
// has its own name resolved to 127.0.0.1 would be of the same origin.
func onlyLocal(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if address, err := netip.ParseAddr(strings.Trim(host, "[]")); host != "localhost" && (err != nil || !address.IsLoopback()) {
			http.Error(w, "this server is for this machine only; see -addr", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
