package server

import (
	"context"
)

// sqlBackend is the Backend of a Server.
type sqlBackend struct {
	*Server
	database *Database
}

// Secret implements Backend.
func (b sqlBackend) Secret(ctx context.Context) (string, error) { return b.database.secret(ctx) }

// Admit implements Backend.
func (b sqlBackend) Admit(ctx context.Context, a Account) error { return b.admit(ctx, a) }

// Owns implements Backend.
func (b sqlBackend) Owns(ctx context.Context, a Account) (bool, error) { return b.owns(ctx, a) }

// Push implements Backend.
func (b sqlBackend) Push(ctx context.Context, m Sender, p Pushed) (Outcome, error) {
	return b.push(ctx, m, p)
}

// Snapshot implements Backend.
func (b sqlBackend) Snapshot(ctx context.Context, p *Page) (Snapshot, error) {
	now, err := b.nextSnapshot(ctx, p)
	if err == nil {
		b.journalReset(ctx, p, now)
	}
	return now, err
}

// Follow implements Backend.
func (b sqlBackend) Follow(ctx context.Context, m Sender) (buckets []string, seq int64, err error) {
	return b.database.follow(ctx, m)
}

// Members implements Backend.
func (b sqlBackend) Members(ctx context.Context, m Sender, bucket *string) ([]Member, error) {
	return b.database.membersFor(ctx, m, bucket)
}

// ChangeMember implements Backend.
func (b sqlBackend) ChangeMember(ctx context.Context, c MemberChange) error {
	return b.changeByRequest(ctx, c)
}

// Check implements Backend.
func (b sqlBackend) Check(ctx context.Context) (unchecked []string, err error) {
	if err := b.database.probe(ctx); err != nil {
		return nil, err
	}
	return b.database.unchecked(ctx)
}

// Watch implements Backend. It tells the feed itself, because it compares with what the feed knows.
func (b sqlBackend) Watch(ctx context.Context, _ func(News)) { b.watch(ctx) }
