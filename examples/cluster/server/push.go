package server

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
)

// pushTimeout is how long a push may take.
const pushTimeout = 10 * time.Second

// Push implements [syncserver.Backend]. After an error of the status 503 the batch may be stored, and the client sends
// it again. The outcome names no stored writes that are too far ahead: to find them, it would have to read all
// records.
func (s *Server) Push(ctx context.Context, m syncserver.Sender, p syncserver.Pushed) (out syncserver.Outcome, err error) {
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	give, err := s.turns.take(ctx, m.Workspace)
	if err != nil {
		return out, unavailable(err)
	}
	defer give()
	items, err := p.Items(s.engine.Decode)
	if err != nil {
		return out, syncserver.Malformed(err)
	}
	if err := s.checkEpoch(ctx, p.Cursor); err != nil {
		return out, err
	}
	push := s.engine.Prepare(merge.Request{Actor: m.Client, WholeItems: p.Whole, Wall: s.wall(), Items: items})
	first := push.Keys()[:min(len(push.Keys()), loadedAtOnce)]
	o := operation{m.Workspace, markKey(m.Workspace, m.Client), append(recordKeys(m.Workspace, first), userKey(m.Workspace, m.User))}
	charge := charges(p, len(items))
	out, err = commit(ctx, s, o, func(ctx context.Context, a *attempt) (out syncserver.Outcome, err error) {
		if out, err = a.apply(ctx, signedPush{push, m, p.Cursor}); err == nil {
			err = charge(a)
		}
		return out, err
	})
	if err == nil && out.Answer.Greatest > 0 {
		err = s.clock.Observe(out.Answer.Greatest)
	}
	return out, err
}

// charges returns a function that charges for a push of some items by its first attempt that can be stored. Attempts
// after conflicts are free.
func charges(p syncserver.Pushed, items int) func(*attempt) error {
	charged := false
	return func(a *attempt) error {
		if charged {
			return nil
		}
		charged = true
		cost := len(p.Body) + (items+len(a.scopes))*syncserver.CostOfItem + a.loaded
		for _, put := range a.puts {
			cost += len(put.Data)
		}
		return p.Budget.Charge(cost)
	}
}

// checkEpoch refuses a push of a client that does not know yet that the store was restored. Its own writes may be
// missing: it pulls first, and sends them again. The push is also refused if its cursor is above the head; see apply.
func (s *Server) checkEpoch(ctx context.Context, at buckets.Cursor) error {
	if at.Epoch() == "" {
		return nil
	}
	epoch, err := s.epochNow(ctx)
	if err != nil {
		return unavailable(err)
	}
	if at.Epoch() != epoch {
		return syncserver.EpochChanged()
	}
	return nil
}

// signedPush is a push, its sender, and the cursor of the sender.
type signedPush struct {
	*merge.Push
	by syncserver.Sender
	at buckets.Cursor
}

// apply decides about a push by what the attempt reads, and puts the result.
func (a *attempt) apply(ctx context.Context, p signedPush) (out syncserver.Outcome, err error) {
	if p.at.Epoch() != "" && p.at.Reached() > a.head { // the store was restored, and has its former incarnation
		return out, syncserver.EpochChanged()
	}
	stored, err := a.stored(ctx, p)
	if err != nil {
		return out, err
	}
	push := p.Push
	if stored.Fence > 0 || a.of != nil {
		push = syncserver.RefuseDropped(a.engine, push, &stored)
	}
	out.Push = push
	if out.Answer, err = push.Apply(stored); err != nil {
		return out, err
	}
	if out.Report, err = a.change(ctx, out.Answer.Updates); err != nil {
		return out, err
	}
	out.Told = readable(out.Report.Updates, stored.MayRead)
	for _, w := range out.Answer.Watermarks {
		if len(a.puts) > 0 || w.Time > stored.Watermarks[0].Time {
			if err := a.putMark(w.Client, w.Time); err != nil {
				return out, err
			}
		}
	}
	if len(a.puts) > store.MostPuts {
		return out, syncserver.TooLarge(fmt.Errorf("the push changes more than %d messages: push fewer items at once", store.MostPuts))
	}
	return out, nil
}

// stored returns what a push is applied to.
func (a *attempt) stored(ctx context.Context, p signedPush) (found merge.Stored, err error) {
	if err := a.loadRecords(ctx, p.Keys()); err != nil {
		return found, err
	}
	found.Records = make([]record.Record, len(p.Keys()))
	for i, key := range p.Keys() {
		r, err := a.record(key)
		if err != nil {
			return found, err
		}
		found.Records[i] = a.state.Fence.normal(r.Record)
	}
	var known mark
	if err := decode(a.entries[markKey(a.workspace, p.by.Client)], &known); err != nil {
		return found, err
	}
	found.Watermarks = []clock.Stamp{{Time: known.At, Client: p.by.Client}}
	found.Fence, found.Level = a.state.Fence.Stamp, a.state.Fence.Level
	u, err := decodeUser(a.entries[userKey(a.workspace, p.by.User)])
	if err != nil {
		return found, err
	}
	found.MayRead, found.MayWrite = a.rightsOf(actorOf(p.by, u))
	return found, nil
}
