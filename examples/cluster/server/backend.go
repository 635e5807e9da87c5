package server

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/examples/cluster/store"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
)

var _ syncserver.Backend = (*Server)(nil)

// Owns implements [syncserver.Backend].
func (s *Server) Owns(ctx context.Context, a Account) (bool, error) {
	view, err := s.store.Load(ctx, "", []store.Key{clientKey(a.Client)})
	if err != nil {
		return false, unavailable(err)
	}
	var found owner
	err = decode(view.Entries[0], &found)
	return found.Workspace == a.Workspace && found.User == a.User, err
}

// Snapshot implements [syncserver.Backend].
func (s *Server) Snapshot(ctx context.Context, p *syncserver.Page) (syncserver.Snapshot, error) {
	records, bytes := p.Bounds()
	r, err := s.readPage(ctx, p.Sender, bounds{p.Cursor, int(min(p.Limit, records)), bytes})
	if err != nil {
		return syncserver.Snapshot{}, err
	}
	now := syncserver.Snapshot{
		Snapshot: r.now, Purged: r.state.Fence.Stamp, Level: r.state.Fence.Level,
		Sampled: r.state.told(), More: r.more, Reached: r.reached,
	}
	now.Seq = max(now.Seq, r.reached)
	for _, f := range r.found {
		if f.seq > 0 {
			now.Records = append(now.Records, syncserver.Found{Record: f.Record, Seq: f.seq, Under: r.under(f)})
		}
	}
	return now, nil
}

// under returns the buckets in which the client has, or had, a record that was found, as a JSON array.
func (r *reading) under(f found) string {
	if r.of == nil {
		return ""
	}
	text, _ := json.Marshal(append(slices.Clone(f.in), f.left...)) // names always have a JSON form
	return string(text)
}

// Check implements [syncserver.Backend].
func (s *Server) Check(ctx context.Context) (unchecked []string, err error) {
	err = s.store.Health(ctx)
	if errors.Is(err, store.ErrUnknown) || errors.Is(err, context.DeadlineExceeded) {
		return nil, syncserver.Down(&told{store.ErrUnavailable, err})
	}
	return nil, unavailable(err)
}

// Watch implements [syncserver.Backend]. A minute after it begins and then each hour, it calls Retain.
func (s *Server) Watch(ctx context.Context, report func(syncserver.News)) {
	retaining := make(chan struct{})
	go func() {
		defer close(retaining)
		s.retainHourly(ctx)
	}()
	err := s.store.Watch(ctx, func(c store.Change) { s.report(c, report) })
	if ctx.Err() == nil {
		s.options.Log.ErrorContext(ctx, "changes are not reported any longer", "err", err)
	}
	<-retaining
}

// report reports a change. A change that may be of users is for all users: the store does not say which.
func (s *Server) report(c store.Change, report func(syncserver.News)) {
	if c.Any {
		s.known.forget(c.Workspace)
	}
	n := syncserver.News{Workspace: c.Workspace, Seq: c.Seq, AllUsers: c.Any}
	if !c.Any {
		n.Buckets = make(map[string]bool, len(c.Buckets))
		for _, name := range c.Buckets {
			n.Buckets[name] = true
		}
	}
	if c.Any || len(n.Buckets) > 0 {
		report(n)
	}
}

// retainHourly calls Retain from time to time until the context ends.
func (s *Server) retainHourly(ctx context.Context) {
	for wait := time.Minute; pause(ctx, wait) == nil; wait = time.Hour {
		if err := s.Retain(ctx); err != nil && ctx.Err() == nil {
			s.options.Log.ErrorContext(ctx, "old data was not purged", "err", err)
		}
	}
}
