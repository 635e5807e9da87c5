package node

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/ports"
)

// MaxPayload is the size of the largest message that a node accepts, in bytes.
const MaxPayload = 8 << 20

// Options configures a node. Name and Dir are required.
type Options struct {
	Name string // unique in the cluster, and the same after a restart
	Dir  string // holds the files of this node alone
	// Route is the address, host:port, at which the other nodes connect, and Peers are the routes of all
	// nodes, this one included. A node without them is alone.
	Route string
	Peers []string
	// Advertise is the address that nodes tell each other for this one, if they reach it at another than
	// Route.
	Advertise string
	// Client is the address for clients in other processes. If it is empty, none can connect.
	Client string
	// Secret is the password of routes and clients. Without it, anyone who reaches a port has all rights.
	Secret string
	// MaxStore limits the bytes that streams take on the disk. With 0, NATS chooses the limit from the
	// free space that it finds.
	MaxStore int64
	Log      *slog.Logger // receives warnings and errors of NATS; nil discards them

	routes *ports.Reserved // by Local; keeps the ports free while the nodes do not run
}

// A Node is a running NATS server. Its methods may be called concurrently.
type Node struct {
	server *server.Server
	secret string // of clients; empty if they need none
}

// User is the name that goes with a secret.
const User = "fieldlww"

// Start starts a node. It returns when the node accepts connections, which does not mean that the
// cluster has a leader.
func Start(o Options) (*Node, error) {
	settings, err := settings(o)
	if err != nil {
		return nil, fmt.Errorf("node %s: %w", o.Name, err)
	}
	s, err := server.NewServer(settings)
	if err != nil {
		return nil, fmt.Errorf("node %s: %w", o.Name, err)
	}
	log := newLogger(o)
	s.SetLoggerV2(log, false, false, false)
	s.Start()
	n := &Node{server: s, secret: settings.Password}
	for wait := 0; !s.ReadyForConnections(100*time.Millisecond) || !s.JetStreamEnabled(); wait++ {
		select {
		case why := <-log.fatal:
			n.Stop()
			return nil, fmt.Errorf("node %s: %s", o.Name, why)
		default:
		}
		if wait == 600 {
			n.Stop()
			return nil, fmt.Errorf("node %s: the node does not start", o.Name)
		}
	}
	return n, nil
}

// settings translates the options for NATS.
func settings(o Options) (*server.Options, error) {
	if o.Name == "" || o.Dir == "" {
		return nil, errors.New("a node needs a name and a folder")
	}
	s := &server.Options{
		ServerName:        o.Name,
		JetStream:         true,
		StoreDir:          o.Dir,
		JetStreamMaxStore: o.MaxStore,
		MaxPayload:        MaxPayload,
		NoSigs:            true,
		JetStreamLimits:   server.JSLimitOpts{MaxBatchInflightPerStream: 500},
	}
	client := o.Client
	if o.Secret != "" {
		s.Username, s.Password = User, o.Secret
	}
	if client == "" {
		// NATS opens routes only if it listens to clients. No client knows this password.
		client = "127.0.0.1:-1"
		s.Username, s.Password = User, rand.Text()
	}
	var err error
	if s.Host, s.Port, err = split(client); err != nil {
		return nil, err
	}
	if o.Route == "" {
		return s, nil
	}
	// A write is acknowledged when a majority has it on disk. A single node does without: syncing each
	// message of a batch makes it slower than three nodes.
	s.SyncAlways = true
	s.Cluster.Name, s.Cluster.Advertise = "fieldlww", o.Advertise
	if o.Secret != "" {
		s.Cluster.Username, s.Cluster.Password = User, o.Secret
	}
	if s.Cluster.Host, s.Cluster.Port, err = split(o.Route); err != nil {
		return nil, err
	}
	for _, peer := range o.Peers {
		route := &url.URL{Scheme: "nats", Host: peer}
		if o.Secret != "" {
			route.User = url.UserPassword(User, o.Secret)
		}
		s.Routes = append(s.Routes, route)
	}
	return s, nil
}

// split splits an address into host and port.
func split(address string) (string, int, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return "", 0, fmt.Errorf("the address %q has no port", address)
	}
	return host, port, nil
}

// Connect returns a connection inside the process. It works as long as the node runs.
func (n *Node) Connect() (*nats.Conn, error) {
	options := []nats.Option{nats.InProcessServer(n.server), nats.MaxReconnects(-1), nats.ReconnectBufSize(-1)}
	if n.secret != "" {
		options = append(options, nats.UserInfo(User, n.secret))
	}
	return nats.Connect("", options...)
}

// Space returns how many bytes the streams of the node may take together.
func (n *Node) Space() int64 { return n.server.JetStreamConfig().MaxStore }

// Stop stops the node and returns when its files are closed.
func (n *Node) Stop() {
	n.server.Shutdown()
	n.server.WaitForShutdown()
}
