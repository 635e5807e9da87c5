// Command cluster is the sync server of examples/syncserver on a cluster of NATS servers, which goes on when a node
// stops. It serves the same protocol and the same page.
//
//	go run .
//
// starts three nodes in this process, with their files in the folder cluster-data. This is for looking around: three
// processes, best on three machines, survive the loss of one.
//
//	go run . -secret key.txt -join 10.0.0.1:6222,10.0.0.2:6222,10.0.0.3:6222 -name a -route 10.0.0.1:6222
//
// runs one of three nodes, and a sync server next to it. Clients may use any of the servers.
//
//	go run . -nats nats://10.0.0.1:4222
//
// runs a sync server without a node. The commands are chaos, which kills nodes while clients push, renew, which
// does without a server what -renew does, and invite.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	s, err := parse(os.Args[1:], os.Stdout)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = s.command.run(ctx, s)
	}
	if err == nil || errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return
	}
	fmt.Fprintln(os.Stderr, "cluster:", err)
	if errors.Is(err, errUsage) {
		os.Exit(2)
	}
	os.Exit(1)
}

// command is a command of the program.
type command struct {
	name, words, about string
	run                func(context.Context, settings) error
}

// commands returns all commands, beginning with the server itself.
func commands() []command {
	return []command{
		{"", "", "serves the clients and the page", serve},
		{"chaos", "", "kills nodes while clients push, and checks what is stored", chaos},
		{"renew", "", "does what -renew does, without serving clients", renew},
		{"invite", "WORKSPACE [USER]", "prints an invitation link to a workspace, with the host of -addr", invite},
	}
}

// find returns the command that the words begin with, and its arguments.
func find(words []string) (command, []string, error) {
	name := ""
	if len(words) > 0 {
		name, words = words[0], words[1:]
	}
	for _, c := range commands() {
		if c.name != name {
			continue
		}
		if n := len(words); n > len(strings.Fields(c.words)) || c.words != "" && n == 0 {
			return c, nil, fmt.Errorf("%s takes %q, but got %q: %w", name, c.words, words, errUsage)
		}
		return c, words, nil
	}
	return command{}, nil, fmt.Errorf("unknown command %q: %w", name, errUsage)
}

// help prints the usage.
func help(out io.Writer, flags *flag.FlagSet) {
	for _, c := range commands() {
		fmt.Fprintf(out, "%-40s %s\n", strings.TrimSpace(fmt.Sprintf("cluster [flags] %s %s", c.name, c.words)), c.about)
	}
	fmt.Fprintln(out)
	flags.SetOutput(out)
	flags.PrintDefaults()
}
