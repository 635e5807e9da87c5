package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/ports"
)

// trio is three nodes, each in a process of its own with a sync server.
type trio struct {
	all   []*member
	ports *ports.Reserved
	urls  []string   // of the nodes, for clients of NATS
	conn  *nats.Conn // to any node that runs
	store *store.Store
}

// member is one of the nodes.
type member struct {
	name, url string
	args      []string
	log       string // a file
	cmd       *exec.Cmd
}

// newTrio returns three nodes that are not started.
func newTrio(dir string) (*trio, error) {
	reserved, err := ports.Reserve(3 * nodes)
	if err != nil {
		return nil, err
	}
	free := reserved.Addresses
	routes, clients, sites := free[:nodes], free[nodes:2*nodes], free[2*nodes:]
	t := &trio{ports: reserved}
	for i, name := range []string{"a", "b", "c"} {
		t.urls = append(t.urls, "nats://"+clients[i])
		t.all = append(t.all, &member{name: name, url: "http://" + sites[i], log: filepath.Join(dir, name+".log"), args: []string{
			"-join", strings.Join(routes, ","), "-name", name, "-route", routes[i], "-client", clients[i],
			"-addr", sites[i], "-dir", filepath.Join(dir, name),
		}})
	}
	return t, nil
}

// start starts the nodes, and returns when all of them serve. The caller stops them after an error too.
func (t *trio) start(ctx context.Context) error {
	if err := t.startAll(); err != nil {
		return err
	}
	if err := t.healthy(ctx); err != nil {
		return err
	}
	var err error
	t.conn, err = nats.Connect(strings.Join(t.urls, ","), nats.MaxReconnects(-1), nats.ReconnectBufSize(-1), nats.ReconnectWait(time.Second/5),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})) // a killed node ends connections; what matters is checked
	if err == nil {
		t.store, err = store.Open(ctx, t.conn, store.Options{Replicas: nodes})
	}
	return err
}

// startAll starts the nodes that do not run.
func (t *trio) startAll() error {
	var names []string
	for _, m := range t.all {
		if m.cmd == nil {
			names = append(names, m.name)
			if err := m.start(); err != nil {
				return err
			}
		}
	}
	if len(names) > 0 {
		fmt.Printf("chaos: started %s\n", strings.Join(names, ", "))
	}
	return nil
}

func (m *member) start() error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(m.log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the process keeps it open
	m.cmd = exec.Command(program, m.args...)
	m.cmd.Stdout, m.cmd.Stderr = log, log
	return m.cmd.Start()
}

// kill kills nodes with SIGKILL, which a process cannot handle.
func (t *trio) kill(which string, names ...string) error {
	fmt.Printf("chaos: killed %s with SIGKILL: %s\n", which, strings.Join(names, ", "))
	for _, m := range t.all {
		if slices.Contains(names, m.name) {
			m.kill()
		}
	}
	return nil
}

func (m *member) kill() {
	if m.cmd != nil {
		_ = m.cmd.Process.Kill()
		_ = m.cmd.Wait()
		m.cmd = nil
	}
}

// stop kills all nodes.
func (t *trio) stop() {
	if t.conn != nil {
		t.conn.Close()
	}
	for _, m := range t.all {
		m.kill()
	}
	t.ports.Release()
}

func (t *trio) names() (all []string) {
	for _, m := range t.all {
		all = append(all, m.name)
	}
	return all
}

// alive returns how many nodes run.
func (t *trio) alive() (n int) {
	for _, m := range t.all {
		if m.cmd != nil {
			n++
		}
	}
	return n
}

// running returns the names of the nodes, with a dash for each one that does not run.
func (t *trio) running() string {
	all := t.names()
	for i, m := range t.all {
		if m.cmd == nil {
			all[i] = "-"
		}
	}
	return strings.Join(all, " ")
}

// leader returns the name of the leader, or "" if there is none.
func (t *trio) leader(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, time.Second/2)
	defer cancel()
	name, err := t.store.Leader(ctx)
	if err != nil {
		return ""
	}
	return name
}

// healthy waits until each server can store writes.
func (t *trio) healthy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for _, m := range t.all {
		for !m.isHealthy(ctx) {
			select {
			case <-time.After(time.Second / 5):
			case <-ctx.Done():
				text, _ := os.ReadFile(m.log)
				return fmt.Errorf("the node %s does not serve: %w\n%s", m.name, ctx.Err(), text)
			}
		}
	}
	return nil
}

func (m *member) isHealthy(ctx context.Context) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, m.url+"/v1/health", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}
