package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// cell is a combination to measure.
type cell struct{ clients, workspaces, records int }

// String returns the combination in words.
func (c cell) String() string {
	return fmt.Sprintf("%s, %s, %s in each", count(c.clients, "client"), count(c.workspaces, "workspace"), count(c.records, "record"))
}

func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprint(n, " ", thing)
}

// sample is what was measured on one server in the rounds so far.
type sample struct {
	rates   []float64 // pushes in a second, by round
	took    []time.Duration
	refused refused
	again   *int64 // how often the server itself has tried again; nil if it does not say
}

// measure measures the combination on all servers in turn, and prints the result.
func (c cell) measure(ctx context.Context, o options, targets []*target) error {
	fmt.Printf("\n%s\n", c)
	var turns []turn
	for _, t := range targets {
		if c.workspaces > 1 && t.invite == nil {
			fmt.Printf("  %s: NOT MEASURED, because there are no invitations to its workspaces\n", t.name)
			continue
		}
		clients, err := c.prepare(ctx, t)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		turns = append(turns, turn{t, clients, &sample{refused: make(refused)}})
	}
	for range o.rounds {
		for _, t := range turns {
			if err := c.round(ctx, o, t); err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
		}
	}
	for _, t := range turns {
		for _, w := range t.workspaces[:c.workspaces] {
			if err := w.check(ctx); err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
		}
	}
	printTable(turns)
	return nil
}

// turn is a server in one combination, with the clients that push to it, and what was measured so far.
type turn struct {
	*target
	clients []*client
	*sample
}

// round measures one server once.
func (c cell) round(ctx context.Context, o options, t turn) error {
	before := t.retries(ctx)
	if err := c.slice(ctx, o.slice, t); err != nil {
		return err
	}
	t.count(before, t.retries(ctx))
	return nil
}

// count adds the retries of a round.
func (s *sample) count(before, after *int64) {
	if before == nil || after == nil {
		return
	}
	if s.again == nil {
		s.again = new(int64)
	}
	*s.again += *after - *before
}

// prepare fills the workspaces of a server, and returns the clients that push to them.
func (c cell) prepare(ctx context.Context, t *target) (all []*client, err error) {
	for i := range max(c.clients, c.workspaces) {
		w, err := t.workspace(ctx, i%c.workspaces)
		if err != nil {
			return nil, err
		}
		member, err := w.client(ctx, t, i/c.workspaces)
		if err != nil {
			return nil, err
		}
		all = append(all, member)
	}
	for _, w := range t.workspaces[:c.workspaces] {
		if err := w.prepare(ctx, c.records); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// slice lets the clients push for a while, and adds the result to the sample.
func (c cell) slice(ctx context.Context, d time.Duration, t turn) error {
	took := make([][]time.Duration, c.clients)
	counts := make([]refused, c.clients)
	failed := make([]error, c.clients)
	begin := time.Now()
	var working sync.WaitGroup
	for i := range c.clients {
		working.Go(func() {
			counts[i] = make(refused)
			for at := i; failed[i] == nil && (len(took[i]) == 0 || time.Since(begin) < d); at += c.clients {
				if at >= len(t.clients) {
					at = i // no two goroutines share a client
				}
				var one time.Duration
				one, failed[i] = t.clients[at].edit(ctx, c.records, counts[i])
				took[i] = append(took[i], one)
			}
		})
	}
	working.Wait()
	passed := time.Since(begin)
	pushes := 0
	for i := range c.clients {
		if failed[i] != nil {
			return failed[i]
		}
		pushes += len(took[i])
		t.took = append(t.took, took[i]...)
		for status, n := range counts[i] {
			t.refused[status] += n
		}
	}
	t.rates = append(t.rates, float64(pushes)/passed.Seconds())
	return nil
}
