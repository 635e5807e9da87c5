package server

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/cluster/clustertest"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	"github.com/fieldlww/fieldlww/merge/mergetest"
)

// saved is a stream that is backed up as operators do it: through the API of JetStream, or of files.
type saved struct {
	t     *testing.T
	nodes *clustertest.Nodes
	name  string
	store *store.Store
}

// newSaved opens a small stream, because a node has many of them.
func newSaved(t *testing.T, nodes *clustertest.Nodes, name string) saved {
	s, err := clustertest.Open(nodes.Conns[0], store.Options{Stream: name, Replicas: len(nodes.All), MaxBytes: 16 << 20})
	require.NoError(t, err)
	return saved{t, nodes, name, s}
}

func (s saved) At(int) Store { return s.store }

func (s saved) Workspace() string { return "demo" }

// Backup saves the stream. Sequences are used again after it is restored.
func (s saved) Backup(t *testing.T) func() backing {
	backup, err := clustertest.Save(s.nodes.Conns[0], s.name)
	require.NoError(t, err)
	return func() backing {
		require.NoError(t, backup.Restore(s.nodes.Conns[0]))
		require.NoError(t, s.store.Renew(t.Context()))
		return s
	}
}

// TestServersOnARestoredStreamPassTheConvergenceKit restores the stream itself, and renews its incarnation.
func TestServersOnARestoredStreamPassTheConvergenceKit(t *testing.T) {
	t.Parallel()
	nodes, err := clustertest.New(1)
	require.NoError(t, err)
	t.Cleanup(nodes.Stop)
	for _, kind := range []string{"plain", "with buckets at level 2"} {
		var runs atomic.Int64
		mergetest.Run(t, func(env *mergetest.Env) (mergetest.Backend, error) {
			return kinds()[kind](t, env, newSaved(t, nodes, fmt.Sprint("kit", len(kind), "-", runs.Add(1))))
		}, mergetest.Options{Seeds: *nodeSeeds})
	}
}

// steps is a run whose leader steps down before one call in thirteen that may meet another request.
type steps struct {
	*run
	conn  *nats.Conn
	calls atomic.Int64
}

func (s *steps) At(i int) Store { return stepping{s.run.At(i), s} }

func (s *steps) Backup(t *testing.T) func() backing {
	restore := s.run.Backup(t)
	return func() backing { return &steps{run: restore().(*run), conn: s.conn} }
}

// stepping is a Store of such a run.
type stepping struct {
	Store
	*steps
}

func (s stepping) step() error {
	if s.calls.Add(1)%13 > 0 {
		return nil
	}
	return clustertest.StepDown(s.conn, streamName)
}

func (s stepping) Commit(ctx context.Context, b store.Batch) error {
	if err := s.step(); err != nil {
		return err
	}
	return s.Store.Commit(ctx, b)
}

func (s stepping) After(ctx context.Context, workspace string, seq int64, limit int) (store.Page, error) {
	if err := s.step(); err != nil {
		return store.Page{}, err
	}
	return s.Store.After(ctx, workspace, seq, limit)
}

// TestServersPassTheConvergenceKitWhileLeadersStepDown reads from nodes that are behind more often than any other test. It
// loads buckets from pages with records that were replaced before.
func TestServersPassTheConvergenceKitWhileLeadersStepDown(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 3)
	runKinds(t, *nodeSeeds, func(*testing.T) backing { return &steps{run: c.newRun(), conn: c.conns[0]} })
}
