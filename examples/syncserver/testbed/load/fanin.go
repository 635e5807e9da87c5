package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/board"
	"github.com/fieldlww/fieldlww/examples/syncserver/replica/remote"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// What each client of a fan-in does.
const (
	pushes = 20
	edits  = 25 // in each push
)

// fanIn lets all clients push at once, all to the same tasks, and looks at whether all
// of them end with the same.
func (r *run) fanIn(ctx context.Context) error {
	clients := make([]*remote.Client, r.clients)
	for i := range clients {
		var err error
		if clients[i], err = r.join(ctx); err != nil {
			return err
		}
	}
	took := make([][]time.Duration, r.clients)
	failed := make([]error, r.clients)
	var all sync.WaitGroup
	begin := time.Now()
	for i, c := range clients {
		all.Go(func() { took[i], failed[i] = push(ctx, c, i) })
	}
	all.Wait()
	passed := time.Since(begin)
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	each := slices.Concat(took...)
	slices.Sort(each)
	fmt.Printf("%d clients have pushed at once: %d edits in %d ms, %.0f a second; a push took %d ms, and 99 of 100 at most %d ms\n",
		r.clients, r.clients*pushes*edits, passed.Milliseconds(), float64(r.clients*pushes*edits)/passed.Seconds(),
		each[len(each)/2].Milliseconds(), each[len(each)*99/100].Milliseconds())
	return sameShown(ctx, clients)
}

// push makes edits and pushes them, again and again, and returns how long each push took.
func push(ctx context.Context, c *remote.Client, client int) ([]time.Duration, error) {
	var took []time.Duration
	for n := range pushes {
		for i := range edits {
			key := record.Key{Table: board.Tasks, ID: id("shared", (client+n*edits+i)%200)}
			field := []string{board.Title, board.Status, board.Notes}[i%3]
			if err := c.Replica.Edit(key, map[string]record.Value{field: record.MustOf(fmt.Sprintf("%d by %d", n, client))}); err != nil {
				return nil, err
			}
		}
		begin := time.Now()
		if err := c.Push(ctx); err != nil {
			return nil, err
		}
		took = append(took, time.Since(begin))
	}
	return took, nil
}

// sameShown compares what clients show, after each has pulled.
func sameShown(ctx context.Context, clients []*remote.Client) error {
	var first merge.Digest
	for i, c := range clients {
		if err := c.Pull(ctx); err != nil {
			return err
		}
		digest := merge.Collect(slices.Collect(c.Replica.Records(board.Tasks))...).Digest()
		if i == 0 {
			first = digest
		}
		if digest != first {
			return fmt.Errorf("client %d shows something else than the first one", i)
		}
	}
	return nil
}
