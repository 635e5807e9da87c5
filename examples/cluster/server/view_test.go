package server

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/examples/cluster/memory"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
	"github.com/fieldlww/fieldlww/violation/violationtest"
)

// replace stores records in place of the stored ones, and checks nothing.
func replace(ctx context.Context, s *Server, records ...record.Record) error {
	o := operation{workspace: workspace, marker: markKey(workspace, s.id)}
	for _, r := range records {
		o.keys = append(o.keys, store.RecordKey(workspace, r.Key()))
	}
	_, err := commit(ctx, s, o, func(ctx context.Context, a *attempt) (struct{}, error) {
		var updates []merge.Update
		for _, r := range records {
			updates = append(updates, merge.Update{After: r})
		}
		if err := a.save(updates); err != nil {
			return struct{}{}, err
		}
		if err := a.index(ctx, updates); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, a.putMark(s.id, 0)
	})
	return err
}

func TestViewAnswersLikeAViewInMemory(t *testing.T) {
	require.NoError(t, violationtest.TestView(func(c *violation.Checker, records []record.Record) (violation.View, error) {
		s, err := New(memory.New(), Options{})
		if err != nil {
			return nil, err
		}
		s.rules = c
		for _, r := range records {
			if err := replace(t.Context(), s, r); err != nil {
				return nil, err
			}
		}
		return &view{attempt: s.newAttempt(workspace)}, nil
	}))
}
