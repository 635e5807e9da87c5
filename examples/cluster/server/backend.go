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

// Backend returns what serves the protocol of examples/syncserver on the Server.
func (s *Server) Backend() syncserver.Backend { return backend{s} }

// backend adapts a Server.
type backend struct{ *Server }

func memberOf(m syncserver.Sender) Member { return Member{m.Workspace, m.User, m.Client} }

// Admit implements syncserver.Backend.
func (b backend) Admit(ctx context.Context, a Account) error {
	return unavailable(b.Server.Admit(ctx, a))
}

// Owns implements syncserver.Backend.
func (b backend) Owns(ctx context.Context, a Account) (bool, error) {
	view, err := b.store.Load(ctx, "", []store.Key{clientKey(a.Client)})
	if err != nil {
		return false, unavailable(err)
	}
	var found owner
	err = decode(view.Entries[0], &found)
	return found.Workspace == a.Workspace && found.User == a.User, err
}

// Push implements syncserver.Backend. It names no stored writes that are too far ahead: to find them, it would have to
// read all records.
func (b backend) Push(ctx context.Context, m syncserver.Sender, p syncserver.Pushed) (syncserver.Outcome, error) {
	out, err := b.Server.Push(ctx, memberOf(m), Push{Body: p.Body, Whole: p.Whole, At: p.Cursor, Charge: p.Budget.Charge})
	return syncserver.Outcome{Answer: out.Answer, Report: out.Report, Told: out.Told}, err
}

// Snapshot implements syncserver.Backend.
func (b backend) Snapshot(ctx context.Context, p *syncserver.Page) (syncserver.Snapshot, error) {
	records, bytes := p.Bounds()
	r, err := b.readPage(ctx, memberOf(p.Sender), bounds{p.Cursor, int(min(p.Limit, records)), bytes})
	if err != nil {
		return syncserver.Snapshot{}, err
	}
	now := syncserver.Snapshot{
		Snapshot: r.now, Purged: r.state.Fence.Stamp, Level: r.state.Fence.Level,
		Sampled: r.state.told(), More: r.more, Reached: r.reached,
	}
	now.Seq = max(now.Seq, r.reached)
	for _, f := range r.found {
		if f.Seq > 0 {
			now.Records = append(now.Records, syncserver.Found{Record: f.stored, Seq: f.Seq, Under: r.under(f)})
		}
	}
	return now, nil
}

// under returns the buckets in which the client has, or had, a record that was found, as a JSON array.
func (r *reading) under(f Found) string {
	if r.of == nil {
		return ""
	}
	text, _ := json.Marshal(append(slices.Clone(f.In), f.left...)) // names always have a JSON form
	return string(text)
}

// Members implements syncserver.Backend.
func (b backend) Members(ctx context.Context, m syncserver.Sender, bucket *string) ([]syncserver.Member, error) {
	all, err := b.Server.Members(ctx, memberOf(m), bucket, syncserver.MaxMembers)
	return membersOf(all), err
}

// ChangeMember implements syncserver.Backend.
func (b backend) ChangeMember(ctx context.Context, c syncserver.MemberChange) error {
	asked := Membership{User: c.User, Bucket: c.Bucket, Role: c.Role}
	return b.Server.ChangeMember(ctx, memberOf(c.By), asked, func(a Actor, all []Membership) error { return c.Permit(a, membersOf(all)) })
}

func membersOf(all []Membership) []syncserver.Member {
	members := make([]syncserver.Member, len(all))
	for i, m := range all {
		members[i] = syncserver.Member(m)
	}
	return members
}

// Follow implements syncserver.Backend.
func (b backend) Follow(ctx context.Context, m syncserver.Sender) (names []string, seq int64, err error) {
	return b.Server.Follow(ctx, memberOf(m))
}

// Check implements syncserver.Backend.
func (b backend) Check(ctx context.Context) (unchecked []string, err error) {
	err = b.store.Health(ctx)
	if errors.Is(err, store.ErrUnknown) || errors.Is(err, context.DeadlineExceeded) {
		return nil, syncserver.Down(&told{store.ErrUnavailable, err})
	}
	return nil, unavailable(err)
}

// Watch implements syncserver.Backend. A minute after it begins and then each hour, it calls Retain.
func (b backend) Watch(ctx context.Context, report func(syncserver.News)) {
	retaining := make(chan struct{})
	go func() {
		defer close(retaining)
		b.retainHourly(ctx)
	}()
	err := b.store.Watch(ctx, func(c store.Change) { b.report(c, report) })
	if ctx.Err() == nil {
		b.options.Log.ErrorContext(ctx, "changes are not reported any longer", "err", err)
	}
	<-retaining
}

// report reports a change. A change that may be of users is for all users: the store does not say which.
func (b backend) report(c store.Change, report func(syncserver.News)) {
	if c.Any {
		b.known.forget()
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
