package server

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// Options configure a Server.
type Options struct {
	// Guard says who may write what; see merge.Guard. Nil permits all.
	Guard merge.Guard
	// Rules say what makes no sense. Nil means that nothing is flagged.
	Rules *violation.Checker
	// Open is a workspace that anybody may join who can reach the server. If it is "",
	// all need an invitation.
	Open string
	// Journal says whether pushes are kept for examples/replay, with all that users wrote.
	Journal bool
	// Log is where decisions are logged; nil means slog.Default.
	Log *slog.Logger
	// Now is the wall clock by which stamps are judged; nil means time.Now.
	Now func() time.Time
}

// Server answers clients over one Database. It may be used from any number of
// goroutines, and with other servers on the same Database.
type Server struct {
	options  Options // with nothing left out
	database *Database
	engine   merge.Engine
	tokens   tokens
	feed     feed
	uploads  slots // for pushes that are read
	lanes    lanes
	turns    slots         // for pushes that are worked on
	stopped  chan struct{} // is closed when Watch has ended
}

// The limits of a push. How much memory pushes take follows from them: a body for each
// upload, and up to 20 times as much for each of the few whose turn it is, beside the
// records that they are about.
const (
	maxBody    = 4 << 20
	maxItems   = 1000
	maxValue   = 64 << 10
	maxRecord  = 1 << 20 // of a stored record: it must not grow with each push
	maxUploads = 64
	maxTurns   = 4                // on PostgreSQL; SQLite has one writer
	patience   = 30 * time.Second // of a push, with other pushes and the database
)

// slots are places, of which each is taken by one at a time.
type slots chan struct{}

// take waits for a place.
func (s slots) take(ctx context.Context) error {
	select {
	case s <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// give gives a place back.
func (s slots) give() { <-s }

// lanes has a place for each workspace, so that of its pushes only one waits for the lock
// in the database with a turn in its hands: the others would keep the turns from other
// workspaces. A workspace that was seen once costs a few bytes.
type lanes struct {
	mu   sync.Mutex
	lane map[string]slots
}

// of returns the place of a workspace.
func (l *lanes) of(workspace string) slots {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lane[workspace] == nil {
		l.lane[workspace] = make(slots, 1)
	}
	return l.lane[workspace]
}

// New returns a Server. Its Watch should be running.
func New(ctx context.Context, d *Database, o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rules == nil {
		o.Rules = new(violation.Checker)
	}
	key, err := d.secret(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the secret: %w", err)
	}
	turns := 1
	if d.postgres {
		turns = maxTurns
	}
	return &Server{
		options: o, database: d, tokens: tokens{[]byte(key)},
		engine: merge.Engine{Guard: o.Guard, Limits: record.Limits{
			Bytes: maxBody, Items: maxItems, Fields: 200, Value: maxValue, Name: 200,
		}},
		feed:    feed{seqs: make(map[string]int64), changed: make(chan struct{})},
		uploads: make(slots, maxUploads),
		lanes:   lanes{lane: make(map[string]slots)},
		turns:   make(slots, turns),
		stopped: make(chan struct{}),
	}, nil
}
