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
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	return store.Open(ctx, n.Conns[through], store.Options{Stream: stream, Replicas: len(n.All)})
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
