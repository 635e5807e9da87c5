package clustertest

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/fieldlww/fieldlww/examples/cluster/node"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
)

// TempDir creates a folder, in memory if the machine has a file system there. The caller removes it.
func TempDir() (string, error) {
	if dir, err := os.MkdirTemp("/dev/shm", "fieldlww"); err == nil {
		return dir, nil
	}
	return os.MkdirTemp("", "fieldlww")
}

// Start starts nodes at the same time.
func Start(options []node.Options) ([]*node.Node, error) {
	all := make([]*node.Node, len(options))
	errs := make([]error, len(options))
	var wg sync.WaitGroup
	for i, o := range options {
		wg.Go(func() { all[i], errs[i] = node.Start(o) })
	}
	wg.Wait()
	return all, errors.Join(errs...)
}

// maxStore limits what the streams of a node set aside. NATS would choose less on a machine with little free space, and
// the streams of tests set aside much more than they take.
const maxStore = 1 << 40

// Nodes are nodes in one process, each with a connection.
type Nodes struct {
	Options []node.Options
	All     []*node.Node
	Conns   []*nats.Conn
	dir     string
}

// New starts count nodes.
func New(count int) (*Nodes, error) {
	dir, err := TempDir()
	if err != nil {
		return nil, err
	}
	n := &Nodes{dir: dir}
	if n.Options, err = node.Local(dir, count); err != nil {
		return nil, err
	}
	for i := range n.Options {
		n.Options[i].MaxStore = maxStore
	}
	if n.All, err = Start(n.Options); err != nil {
		return nil, err
	}
	for _, one := range n.All {
		conn, err := one.Connect()
		if err != nil {
			return nil, err
		}
		n.Conns = append(n.Conns, conn)
	}
	return n, nil
}

// Open opens a stream with a replica on each node, through one of them.
func (n *Nodes) Open(through int, stream string) (*store.Store, error) {
	return Open(n.Conns[through], store.Options{Stream: stream, Replicas: len(n.All)})
}

// Open opens a stream, and tries again for two minutes if no node leads: after the start of nodes, an election takes longer
// than store.Open waits if the machine has much else to do.
func Open(conn *nats.Conn, o store.Options) (*store.Store, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	s, err := store.Open(ctx, conn, o)
	for errors.Is(err, store.ErrUnavailable) && ctx.Err() == nil {
		s, err = store.Open(ctx, conn, o)
	}
	return s, err
}

// Stop stops the nodes and removes their files.
func (n *Nodes) Stop() {
	for _, conn := range n.Conns {
		conn.Close()
	}
	for _, one := range n.All {
		one.Stop()
	}
	os.RemoveAll(n.dir)
}
