package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
)

// lookEvery is the time between two looks at the nodes of the stream.
const lookEvery = 5 * time.Second

// looksToReport is in how many looks in a row a node must be away to be reported: under load, a node lags for moments.
const looksToReport = 2

// lookout logs when a node of the stream goes away, and when it is back. Health answers 200 as long as a majority runs,
// so it does not show that the next loss would stop writes.
type lookout struct {
	log  *slog.Logger
	away map[string]int // in how many looks in a row a node was away
}

func newLookout(log *slog.Logger) *lookout { return &lookout{log, make(map[string]int)} }

// watch looks at the nodes until the context ends.
func (l *lookout) watch(ctx context.Context, s *store.Store) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		asking, cancel := context.WithTimeout(ctx, lookEvery)
		n, err := s.Nodes(asking)
		cancel()
		if err == nil { // without a leader, pushes and health report it
			l.see(n)
		}
	}
}

// see compares the nodes with the last look.
func (l *lookout) see(n store.Nodes) {
	for _, name := range slices.Sorted(maps.Keys(l.away)) {
		if slices.Contains(n.Away, name) {
			continue
		}
		if l.away[name] >= looksToReport {
			l.log.Info("a node of the stream is back", "node", name)
		}
		delete(l.away, name)
	}
	for _, name := range n.Away {
		if l.away[name]++; l.away[name] == looksToReport {
			l.log.Warn("a node of the stream does not answer: "+lossesLeft(n.Spare), "node", name)
		}
	}
}

func lossesLeft(spare int) string {
	if spare <= 0 {
		return "one more loss stops writes"
	}
	return fmt.Sprintf("writes stop when %d more are lost", spare+1)
}
