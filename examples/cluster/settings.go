package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"
)

// settings holds the parsed command line.
type settings struct {
	dir, address, hosts, origins, open string
	metrics                            string
	join, name, route, advertise       string // of one node
	client                             string // of a node
	nats                               string
	replicas, retention, level         int
	secretFile, secret                 string // of routes and clients of the nodes
	proxy, verbose, renew              bool
	seconds, writers                   int // of chaos
	command                            command
	words                              []string // the arguments of the command
}

// errUsage reports an invalid command line.
var errUsage = errors.New("run cluster -h for help")

// parse parses a command line. If the user asks for help, parse prints it and returns flag.ErrHelp.
func parse(args []string, out io.Writer) (s settings, err error) {
	flags := flag.NewFlagSet("cluster", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&s.dir, "dir", "cluster-data", "the `folder` of the nodes' files")
	flags.StringVar(&s.address, "addr", "127.0.0.1:8080", "the `address` of the page and the protocol; 0.0.0.0:8080 admits other machines")
	flags.StringVar(&s.hosts, "host", "", "the host `names` that a proxy passes on in requests, separated by commas; * for any")
	flags.StringVar(&s.origins, "origin", "", "the `origins` whose web pages may use the server too, separated by commas")
	flags.StringVar(&s.metrics, "metrics", "", "the `address` at which Prometheus reads the metrics, at the path /metrics, such as 127.0.0.1:9090; empty for none. Anyone who can reach it can read them")
	flags.BoolVar(&s.proxy, "proxy", false, "the server is behind a proxy: the last address in X-Forwarded-For is the client's")
	flags.StringVar(&s.open, "open", "demo", "the `workspace` that anyone may join; empty for none")
	flags.StringVar(&s.join, "join", "", "run one node: the `routes` of all nodes, this one included, separated by commas, such as 10.0.0.1:6222,10.0.0.2:6222,10.0.0.3:6222")
	flags.StringVar(&s.name, "name", "", "with -join, the `name` of the node, which must stay the same")
	flags.StringVar(&s.route, "route", "", "with -join, the `address` at which the other nodes reach this one")
	flags.StringVar(&s.advertise, "advertise", "", "with -join, the `address` that nodes tell each other for this one; empty for the -route")
	flags.StringVar(&s.client, "client", "", "the `address` at which a node of this process answers clients of NATS, such as servers and commands with -nats; empty for none")
	flags.StringVar(&s.nats, "nats", "", "use a cluster that is there, at these `URLs`, separated by commas")
	flags.IntVar(&s.replicas, "replicas", 3, "with -nats, the `number` of nodes that hold the stream")
	flags.StringVar(&s.secretFile, "secret", "", "a `file` with the secret of the nodes, which routes and clients of NATS need")
	flags.BoolVar(&s.renew, "renew", false, "before the server listens, make all clients pull everything again; needed once after the files were restored")
	flags.IntVar(&s.retention, "retention", 90, "how many `days` deleted data is kept; 0 means for ever")
	flags.IntVar(&s.level, "level", 1, "the `level` of purging, 1 or 2: 2 keeps nothing of deleted records")
	flags.BoolVar(&s.verbose, "v", false, "log uncontested decisions, and warnings of NATS")
	flags.IntVar(&s.seconds, "seconds", 60, "with chaos, how many `seconds` clients push; in less than 60, killed nodes start again before the others could go on")
	flags.IntVar(&s.writers, "writers", 8, "with chaos, the `number` of clients that push")
	words, err := parseAnywhere(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		help(out, flags)
		return s, err
	}
	if err != nil {
		return s, fmt.Errorf("%w: %w", err, errUsage)
	}
	if s.command, s.words, err = find(words); err != nil {
		return s, err
	}
	return s, s.check()
}

// check returns an error if settings do not fit together, and reads the secret.
func (s *settings) check() error {
	switch {
	case s.join != "" && s.nats != "":
		return fmt.Errorf("-join runs a node and -nats uses nodes that run elsewhere: %w", errUsage)
	case s.join != "" && (s.name == "" || s.route == ""):
		return fmt.Errorf("-join needs -name and -route, as in -name a -route 10.0.0.1:6222: %w", errUsage)
	case s.join == "" && s.name+s.route+s.advertise != "":
		return fmt.Errorf("-name, -route and -advertise need -join: %w", errUsage)
	case s.join != "" && !slices.Contains(list(s.join), s.route):
		return fmt.Errorf("-join must name the routes of all nodes, and the -route %s is not among them: %w", s.route, errUsage)
	case s.join != "" && len(list(s.join)) != nodes:
		return fmt.Errorf("-join must name the routes of %d nodes: %w", nodes, errUsage)
	case s.renew && s.command.name != "":
		return fmt.Errorf("-renew is for the server itself: %w", errUsage)
	case s.secretFile == "" && (isRemote(s.route) || isRemote(s.client)):
		return fmt.Errorf("-route and -client need -secret, unless their address is of this machine alone, such as 127.0.0.1:6222: %w", errUsage)
	case s.level < 1 || s.level > 2, s.retention < 0, s.retention > 36500, s.replicas < 1, s.seconds < 1, s.writers < 1:
		return fmt.Errorf("a number is out of range: %w", errUsage)
	}
	if s.secretFile == "" {
		return nil
	}
	text, err := os.ReadFile(s.secretFile)
	if s.secret = strings.TrimSpace(string(text)); err == nil && s.secret == "" {
		err = fmt.Errorf("the file %s is empty", s.secretFile)
	}
	return err
}

// isRemote reports whether other machines may reach an address. It treats a host name as such an address, except
// localhost.
func isRemote(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && host != "localhost" && !net.ParseIP(host).IsLoopback()
}

// keep returns how long deleted data is kept, for server.Options.
func (s settings) keep() time.Duration {
	if s.retention == 0 {
		return -1
	}
	return time.Duration(s.retention) * 24 * time.Hour
}

// list returns the parts of the value of a flag that are separated by commas.
func list(text string) (parts []string) {
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// parseAnywhere parses flags that appear anywhere among the other arguments, and returns the other arguments.
func parseAnywhere(flags *flag.FlagSet, args []string) (words []string, err error) {
	for {
		if err := flags.Parse(args); err != nil || flags.NArg() == 0 {
			return words, err
		}
		words, args = append(words, flags.Arg(0)), flags.Args()[1:]
	}
}
