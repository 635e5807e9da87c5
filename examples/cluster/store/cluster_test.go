package store_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/cluster/clustertest"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
)

// nodes are three nodes that the tests of this package share. Each test has workspaces of its own,
// and a stream of its own if it changes the settings.
var nodes = sync.OnceValues(func() (*clustertest.Nodes, error) { return clustertest.New(3) })

func TestMain(m *testing.M) {
	code := m.Run()
	if n, err := nodes(); err == nil {
		n.Stop()
	}
	os.Exit(code)
}

// shared returns the three nodes.
func shared(t *testing.T) *clustertest.Nodes {
	n, err := nodes()
	require.NoError(t, err)
	return n
}

// open returns a Store on one of the three nodes, for the stream that tests share.
func open(t *testing.T, n int) *store.Store { return openStream(t, n, "shared") }

// openStream opens or creates a stream with three replicas.
func openStream(t *testing.T, n int, stream string) *store.Store {
	s, err := shared(t).Open(n, stream)
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
	commit(t, s, batch(p))
}

// commit commits a batch and requires that it succeeds. It sends the batch again if another node has become the leader
// in the middle of it: then nothing is stored. It also does so if the answer was late or is lost. Then a conflict says that
// the batch is stored, because only the test writes its entries.
func commit(t *testing.T, s *store.Store, b store.Batch) {
	t.Helper()
	for unknown := false; ; b.ID = nuid.Next() {
		err := s.Commit(t.Context(), b)
		switch {
		case isIncomplete(err):
		case errors.Is(err, store.ErrUnknown):
			unknown = true
		case unknown && errors.Is(err, store.ErrConflict):
			return
		default:
			require.NoError(t, err)
			return
		}
	}
}

// isIncomplete reports whether a node has become the leader in the middle of a batch.
func isIncomplete(err error) bool {
	incomplete := new(jetstream.APIError)
	return errors.As(err, &incomplete) && incomplete.ErrorCode == 10176
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
