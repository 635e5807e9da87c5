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

// What each client does in a fan-in.
const (
	pushes = 20
	edits  = 25 // in each push
)

// fanIn lets all clients push to the same tasks at once, and checks that all of them show the
// same records at the end.
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
	fmt.Printf("%d clients pushed at once: %d edits in %d ms, %.0f per second; a push took %d ms at the median, %d ms at the 99th percentile\n",
		r.clients, r.clients*pushes*edits, passed.Milliseconds(), float64(r.clients*pushes*edits)/passed.Seconds(),
		each[len(each)/2].Milliseconds(), each[len(each)*99/100].Milliseconds())
	return sameShown(ctx, clients)
}

// push edits tasks and pushes the edits, repeatedly, and returns how long each push took.
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

// sameShown lets each client pull, and returns an error if two clients show different tasks.
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
			return fmt.Errorf("client %d does not show the same tasks as client 0", i)
		}
	}
	return nil
}
