package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/fieldlww/fieldlww/examples/syncserver/replica"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
)

// measurePulls measures how long a new device takes to pull the open workspace and to read all of it.
func measurePulls(ctx context.Context, o options, targets []*target) error {
	took := make([][]time.Duration, len(targets))
	for _, t := range targets {
		w, err := t.workspace(ctx, 0)
		if err == nil {
			err = w.prepare(ctx, o.pulled)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	for range o.rounds {
		for i, t := range targets {
			device, err := replica.Open(replica.Options{ID: t.workspaces[0].reader.Replica.ID()})
			if err != nil {
				return err
			}
			c := &remote.Client{Server: t.server, Token: t.workspaces[0].reader.Token, Replica: device}
			begin := time.Now()
			if err := c.Pull(ctx); err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
			took[i] = append(took[i], time.Since(begin))
		}
	}
	printTimes(fmt.Sprintf("a new device pulls %d records", targets[0].workspaces[0].filled), targets, took)
	return nil
}

// livePushes is how many pushes of a round another device waits for.
const livePushes = 20

// measureLive measures how long after the acknowledgement of a push another device is told that there is news, and
// how long its pull takes then. The event may come first; the duration is then negative.
func measureLive(ctx context.Context, o options, targets []*target) error {
	ctx, cancel := context.WithCancel(ctx) // ends the event streams
	defer cancel()
	events, pulls := make([][]time.Duration, len(targets)), make([][]time.Duration, len(targets))
	streams := make([]<-chan time.Time, len(targets))
	for i, t := range targets {
		var err error
		if streams[i], err = t.events(ctx); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	for range o.rounds {
		for i, t := range targets {
			for range livePushes {
				event, pull, err := t.news(ctx, streams[i])
				if err != nil {
					return fmt.Errorf("%s: %w", t.name, err)
				}
				events[i], pulls[i] = append(events[i], event), append(pulls[i], pull)
			}
		}
	}
	printTimes("from the acknowledgement of a push to the event on another device", targets, events)
	printTimes("a device pulls one change", targets, pulls)
	for _, t := range targets {
		if err := t.workspaces[0].check(ctx); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return nil
}

// news pushes once, and returns how long after the acknowledgement the event came, and how long the pull takes.
func (t *target) news(ctx context.Context, events <-chan time.Time) (event, pull time.Duration, err error) {
	pusher, err := t.workspaces[0].client(ctx, t, 0)
	if err != nil {
		return 0, 0, err
	}
	for quiet := false; !quiet; { // the event of an earlier push may still be on its way
		select {
		case <-events:
		case <-time.After(20 * time.Millisecond):
			quiet = true
		}
	}
	if _, err := pusher.edit(ctx, t.workspaces[0].filled, make(refused)); err != nil {
		return 0, 0, err
	}
	acknowledged := time.Now()
	select {
	case at, ok := <-events:
		if !ok {
			return 0, 0, errors.New("the event stream has ended")
		}
		event = at.Sub(acknowledged)
	case <-time.After(30 * time.Second):
		return 0, 0, errors.New("no event came within 30 s of a push")
	}
	begin := time.Now()
	err = t.workspaces[0].reader.Pull(ctx)
	return event, time.Since(begin), err
}

// events returns the times at which events of the open workspace come.
func (t *target) events(ctx context.Context) (<-chan time.Time, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, t.server.URL+"/v1/events", nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+t.workspaces[0].reader.Token)
	response, err := t.server.HTTP.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, fmt.Errorf("events: %s", response.Status)
	}
	times := make(chan time.Time, 1000)
	go func() {
		defer response.Body.Close()
		defer close(times)
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "data:") {
				times <- time.Now()
			}
		}
	}()
	return times, nil
}

// printTimes prints the quantiles of durations for each server.
func printTimes(title string, targets []*target, took [][]time.Duration) {
	fmt.Printf("\n%s\n", title)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  \tp50\tp99\tmax\tmeasured")
	for i, t := range targets {
		slices.Sort(took[i])
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%d times\n", t.name, milliseconds(quantile(took[i], 0.5)),
			milliseconds(quantile(took[i], 0.99)), milliseconds(quantile(took[i], 1)), len(took[i]))
	}
	w.Flush()
}
