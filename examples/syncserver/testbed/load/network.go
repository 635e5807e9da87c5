package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
)

// network is a kind of network, and what the first sync of a new device should reach there.
type network struct {
	name     string
	bytes    int // a second, from the server to the device; 0 for as many as possible
	latency  time.Duration
	complete time.Duration // the goal until the device has all data
}

// networks are the networks that -network names. The first one is what Chromium calls Fast 3G.
var networks = []network{
	{"fast3g", 200_000, 150 * time.Millisecond, 3500 * time.Millisecond},
	{"broadband", 20_000_000 / 8, 20 * time.Millisecond, 1200 * time.Millisecond},
	{"loopback", 0, 0, 800 * time.Millisecond},
}

// bytesOfField is the goal for the bytes on the wire for each field.
const bytesOfField = 16.0

// networksNamed returns the named networks, or all of them for the name all.
func networksNamed(name string) ([]network, error) {
	if name == "all" {
		return networks, nil
	}
	i := slices.IndexFunc(networks, func(n network) bool { return n.name == name })
	if i < 0 {
		var names []string
		for _, n := range networks {
			names = append(names, n.name)
		}
		return nil, fmt.Errorf("-network: want all, %s", strings.Join(names, " or "))
	}
	return networks[i : i+1], nil
}

// firstSyncs fills the server with a realistic workspace and measures the first sync of a new device on each
// network, with a native device behind a throttled proxy.
func (r *run) firstSyncs(ctx context.Context, over []network) error {
	if err := r.fillRealistic(ctx); err != nil {
		return err
	}
	for _, n := range over {
		if err := r.firstSync(ctx, n); err != nil {
			return err
		}
	}
	// The measurement of the page, with the network emulation of Chromium, belongs here.
	return nil
}

// firstSync measures the first sync of a new device on a network.
func (r *run) firstSync(ctx context.Context, n network) error {
	var took []time.Duration
	var bytes int64
	fields := 0
	for range r.rounds {
		d, err := r.join(ctx)
		if err != nil {
			return err
		}
		p, err := throttled(r.server.URL, n)
		if err != nil {
			return err
		}
		d.Server = remote.Server{URL: p.url, HTTP: &http.Client{Transport: new(http.Transport)}}
		begin := time.Now()
		err = d.Pull(ctx)
		took = append(took, time.Since(begin))
		if bytes, fields = p.close(), numFields(d); err != nil {
			return err
		}
	}
	a := float64(bytes) / float64(fields)
	fmt.Printf("%s (%d bytes/s, %v): a new device has all data after %s, goal %v; %d bytes on the wire, %.1f for each of %d fields, goal %.0f%s\n",
		n.name, n.bytes, n.latency, spread(took), n.complete, bytes, a, fields, bytesOfField, missed(took[len(took)/2] > n.complete || a > bytesOfField))
	return nil
}

func missed(is bool) string {
	if is {
		return ": MISSED"
	}
	return ""
}

// numFields returns the number of fields that a device holds.
func numFields(d *remote.Client) (n int) {
	for _, table := range tables {
		for r := range d.Replica.Records(table) {
			n += r.Len()
		}
	}
	return n
}
