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
}

// measure measures the combination on all servers in turn, and prints the result.
func (c cell) measure(ctx context.Context, o options, targets []*target) error {
	fmt.Printf("\n%s\n", c)
	var measured []*target
	clients := make(map[*target][]*client)
	for _, t := range targets {
		if c.workspaces > 1 && t.invite == nil {
			fmt.Printf("  %s: NOT MEASURED, because there are no invitations to its workspaces\n", t.name)
			continue
		}
		all, err := c.prepare(ctx, t)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		measured, clients[t] = append(measured, t), all
	}
	samples := make([]sample, len(measured))
	for range o.rounds {
		for i, t := range measured {
			if err := c.slice(ctx, o.slice, clients[t], &samples[i]); err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
		}
	}
	for _, t := range measured {
		for _, w := range t.workspaces[:c.workspaces] {
			if err := w.check(ctx); err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
		}
	}
	printTable(measured, samples)
	return nil
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

// slice lets the clients push for a while, and adds the result to a sample.
func (c cell) slice(ctx context.Context, d time.Duration, clients []*client, s *sample) error {
	took := make([][]time.Duration, c.clients)
	counts := make([]refused, c.clients)
	failed := make([]error, c.clients)
	begin := time.Now()
	var working sync.WaitGroup
	for i := range c.clients {
		working.Go(func() {
			counts[i] = make(refused)
			for turn := i; time.Since(begin) < d && failed[i] == nil; turn += c.clients {
				if turn >= len(clients) {
					turn = i // no two goroutines share a client
				}
				var one time.Duration
				one, failed[i] = clients[turn].edit(ctx, c.records, counts[i])
				took[i] = append(took[i], one)
			}
		})
	}
	working.Wait()
	passed := time.Since(begin)
	pushes := 0
	if s.refused == nil {
		s.refused = make(refused)
	}
	for i := range c.clients {
		if failed[i] != nil {
			return failed[i]
		}
		pushes += len(took[i])
		s.took = append(s.took, took[i]...)
		for status, n := range counts[i] {
			s.refused[status] += n
		}
	}
	s.rates = append(s.rates, float64(pushes)/passed.Seconds())
	return nil
}
