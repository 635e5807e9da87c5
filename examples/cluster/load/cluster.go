package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/ports"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/process"
)

// nodes is the number of nodes of the cluster. Each is a process with a sync server of its own.
const nodes = 3

// launchCluster starts a cluster with its files in a folder. The load goes to one of its servers, and the memory and
// the disk are of the same node.
func (l *launcher) launchCluster(folder string) (*target, error) {
	program, err := process.BuildAt(".")
	if err != nil {
		return nil, err
	}
	l.stops = append(l.stops, program.Remove)
	reserved, err := ports.Reserve(nodes + 1)
	if err != nil {
		return nil, err
	}
	l.stops = append(l.stops, reserved.Release)
	routes, client := reserved.Addresses[:nodes], reserved.Addresses[nodes]
	started, errs := make([]*process.Process, nodes), make([]error, nodes)
	var starting sync.WaitGroup // no node is ready before a majority is
	for i, route := range routes {
		name := fmt.Sprint("node", i+1)
		args := []string{"-dir", filepath.Join(folder, name), "-join", strings.Join(routes, ","), "-name", name, "-route", route}
		if i == 0 {
			args = append(args, "-client", client)
		}
		starting.Go(func() { started[i], errs[i] = program.Run(args...) })
	}
	starting.Wait()
	for _, p := range started {
		if p != nil {
			l.stops = append(l.stops, p.Kill)
		}
	}
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	t := newTarget(cluster, "http://"+started[0].Address)
	t.process, t.stored = started[0], func() (int64, error) { return sizeOf(filepath.Join(folder, "node1")) }
	t.invite = func(workspace string) (string, error) {
		return invitation(program, "invite", "-nats", "nats://"+client, workspace)
	}
	return t, nil
}
