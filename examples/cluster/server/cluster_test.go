package server

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/cluster/clustertest"
	"github.com/fieldlww/fieldlww/examples/cluster/node"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	"github.com/fieldlww/fieldlww/merge/mergetest"
)

// cluster is a stream on some nodes, which all runs of a test use. Each run has a workspace of its own.
type cluster struct {
	conns  []*nats.Conn
	stores []*store.Store
	runs   atomic.Int64
}

const streamName = "kit"

// startCluster starts nodes whose files are in memory, if the machine has a file system there.
func startCluster(t *testing.T, count int) *cluster {
	dir, err := os.MkdirTemp("/dev/shm", "fieldlww")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	options, err := node.Local(dir, count)
	require.NoError(t, err)
	nodes := make([]*node.Node, count)
	var group sync.WaitGroup
	for i, o := range options {
		group.Go(func() {
			var err error
			if nodes[i], err = node.Start(o); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	require.False(t, t.Failed())
	c := &cluster{}
	for _, n := range nodes {
		t.Cleanup(n.Stop)
		conn, err := n.Connect()
		require.NoError(t, err)
		t.Cleanup(conn.Close)
		s, err := clustertest.Open(conn, store.Options{Stream: streamName, Replicas: count})
		require.NoError(t, err)
		c.conns, c.stores = append(c.conns, conn), append(c.stores, s)
	}
	return c
}

// newRun returns a new workspace.
func (c *cluster) newRun() *run {
	return &run{cluster: c, name: fmt.Sprint("run-", c.runs.Add(1)), incarnation: "first", keys: make(map[store.Key]bool)}
}

// run is a workspace of a cluster.
type run struct {
	*cluster
	name        string
	incarnation string
	keys        map[store.Key]bool // of all messages
}

func (r *run) At(i int) Store { return noted{r.stores[i%len(r.stores)], r} }

func (r *run) Workspace() string { return r.name }

// noted is a Store that notes which messages there are. Its incarnation is the one of the run, because other runs use
// the same stream.
type noted struct {
	*store.Store
	*run
}

func (n noted) Commit(ctx context.Context, b store.Batch) error {
	for _, p := range b.Puts {
		n.keys[p.Key] = true
	}
	return n.Store.Commit(ctx, b)
}

func (n noted) Incarnation(context.Context) (string, error) { return n.incarnation, nil }

// Backup reads all messages. The restored workspace has them in the same order, with greater sequences, so the
// sequences that messages hold are lower than all others.
func (r *run) Backup(t *testing.T) func() backing {
	view, err := r.stores[0].Load(t.Context(), r.name, slices.Collect(maps.Keys(r.keys)))
	require.NoError(t, err)
	saved := slices.DeleteFunc(view.Entries, func(e store.Entry) bool { return e.Seq == 0 })
	slices.SortFunc(saved, func(a, b store.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	return func() backing {
		next := r.newRun()
		next.incarnation = next.name
		b := store.Batch{Workspace: next.name, ID: newID()}
		for _, e := range saved {
			e.Key.Workspace = next.name
			b.Puts = append(b.Puts, store.Put{Key: e.Key, Data: e.Data})
		}
		require.NoError(t, next.At(0).Commit(t.Context(), b))
		return next
	}
}

// kinds are the kinds of servers that the kit tests.
func kinds() map[string]func(*testing.T, *mergetest.Env, backing) (mergetest.Backend, error) {
	all := map[string]func(*testing.T, *mergetest.Env, backing) (mergetest.Backend, error){
		"plain": func(t *testing.T, env *mergetest.Env, on backing) (mergetest.Backend, error) {
			p, err := newPair(t, env, on, Options{})
			return plain{p}, err
		},
	}
	for level := 1; level <= 2; level++ {
		all[fmt.Sprint("purging at level ", level)] = func(t *testing.T, env *mergetest.Env, on backing) (mergetest.Backend, error) {
			p, err := newPair(t, env, on, Options{PurgeLevel: level, Rules: kitRules()})
			return purging{plain{p}}, err
		}
		all[fmt.Sprint("with buckets at level ", level)] = func(t *testing.T, env *mergetest.Env, on backing) (mergetest.Backend, error) {
			p, err := newPair(t, env, on, Options{PurgeLevel: level, Buckets: mergetest.Buckets, Rules: kitRules()})
			return granting{purging{plain{p}}}, err
		}
	}
	return all
}

// runKinds runs the kit with each kind of servers.
func runKinds(t *testing.T, seeds int, open func(*testing.T) backing) {
	all := kinds()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			mergetest.Run(t, func(env *mergetest.Env) (mergetest.Backend, error) { return all[name](t, env, open(t)) }, mergetest.Options{Seeds: seeds})
		})
	}
}

// TestServersPassTheConvergenceKit lets simulated devices work with two servers on the port in memory, where one batch in
// four meets a fault.
func TestServersPassTheConvergenceKit(t *testing.T) {
	runKinds(t, *seeds, func(t *testing.T) backing { return newControl(t) })
}

func TestServersOnOneNodePassTheConvergenceKit(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 1)
	runKinds(t, *nodeSeeds, func(*testing.T) backing { return c.newRun() })
}

func TestServersOnThreeNodesPassTheConvergenceKit(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 3)
	runKinds(t, *nodeSeeds, func(*testing.T) backing { return c.newRun() })
}
