package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/browser"
)

// network is a kind of network, and what the first sync of a new device should reach there.
type network struct {
	name     string
	bytes    int // a second, from the server to the device; 0 for as many as possible
	latency  time.Duration
	usable   time.Duration // the goal from the navigation of a browser until its user has edited something
	complete time.Duration // the goal from the first pull until the device has all data
}

// networks are the networks that -network names. The first one is what Chromium calls Fast 3G.
var networks = []network{
	{"fast3g", 200_000, 150 * time.Millisecond, 5000 * time.Millisecond, 3500 * time.Millisecond},
	{"broadband", 20_000_000 / 8, 20 * time.Millisecond, 1200 * time.Millisecond, 1200 * time.Millisecond},
	{"loopback", 0, 0, 800 * time.Millisecond, 800 * time.Millisecond},
}

// Goals for what is on the wire. A request has about 300 bytes of its own.
const (
	mostOfField = 16.0    // bytes of data for each field
	mostEarly   = 60_000  // bytes of the files of the page that are asked for before the first paint
	mostBytes   = 150_000 // bytes of all files of the page
	mostFiles   = 6
)

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
// network: of a native device behind a throttled proxy, and of the page in a browser.
func (r *run) firstSyncs(ctx context.Context, over []network) error {
	if err := r.fillRealistic(ctx); err != nil {
		return err
	}
	b, err := browser.Start(ctx)
	if err == nil {
		defer b.Close()
	} else if !errors.Is(err, browser.ErrMissing) {
		return err
	}
	var tooMuch error
	for _, n := range over {
		figures, err := r.firstSync(ctx, n)
		if err != nil {
			return err
		}
		if b != nil {
			visits, err := r.visits(b, n)
			if err != nil {
				return err
			}
			figures = append(figures, visits...)
		}
		title := fmt.Sprintf("%s: %d bytes/s, %v", n.name, n.bytes, n.latency)
		tooMuch = errors.Join(tooMuch, printFigures(os.Stdout, title, figures))
	}
	if b == nil {
		fmt.Println("the page in a browser: NOT MEASURED:", browser.ErrMissing)
	}
	return tooMuch
}

// firstSync measures the first sync of a native device on a network.
func (r *run) firstSync(ctx context.Context, n network) ([]figure, error) {
	var took []time.Duration
	var bytes int64
	fields := 0
	for range r.rounds {
		d, err := r.join(ctx)
		if err != nil {
			return nil, err
		}
		p, err := throttled(r.server.URL, n)
		if err != nil {
			return nil, err
		}
		d.Server = remote.Server{URL: p.url, HTTP: &http.Client{Transport: new(http.Transport)}}
		begin := time.Now()
		err = d.Pull(ctx)
		took = append(took, time.Since(begin))
		if bytes, fields = p.close(), numFields(d); err != nil {
			return nil, err
		}
	}
	return []figure{
		timed("a native device: all data", took, n.complete),
		counted("bytes of data", float64(bytes), 0),
		counted(fmt.Sprintf("  for each of %d fields", fields), float64(bytes)/float64(fields), mostOfField),
	}, nil
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
