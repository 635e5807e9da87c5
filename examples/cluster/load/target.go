package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx

	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/process"
)

// The servers that load can start.
const (
	sqlite   = "sqlite"
	postgres = "postgres"
)

func all() []string { return []string{sqlite, postgres} }

func checkNames(names []string) error {
	for _, name := range names {
		if !slices.Contains(all(), name) {
			return fmt.Errorf("%q is not one of %s", name, strings.Join(all(), ", "))
		}
	}
	return nil
}

// target is a server that is measured.
type target struct {
	name       string
	server     remote.Server
	invite     func(workspace string) (string, error) // nil if only the open workspace can be joined
	workspaces []*workspace
}

// open is the workspace that all may join.
const open = "demo"

// start starts the servers. The returned function stops them and removes their data; it is never nil.
func start(ctx context.Context, o options) (targets []*target, stop func(), err error) {
	var l launcher
	if slices.Contains(o.only, postgres) && os.Getenv("FIELDLWW_POSTGRES") == "" {
		return nil, l.stop, withPostgres()
	}
	for _, name := range o.only {
		t, err := l.launch(ctx, name, o.dir)
		if err != nil {
			return nil, l.stop, fmt.Errorf("start %s: %w", name, err)
		}
		targets = append(targets, t)
	}
	for _, n := range o.named {
		targets = append(targets, newTarget(n.name, n.url))
	}
	if len(targets) == 0 {
		err = errors.New("no servers to measure: see -only and -server")
	}
	return targets, l.stop, err
}

// launcher starts servers. The zero value is ready to use.
type launcher struct {
	syncserver *process.Program // nil until it is needed
	stops      []func()
}

// stop stops the servers, in the reverse order.
func (l *launcher) stop() {
	for _, f := range slices.Backward(l.stops) {
		f()
	}
}

// launch starts a server by its name, with its data in a new folder in dir.
func (l *launcher) launch(ctx context.Context, name, dir string) (*target, error) {
	folder, err := os.MkdirTemp(dir, "load")
	if err != nil {
		return nil, err
	}
	l.stops = append(l.stops, func() { os.RemoveAll(folder) })
	if l.syncserver == nil {
		if l.syncserver, err = process.BuildAt("../syncserver"); err != nil {
			return nil, err
		}
		l.stops = append(l.stops, l.syncserver.Remove)
	}
	database := filepath.Join(folder, "load.db")
	if name == postgres {
		var drop func()
		if database, drop, err = schema(ctx); err != nil {
			return nil, err
		}
		l.stops = append(l.stops, drop)
	}
	p, err := l.syncserver.Start(database)
	if err != nil {
		return nil, err
	}
	l.stops = append(l.stops, p.Kill)
	t := newTarget(name, "http://"+p.Address)
	t.invite = func(workspace string) (string, error) {
		return invitation(l.syncserver, "invite", "-db", database, workspace)
	}
	return t, nil
}

func newTarget(name, url string) *target {
	idle := &http.Transport{MaxIdleConnsPerHost: 1000}
	return &target{name: name, server: remote.Server{URL: url, HTTP: &http.Client{Transport: idle}}}
}

// invitation returns what a command that prints an invitation link has printed after "#invite=".
func invitation(program *process.Program, args ...string) (string, error) {
	out, err := program.Command(args...).Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", strings.Join(args, " "), err)
	}
	_, invite, ok := strings.Cut(strings.TrimSpace(string(out)), "#invite=")
	if !ok {
		return "", fmt.Errorf("%s printed no invitation", strings.Join(args, " "))
	}
	return invite, nil
}

// withPostgres runs this program again, with a temporary PostgreSQL server that writes to disk. It returns only
// if that fails.
func withPostgres() error {
	const script = "../storage/postgres.sh"
	self, err := os.Executable()
	if err == nil {
		err = syscall.Exec(script, append([]string{script, self}, os.Args[1:]...), append(os.Environ(), "FIELDLWW_FSYNC=on"))
	}
	return fmt.Errorf("start PostgreSQL with %s, or leave it out with -only: %w", script, err)
}

// schema makes an empty schema in the PostgreSQL server, and returns its URL and a function that drops it. It
// fails if the server may lose what it has acknowledged.
func schema(ctx context.Context) (name string, drop func(), err error) {
	server, err := url.Parse(os.Getenv("FIELDLWW_POSTGRES"))
	if err != nil {
		return "", nil, errors.New("FIELDLWW_POSTGRES is not a URL") // the error of url.Parse has the password
	}
	db, err := sql.Open("pgx", server.String())
	if err != nil {
		return "", nil, err
	}
	for _, setting := range []string{"fsync", "synchronous_commit"} {
		var value string
		if err := db.QueryRowContext(ctx, "SHOW "+setting).Scan(&value); err != nil {
			return "", nil, err
		}
		if value != "on" {
			return "", nil, fmt.Errorf("PostgreSQL has %s = %s, so its figures would mean nothing: unset FIELDLWW_POSTGRES, or run postgres.sh with FIELDLWW_FSYNC=on", setting, value)
		}
	}
	name = "load_" + strings.ToLower(rand.Text())
	if _, err := db.ExecContext(ctx, "CREATE SCHEMA "+name); err != nil {
		return "", nil, err
	}
	query := server.Query()
	query.Set("search_path", name)
	server.RawQuery = query.Encode()
	return server.String(), func() {
		db.Exec("DROP SCHEMA " + name + " CASCADE")
		db.Close()
	}, nil
}
