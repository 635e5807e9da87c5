package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/process"
)

// The servers that load can start.
const (
	sqlite   = "sqlite"
	postgres = "postgres"
	cluster  = "cluster"
)

func all() []string { return []string{sqlite, postgres, cluster} }

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
	process    *process.Process                       // nil if load did not start it
	stored     func() (bytes int64, err error)        // on disk; nil if that is not known
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
	if name == cluster {
		return l.launchCluster(folder)
	}
	if l.syncserver == nil {
		if l.syncserver, err = process.BuildAt("../syncserver"); err != nil {
			return nil, err
		}
		l.stops = append(l.stops, l.syncserver.Remove)
	}
	database := filepath.Join(folder, "load.db")
	stored := func() (int64, error) { return sizeOf(folder) }
	if name == postgres {
		s, err := newSchema(ctx)
		if err != nil {
			return nil, err
		}
		l.stops = append(l.stops, s.drop)
		database, stored = s.url, s.size
	}
	p, err := l.syncserver.Start(database, "-journal=false") // a node keeps no journal either
	if err != nil {
		return nil, err
	}
	l.stops = append(l.stops, p.Kill)
	t := newTarget(name, "http://"+p.Address)
	t.process, t.stored = p, stored
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

// sizeOf returns how many bytes the files in a folder have.
func sizeOf(folder string) (bytes int64, err error) {
	err = filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // the server has removed it
		}
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	return bytes, err
}
