// Command load measures the sync server: how long a new device takes to load the data of a team,
// how many bytes that is, and how long pushes take when many devices push at once.
//
//	go run ./testbed/load
//
// It starts a server in a separate process, on a new SQLite database or on the database that -db
// names, and connects to it over the loopback interface. With -server it measures a server that
// is already running. If Chromium is installed, it measures the page as well.
//
// With -network it measures the first sync of a new device on a slow network instead, with a workspace of
// realistic texts and stamps:
//
//	go run ./testbed/load -network all
//
// The networks are fast3g (200,000 bytes/s and 150 ms), broadband (20 Mbit/s and 20 ms) and loopback. For a native
// device, a proxy on the loopback interface delays what the server sends; for the page, Chromium emulates the network.
// Each figure is printed with its goal. The command fails if the goal for a number of bytes or requests is missed.
// It does not fail if the goal for a time is missed, because other programs on the machine take time as well.
//
// With -earlier it compares an earlier build of the server with the present one, when many clients push to one workspace:
//
//	go build -o /tmp/earlier . # at the earlier commit
//	go run ./testbed/load -earlier /tmp/earlier -tasks 1000
//
// The two servers take turns, each with a database of its own: an SQLite file, or a schema of the PostgreSQL
// database that -db names. First one client pushes, then as many as -clients says.
//
// With -year it shows how much a team stores in a year:
//
//	go run ./testbed/load -year
//
// It simulates a year in virtual time on new SQLite databases, without a retention and with one of 90
// days, at both levels of purging. It fails if more is stored at the end than the live data, what the
// retention keeps, and, at level 1, 200 bytes for each deleted record.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/browser"
	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/process"
)

func main() {
	var r run
	database := flag.String("db", "", "the `database` for the server to start; empty for a new SQLite file")
	flag.StringVar(&r.server.URL, "server", "", "the `URL` of a server that is already running")
	flag.IntVar(&r.tasks, "tasks", 5000, "how many tasks the team has")
	flag.IntVar(&r.clients, "clients", 50, "how many clients push at once")
	flag.IntVar(&r.unread, "unread", 0, "how many pulls to start at once without reading their answers")
	flag.IntVar(&r.rounds, "rounds", 7, "how many times to measure a new device")
	over := flag.String("network", "", "measure only the first sync of a new device on this `network`, in a browser as well: fast3g, broadband, loopback or all")
	earlier := flag.String("earlier", "", "compare pushes to one workspace with this `program`, an earlier build of the server")
	year := flag.Bool("year", false, "simulate a year with and without a retention instead, and measure the storage")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), usage)
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	measure := func(dir string) error { return r.measureAll(ctx, *database, dir) }
	if *over != "" {
		var err error
		if r.networks, err = networksNamed(*over); err != nil {
			fmt.Fprintln(os.Stderr, "load:", err)
			os.Exit(2)
		}
	}
	if *earlier != "" {
		measure = func(dir string) error { return r.compare(ctx, *earlier, *database, dir) }
	}
	if *year {
		measure = func(dir string) error { return years(ctx, dir) }
	}
	if err := inDirectory(measure); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

const usage = `usage: go run ./testbed/load [flags]

Measures the sync server, and the page if Chromium is installed. Without flags, load builds the
server and starts it on a new database.

`

// inDirectory calls f with a temporary directory.
func inDirectory(f func(dir string) error) error {
	dir, err := os.MkdirTemp("", "load")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	return f(dir)
}

// run is one measurement of a server.
type run struct {
	server                 remote.Server
	process                *process.Process // nil if the server was already running
	tasks, clients, rounds int
	unread                 int       // how many pulls to leave unread
	networks               []network // on which to measure the first sync; nil to measure all else
}

// measureAll runs all measurements, and prints a line for each.
func (r *run) measureAll(ctx context.Context, database, dir string) error {
	if r.server.URL == "" {
		if database == "" {
			database = filepath.Join(dir, "load.db")
		}
		fmt.Fprintln(os.Stderr, "load: building the server, which takes a minute or two the first time")
		program, err := process.Build()
		if err != nil {
			return err
		}
		defer program.Remove()
		if r.process, err = program.Start(database, "-journal=false"); err != nil {
			return err
		}
		defer r.process.Kill()
		r.server.URL = "http://" + r.process.Address
	}
	if r.networks != nil {
		return r.firstSyncs(ctx, r.networks)
	}
	for _, measure := range []func(context.Context) error{r.fill, r.sizes, r.unreadPulls, r.native, r.page, r.fanIn} {
		if err := measure(ctx); err != nil {
			return err
		}
		if r.process != nil {
			fmt.Printf("    peak memory of the server: %d MB\n", r.process.Memory())
		}
	}
	return nil
}

// join returns a new device that has joined the workspace.
func (r *run) join(ctx context.Context) (*remote.Client, error) {
	m, err := r.server.Join(ctx, "demo", "")
	if err != nil {
		return nil, err
	}
	device, err := replica.Open(replica.Options{ID: m.ClientID})
	return &remote.Client{Server: r.server, Token: m.Token, Replica: device}, err
}

// fill pushes the records of the workspace.
func (r *run) fill(ctx context.Context) error {
	d, err := r.join(ctx)
	if err != nil {
		return err
	}
	records := workspace(r.tasks)
	for _, w := range records {
		if err := d.Replica.Edit(w.key, w.fields); err != nil {
			return err
		}
	}
	begin := time.Now()
	if err := d.Sync(ctx); err != nil {
		return err
	}
	fmt.Printf("one client pushed %d records in %d ms\n", len(records), time.Since(begin).Milliseconds())
	return nil
}

// native measures how long a new native device takes to load the workspace.
func (r *run) native(ctx context.Context) error {
	var took []time.Duration
	for range r.rounds {
		d, err := r.join(ctx)
		if err != nil {
			return err
		}
		begin := time.Now()
		if err := d.Sync(ctx); err != nil {
			return err
		}
		took = append(took, time.Since(begin))
	}
	fmt.Printf("a new native device: workspace loaded after %s\n", spread(took))
	return nil
}

// page measures how long the page takes from its first request for data until it shows everything,
// in a running browser that has never opened the page. It measures the page with one device, and
// with two devices, which take turns on one thread.
func (r *run) page(ctx context.Context) error {
	b, err := browser.Start(ctx)
	if errors.Is(err, browser.ErrMissing) {
		fmt.Println("a new device in a browser: NOT MEASURED:", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer b.Close()
	for _, p := range []opening{{"a new device in a browser", "/?only=left", 1}, {"two new devices on one page", "/", 2}} {
		var took []time.Duration
		for i := range 1 + r.rounds {
			ms, err := r.open(b, p)
			if err != nil {
				return err
			}
			if i > 0 { // in the first round, the browser is still starting
				took = append(took, time.Duration(ms*float64(time.Millisecond)))
			}
		}
		fmt.Printf("%s: everything shown after %s\n", p.what, spread(took))
	}
	return nil
}

// opening is a page to open and measure.
type opening struct {
	what, path string
	devices    int
}

// open opens a page and returns how long its slowest device took, in milliseconds.
func (r *run) open(b *browser.Browser, p opening) (float64, error) {
	tab, err := b.OpenFresh(r.server.URL + p.path)
	if err != nil {
		return 0, err
	}
	defer tab.Close()
	const times = `[...document.querySelectorAll("[data-first-sync-ms]")].map(e => Number(e.dataset.firstSyncMs))`
	if err := tab.Wait(fmt.Sprintf("%s.length === %d", times, p.devices)); err != nil {
		return 0, err
	}
	return browser.Eval[float64](tab, "Math.max(..."+times+")")
}

// spread returns the median, the minimum and the maximum of the durations, as text.
func spread(took []time.Duration) string {
	slices.Sort(took)
	ms := func(i int) int64 { return took[i].Milliseconds() }
	return fmt.Sprintf("%d ms (%d–%d ms, %d rounds)", ms(len(took)/2), ms(0), ms(len(took)-1), len(took))
}
