package server

import (
	"context"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// Edit makes a write of the server's own to a record: edit changes the record as it is stored at that moment, and
// may be called again after a conflict. The write wins over all that is stored, later writes win over it, and the
// rules see it like all others. The error wraps a *merge.Refusal if the record was erased or would become too
// large.
func (s *Server) Edit(ctx context.Context, workspace string, key record.Key, edit func(*record.Edit)) error {
	o := operation{workspace, markKey(workspace, s.id), []store.Key{store.RecordKey(workspace, key)}}
	_, err := commit(ctx, s, o, func(ctx context.Context, a *attempt) (struct{}, error) {
		return struct{}{}, a.edit(ctx, key, edit)
	})
	return err
}

// edit puts a write of the server's own.
func (a *attempt) edit(ctx context.Context, key record.Key, edit func(*record.Edit)) error {
	found, err := a.record(key)
	if err != nil {
		return err
	}
	// All that the clock observes is committed: it would keep a stamp of a write that was rolled back.
	if err := a.clock.Observe(max(latestOf(found.Record), a.state.told())); err != nil {
		return err
	}
	stamp := clock.Stamp{Time: a.clock.Now(), Client: a.Server.id}
	e := a.state.Fence.normal(found.Record).Edit(stamp)
	edit(e)
	m, err := e.Mutation()
	if err != nil {
		return err
	}
	answer, err := a.judge(m, stamp)
	if err != nil {
		return err
	}
	if _, err = a.change(ctx, answer.Updates); err != nil || len(a.puts) == 0 {
		return err
	}
	return a.putMark(stamp.Client, stamp.Time)
}

// judge applies a mutation of the server to the stored record. The server has all rights.
func (a *attempt) judge(m record.Mutation, stamp clock.Stamp) (merge.Answer, error) {
	engine := a.engine
	engine.Guard = nil
	push := engine.Prepare(merge.Request{Actor: stamp.Client, Wall: stamp.Time.Time(), Items: []record.Item{{Mutation: m}}})
	stored := merge.Stored{Fence: a.state.Fence.Stamp, Level: a.state.Fence.Level}
	for _, key := range push.Keys() {
		r, err := a.record(key)
		if err != nil {
			return merge.Answer{}, err
		}
		stored.Records = append(stored.Records, a.state.Fence.normal(r.Record))
	}
	answer, err := push.Apply(stored)
	if err == nil && answer.Results[0].Refusal != nil {
		err = answer.Results[0].Refusal
	}
	return answer, err
}
