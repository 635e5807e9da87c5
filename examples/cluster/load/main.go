// Command load puts the same load on several sync servers in one run, and prints their figures side by side:
//
//	go run ./load
//
// It runs in examples/cluster. It starts a server of examples/syncserver on a new SQLite file, another on a
// temporary PostgreSQL server, and a cluster of three nodes in three processes, all with their usual settings, and
// connects to them over the loopback interface. Every one of them writes to disk, with fsync, before it acknowledges
// a push.
// If FIELDLWW_POSTGRES names a PostgreSQL server, that one is used, unless fsync is off in it. Otherwise load starts
// one with examples/storage/postgres.sh. It also measures servers that are already running:
//
//	go run ./load -only sqlite -server mine=http://localhost:8080
//
// # What a figure means
//
// A push changes one record: a field of a task, or in one record of ten the time of a meeting, which the rule for
// rooms checks. The client sends its next push when the last one was acknowledged. Each client is a user of its own,
// so that the quotas of a user limit none of them. A client of n workspaces is one client in each, and takes turns.
//
// Each combination of -clients, -workspaces and -records is measured in rounds. In each round the servers are
// measured one after the other for the time -for, so that whatever else the machine does concerns all of them. A
// ratio is the median of the ratios of the rounds, with the least and the greatest. Latencies are of all
// rounds, and last until the acknowledgement: they include all attempts that were refused for now, such as an
// overload with the status 503, and the waiting before the next attempt. Retries are attempts that the server itself
// repeated without the client noticing, because pushes to one record met.
//
// The memory is the most that the process of the server has taken so far, and the disk is what its files take now.
// The memory of PostgreSQL itself is not counted. Of the cluster, both are figures of one node, to whose server the
// load goes.
//
// After each combination load pulls all workspaces, and fails unless they hold exactly the join of what was there
// before and of all acknowledged writes.
//
// # Map
//
//	main.go       the flags, and the order of the measurements
//	target.go     the servers that are measured, and how they start
//	postgres.go   the PostgreSQL server
//	cluster.go    the cluster
//	workspace.go  the records of a workspace, and the check that no acknowledged write is missing
//	client.go     a client that edits and pushes
//	cell.go       one combination, measured on all servers
//	table.go      ratios, quantiles and how they are printed
//	live.go       the first pull of a device, and how soon another device gets the event of a push
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"time"
)

func main() {
	o, err := parse(os.Args[1:])
	if err != nil {
		os.Exit(2) // the flag package has printed the error
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	only                        []string // which servers to start
	named                       []named  // servers that are running
	clients, workspaces, counts []int    // counts is -records
	rounds, pulled              int
	slice                       time.Duration
	dir                         string
}

// named is a server that is running, as -server gives it.
type named struct{ name, url string }

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	o.only, o.clients, o.workspaces, o.counts = all(), []int{1, 50}, []int{1, 50}, []int{1000, 20}
	flags.Func("only", "the `servers` to start: sqlite, postgres and cluster, or none of them (default all)", func(text string) error {
		o.only = nil
		for name := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' }) {
			o.only = append(o.only, name)
		}
		return checkNames(o.only)
	})
	flags.Func("server", "`name=url` of a running server to measure as well; it may be repeated", func(text string) error {
		name, url, ok := strings.Cut(text, "=")
		if !ok {
			return errors.New("write name=url")
		}
		o.named = append(o.named, named{name, strings.TrimSuffix(url, "/")})
		return nil
	})
	flags.Func("clients", "how many `numbers` of clients push at once (default 1,50)", numbers(&o.clients))
	flags.Func("workspaces", "over how many `numbers` of workspaces they push (default 1,50)", numbers(&o.workspaces))
	flags.Func("records", "to how many `numbers` of records of a workspace they push; a workspace gets more records when a number first needs them (default 1000,20)", numbers(&o.counts))
	flags.IntVar(&o.rounds, "rounds", 3, "how often each combination is measured")
	flags.DurationVar(&o.slice, "for", 2*time.Second, "how `long` a server is measured in a round")
	flags.IntVar(&o.pulled, "pull", 5250, "how many `records` a new device pulls; 0 to measure neither pulls nor live events")
	flags.StringVar(&o.dir, "dir", "", "the `folder` for the data of the servers; the default is the folder for temporary files")
	return o, flags.Parse(args)
}

// numbers parses a list of numbers.
func numbers(list *[]int) func(string) error {
	return func(text string) error {
		*list = nil
		for word := range strings.SplitSeq(text, ",") {
			n, err := strconv.Atoi(word)
			if err != nil || n < 1 {
				return fmt.Errorf("%q is not a positive number", word)
			}
			*list = append(*list, n)
		}
		return nil
	}
}

// run starts the servers, measures them, and stops them.
func run(ctx context.Context, o options) error {
	targets, stop, err := start(ctx, o)
	defer stop()
	if err != nil {
		return err
	}
	fmt.Printf("%d processors, %d rounds of %v on each server\n", runtime.NumCPU(), o.rounds, o.slice)
	for _, clients := range o.clients {
		for _, workspaces := range o.workspaces {
			for _, records := range o.counts {
				c := cell{clients, workspaces, records}
				if err := c.measure(ctx, o, targets); err != nil {
					return err
				}
			}
		}
	}
	if o.pulled == 0 {
		return nil
	}
	if err := measurePulls(ctx, o, targets); err != nil {
		return err
	}
	return measureLive(ctx, o, targets)
}
