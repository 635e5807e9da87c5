package store_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/cluster/node"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
)

// nodes are three nodes that the tests of this package share. Each test has workspaces of its own,
// and a stream of its own if it changes the settings.
var nodes struct {
	once    sync.Once
	dir     string
	options []node.Options
	all     []*node.Node
	err     error
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, n := range nodes.all {
		n.Stop()
	}
	os.RemoveAll(nodes.dir)
	os.Exit(code)
}

// tempDir returns a new folder, in memory if the machine has a file system there.
func tempDir() (string, error) {
	if dir, err := os.MkdirTemp("/dev/shm", "fieldlww"); err == nil {
		return dir, nil
	}
	return os.MkdirTemp("", "fieldlww")
}

// shared returns the three nodes.
func shared(t *testing.T) []*node.Node {
	nodes.once.Do(func() {
		if nodes.dir, nodes.err = tempDir(); nodes.err != nil {
			return
		}
		if nodes.options, nodes.err = node.Local(nodes.dir, 3); nodes.err != nil {
			return
		}
		nodes.all, nodes.err = startAll(nodes.options)
	})
	require.NoError(t, nodes.err)
	return nodes.all
}

// startAll starts nodes at the same time.
func startAll(options []node.Options) ([]*node.Node, error) {
	all := make([]*node.Node, len(options))
	errs := make([]error, len(options))
	var wg sync.WaitGroup
	for i, o := range options {
		wg.Go(func() { all[i], errs[i] = node.Start(o) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// connect returns a connection to one of the three nodes.
func connect(t *testing.T, n int) *nats.Conn {
	conn, err := shared(t)[n].Connect()
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	return conn
}

// open returns a Store on one of the three nodes, for the stream that tests share.
func open(t *testing.T, n int) *store.Store { return openStream(t, connect(t, n), "shared") }

// openStream opens or creates a stream with three replicas.
func openStream(t *testing.T, conn *nats.Conn, stream string) *store.Store {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	s, err := store.Open(ctx, conn, store.Options{Stream: stream, Replicas: 3})
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

var workspaces atomic.Int64

// workspace returns the name of a new workspace, with characters that no subject may hold.
func workspace(t *testing.T) string {
	name, _, _ := strings.Cut(t.Name(), "/")
	return fmt.Sprintf("%s.*> %d", name, workspaces.Add(1))
}

// record returns the key of a record.
func record(workspace, id string) store.Key {
	return store.Key{Workspace: workspace, Kind: store.KindRecord, Name: store.HashName("t", id)}
}

// put commits one entry and requires that it succeeds.
func put(t *testing.T, s *store.Store, p store.Put) {
	t.Helper()
	require.NoError(t, s.Commit(t.Context(), batch(p)))
}

// batch returns a batch of puts to one workspace.
func batch(puts ...store.Put) store.Batch {
	return store.Batch{Workspace: puts[0].Key.Workspace, ID: nuid.Next(), Puts: puts}
}

// load returns one entry.
func load(t *testing.T, s *store.Store, k store.Key) store.Entry {
	t.Helper()
	view, err := s.Load(t.Context(), k.Workspace, []store.Key{k})
	require.NoError(t, err)
	return view.Entries[0]
}
