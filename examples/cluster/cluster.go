package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/fieldlww/fieldlww/examples/cluster/node"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
)

// nodes is the number of nodes of a cluster that this program runs.
const nodes = 3

// cluster is a connection to a cluster, and the nodes of this process.
type cluster struct {
	*store.Store
	conn   *nats.Conn
	nodes  []*node.Node
	folder *folder // nil without nodes
}

// openCluster starts the nodes of this process, if any, and opens the stream. It waits until a majority of the nodes runs.
// With -renew, it gives the stream a new incarnation.
func (s settings) openCluster(ctx context.Context) (*cluster, error) {
	c := new(cluster)
	err := c.open(ctx, s)
	if err != nil {
		c.close()
	}
	return c, err
}

func (c *cluster) open(ctx context.Context, s settings) (err error) {
	switch {
	case s.nats != "":
		c.conn, err = s.connect()
	case s.join != "":
		err = c.start(s, "node "+s.name, []node.Options{{
			Name: s.name, Dir: s.dir, Route: s.route, Peers: list(s.join), Advertise: s.advertise, Client: s.client, Secret: s.secret,
		}})
	default:
		var all []node.Options
		if all, err = node.Local(s.dir, nodes); err == nil {
			secret := s.secret
			if secret == "" && s.client == "" { // other users of this machine reach the routes too
				secret = rand.Text()
			}
			for i := range all {
				all[i].Secret = secret
			}
			all[0].Client = s.client
			err = c.start(s, fmt.Sprint(nodes, " nodes"), all)
		}
	}
	if err != nil {
		return err
	}
	if err := c.openStream(ctx, s); err != nil || !s.renew {
		return err
	}
	return c.Renew(ctx)
}

// connect connects to nodes elsewhere.
func (s settings) connect() (*nats.Conn, error) {
	// A batch must not be sent long after its Commit has returned, so nothing is kept while there is no connection.
	o := []nats.Option{nats.Name("fieldlww"), nats.MaxReconnects(-1), nats.ReconnectBufSize(-1)}
	if s.secret != "" {
		o = append(o, nats.UserInfo(node.User, s.secret))
	}
	conn, err := nats.Connect(s.nats, o...)
	if err != nil {
		if bad := new(url.Error); errors.As(err, &bad) { // its text has the URL
			err = bad.Err
		}
		return nil, fmt.Errorf("cannot connect to the cluster at %s: %w: a node must run with this address in -client and with the same -secret", withoutUsers(s.nats), err)
	}
	return conn, nil
}

// withoutUsers returns URLs without their users and passwords, for people and logs.
func withoutUsers(urls string) string {
	all := list(urls)
	for i, one := range all {
		at := strings.LastIndex(one, "@")
		if at < 0 {
			continue
		}
		scheme, _, ok := strings.Cut(one[:at], "://")
		if all[i] = one[at+1:]; ok {
			all[i] = scheme + "://" + all[i]
		}
	}
	return strings.Join(all, ",")
}

// start starts nodes whose files are in the folder of the settings.
func (c *cluster) start(s settings, of string, all []node.Options) (err error) {
	if c.folder, err = openFolder(s.dir, of, s.command.name == ""); err != nil {
		return err
	}
	started, errs := make([]*node.Node, len(all)), make([]error, len(all))
	var group sync.WaitGroup
	for i, o := range all {
		if s.verbose { // NATS logs errors even when all is well, such as nodes that start later
			o.Log = logOf(s, slog.LevelInfo)
		}
		group.Go(func() { started[i], errs[i] = node.Start(o) })
	}
	group.Wait()
	for _, n := range started {
		if n != nil {
			c.nodes = append(c.nodes, n)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	c.conn, err = c.nodes[0].Connect()
	return err
}

// openStream opens the stream, however long the other nodes take to start.
func (c *cluster) openStream(ctx context.Context, s settings) error {
	o := store.Options{Replicas: nodes}
	if s.nats != "" {
		o.Replicas = s.replicas
	} else {
		o.MaxBytes = c.nodes[0].Space() / nodes // all nodes may be on one disk
	}
	for {
		opened, err := store.Open(ctx, c.conn, o)
		if err == nil {
			c.Store = opened
			return nil
		}
		bad := new(store.ConfigError)
		if ctx.Err() != nil || errors.As(err, &bad) || s.join == "" {
			return explained(err)
		}
		fmt.Fprintf(os.Stderr, "cluster: waiting until a majority of the %d nodes runs: %v\n", nodes, err)
	}
}

// explained adds to an error of store.Open what to do.
func explained(err error) error {
	if bad := new(store.ConfigError); errors.As(err, &bad) {
		return fmt.Errorf("%w: the stream belongs to another program or was changed; name another folder or cluster", err)
	}
	return fmt.Errorf("%w: start the nodes that do not run, or see their logs with -v", err)
}

// close stops the nodes of this process.
func (c *cluster) close() {
	if c.Store != nil {
		_ = c.Store.Close() // the connection is closed next
	}
	if c.conn != nil {
		c.conn.Close()
	}
	var group sync.WaitGroup
	for _, n := range c.nodes {
		group.Go(n.Stop)
	}
	group.Wait()
	if c.folder != nil {
		c.folder.close()
	}
}

// logOf returns a log for people. It has lines of at least the given level, and more with -v.
func logOf(s settings, level slog.Level) *slog.Logger {
	if s.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

// describe returns what runs where, in words.
func (c *cluster) describe(ctx context.Context, s settings) string {
	var text strings.Builder
	switch {
	case s.nats != "":
		fmt.Fprintf(&text, "cluster: uses the nodes at %s\n", withoutUsers(s.nats))
	case s.join != "":
		fmt.Fprintf(&text, "cluster: the node %s runs in this process, with its files in %s; the others are at %s\n", s.name, s.dir, s.join)
	default:
		fmt.Fprintf(&text, "cluster: three nodes run in this process, with their files in %s; each write is on the disk of two of them before it is acknowledged\n", s.dir)
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if leader, err := c.Leader(ctx); err == nil {
		fmt.Fprintf(&text, "cluster: %s leads, and another node takes over when it stops\n", leader)
	}
	return text.String()
}
