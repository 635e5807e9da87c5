package server

import (
	"context"
	"slices"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
)

// careless is a store that replaces the messages of a kind whatever their sequence is.
type careless struct {
	Store
	kind store.Kind
}

func (c careless) Commit(ctx context.Context, b store.Batch) error {
	b.Puts = slices.Clone(b.Puts)
	for i, p := range b.Puts {
		if p.Key.Kind != c.kind {
			continue
		}
		now, err := c.Load(ctx, b.Workspace, []store.Key{p.Key})
		if err != nil {
			return err
		}
		b.Puts[i].After = now.Entries[0].Seq
	}
	if b.If.Key.Kind == c.kind {
		b.If = store.Entry{}
	}
	return c.Store.Commit(ctx, b)
}
