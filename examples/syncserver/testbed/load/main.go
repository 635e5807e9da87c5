// Command load measures the sync server: how long a new device takes until it has the
// data of a team, how many bytes that is, and what happens if many devices push at once.
//
//	go run ./testbed/load
//
// It starts a server of its own, in a process of its own on a new SQLite database or on
// the one that -db names, and talks to it over the loopback interface. With -server it
// measures one that runs already. If Chromium is installed, the page is measured as well.
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
	database := flag.String("db", "", "the `database` of the server that is started; empty for a new file")
	flag.StringVar(&r.server.URL, "server", "", "the `URL` of a server that runs already")
	flag.IntVar(&r.tasks, "tasks", 5000, "how many tasks the team has")
	flag.IntVar(&r.clients, "clients", 50, "how many clients push at once")
	flag.IntVar(&r.unread, "unread", 0, "how many pulls to begin at once without reading their answers")
	flag.IntVar(&r.rounds, "rounds", 7, "how often a new device is measured")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := r.measureAll(ctx, *database); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// run is one measurement of a server.
type run struct {
	server                 remote.Server
	process                *process.Process // nil if it was there already
	tasks, clients, rounds int
	unread                 int // pulls
}

// measureAll measures everything, and prints a line for each figure.
func (r *run) measureAll(ctx context.Context, database string) error {
	dir, err := os.MkdirTemp("", "load")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if r.server.URL == "" {
		if database == "" {
			database = filepath.Join(dir, "load.db")
		}
		program, err := process.Build()
		if err != nil {
			return err
		}
		defer program.Remove()
		if r.process, err = program.Start(database); err != nil {
			return err
		}
		defer r.process.Kill()
		r.server.URL = "http://" + r.process.Address
	}
	for _, measure := range []func(context.Context) error{r.fill, r.sizes, r.unreadPulls, r.native, r.page, r.fanIn} {
		if err := measure(ctx); err != nil {
			return err
		}
		if r.process != nil {
			fmt.Printf("    the server has had %d MB at most\n", r.process.Memory())
		}
	}
	return nil
}

// join returns a new device.
func (r *run) join(ctx context.Context) (*remote.Client, error) {
	m, err := r.server.Join(ctx, "demo", "")
	if err != nil {
		return nil, err
	}
	device, err := replica.Open(replica.Options{ID: m.ClientID})
	return &remote.Client{Server: r.server, Token: m.Token, Replica: device}, err
}

// fill pushes the workspace.
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
	fmt.Printf("one client has pushed %d records in %d ms\n", len(records), time.Since(begin).Milliseconds())
	return nil
}

// native measures how long a new device takes until it has everything.
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
	fmt.Printf("a new device, native: all is there after %s\n", spread(took))
	return nil
}

// page measures how long the page takes in a browser that runs already and has never seen
// it, from the first request for data until all is shown: with one device, and with two,
// which take turns on one thread.
func (r *run) page(ctx context.Context) error {
	b, err := browser.Start(ctx)
	if errors.Is(err, browser.ErrMissing) {
		fmt.Println("in a browser: NOT MEASURED,", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer b.Close()
	for _, p := range []opening{{"a new device in a browser", "/?only=left", 1}, {"two of them on one page", "/", 2}} {
		var took []time.Duration
		for i := range 1 + r.rounds {
			ms, err := r.open(b, p)
			if err != nil {
				return err
			}
			if i > 0 { // the first time, the browser has just started
				took = append(took, time.Duration(ms*float64(time.Millisecond)))
			}
		}
		fmt.Printf("%s: all is shown after %s\n", p.what, spread(took))
	}
	return nil
}

// opening is a page to open.
type opening struct {
	what, path string
	devices    int
}

// open opens a page, and returns how long the slowest of its devices took, in milliseconds.
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

// spread returns the middle of some durations, and the ends.
func spread(took []time.Duration) string {
	slices.Sort(took)
	ms := func(i int) int64 { return took[i].Milliseconds() }
	return fmt.Sprintf("%d ms (%d–%d, %d times)", ms(len(took)/2), ms(0), ms(len(took)-1), len(took))
}
