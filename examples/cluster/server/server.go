package server

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/cluster/store"
	syncserver "github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// Store holds the messages of all workspaces. Package store implements it on JetStream, and package memory in
// memory.
type Store interface {
	// Load returns the messages of some keys of a workspace, as they were at one moment, and the head. It knows
	// of everything that was committed before it was called.
	Load(ctx context.Context, workspace string, keys []store.Key) (store.View, error)
	// Commit stores a batch as a whole, or nothing of it. See the errors of package store.
	Commit(ctx context.Context, b store.Batch) error
	// After returns records with the sequences after a position. The end is the head.
	After(ctx context.Context, workspace string, seq int64, limit int) (store.Page, error)
	// List returns messages of another kind, but neither records nor the state. The newest may be missing.
	List(ctx context.Context, workspace string, kind store.Kind, seq int64, limit int) (store.Page, error)
	// Workspaces returns the names of all workspaces, sorted. The newest may be missing.
	Workspaces(ctx context.Context) ([]string, error)
	// Watch reports changes until the context ends.
	Watch(ctx context.Context, f func(store.Change)) error
	// Delete deletes messages that were not replaced since they were read.
	Delete(ctx context.Context, entries []store.Entry) error
	// Incarnation names the history of the sequences. It changes when the store is restored from a backup.
	Incarnation(ctx context.Context) (string, error)
	// Health returns nil if batches can be stored.
	Health(ctx context.Context) error
}

// Options configure a Server.
type Options struct {
	// Guard decides who may write what; see merge.Guard. Nil permits everything. In the table violations, clients may only
	// write what violation.Guard permits.
	Guard merge.Guard
	// MayWrite decides about the items that Guard and Buckets permit, and may look at the record; see
	// merge.Stored. Nil permits everything.
	MayWrite func(a Actor, seen, after record.Record, m record.Mutation) error
	// Rules checks merged records for violations. Nil means that nothing is flagged. Rules.Table and Rules.Buckets have no
	// effect. Do not change the scopes of a rule: the lists of its scopes would not be rebuilt.
	Rules *violation.Checker
	// Buckets divides the records of each workspace among the clients. Nil puts every record in the one bucket "".
	// It is not asked about violation rows, which are in the buckets of the record that they are about. It must
	// never change, because the buckets that records have left are stored.
	Buckets buckets.Func
	// TableMaxRecord is the maximum size of a record, by table, in bytes. The default is 256 KiB.
	TableMaxRecord map[string]int
	// Retention is how long deleted data is kept. Zero means 90 days. With a negative value, Retain does nothing.
	Retention time.Duration
	// PurgeLevel says what is kept of a deleted record after the Retention; see merge.Purge. Zero means 1. A
	// workspace that has reached level 2 stays there.
	PurgeLevel int
	// Closed says that a new user has no bucket until one is granted. Otherwise a new user becomes a writer of the
	// bucket "".
	Closed bool
	// Log receives failures; nil means slog.Default.
	Log *slog.Logger
	// Now returns the wall clock time by which stamps are judged; nil means time.Now.
	Now func() time.Time
}

// Server serves the clients of one Store. It is safe for concurrent use, and any number of servers may use the
// same Store.
type Server struct {
	options  Options // with all defaults set
	store    Store
	engine   merge.Engine
	rules    *violation.Checker // nil if there are none
	of       buckets.Func       // knows violation rows
	id       clock.ClientID     // of the server's own writes
	clock    *clock.Clock       // of the server's own writes
	attempts int                // of an operation
	quietFor time.Duration      // see quiet.go
	retries  atomic.Int64       // attempts that have stored nothing
	known    cache
	epoch    epoch
	turns    *turns // of pushes
}

// Retries returns how many attempts have stored nothing since the Server was made, because another operation had
// changed what they depend on, or because their outcome was unknown. Each was followed by another attempt, unless the
// operation has failed.
func (s *Server) Retries() int64 { return s.retries.Load() }

// The limits of a push, besides the limits of items. All sizes are in bytes.
const (
	maxLoaded    = 16 << 20             // all stored records that a push writes to, or that a rule reads
	maxListed    = 8 << 20              // all lists of scopes that a push reads, and puts again
	loadedAtOnce = 64                   // records or lists; so not much more than these limits is read
	maxDerived   = store.MostPuts - 100 // the messages of one record with its rows and scopes
)

const defaultRetention = 90 * 24 * time.Hour

// New returns a Server.
func New(s Store, o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Retention == 0 {
		o.Retention = defaultRetention
	}
	switch o.PurgeLevel {
	case 0:
		o.PurgeLevel = 1
	case 1, 2:
	default:
		return nil, errors.New("the option PurgeLevel must be 0, 1 or 2")
	}
	// No bound: the clock observes only stamps that a push has admitted.
	c, err := clock.New(clock.Options{Now: o.Now, MaxAhead: -1})
	if err != nil {
		return nil, err
	}
	return &Server{
		options: o, store: s, rules: rulesOf(o), of: withRows(o.Buckets), id: clock.ClientID(uuid.New()), clock: c, attempts: maxAttempts, quietFor: quietFor,
		turns:  newTurns(maxTurns, turnsOfWorkspace),
		engine: syncserver.EngineOf(syncserver.Options{Guard: o.Guard, TableMaxRecord: o.TableMaxRecord}),
	}, nil
}
