package server

import (
	"context"
	"fmt"
	"log/slog"
	"math"
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
	// RulesVersion is any text. Change it whenever a rule changes, or the scopes that a rule
	// names: New audits all workspaces if the last one on this database had another version.
	// All servers on one database should have the same rules.
	RulesVersion string
	// TableMaxRecord is how many bytes a record of a table may have, in place of 256 KiB. Give
	// tables from which a rule reads many records at a time a lower limit: it reads 16 MiB.
	TableMaxRecord map[string]int
	// Open names the workspace that anybody who can reach the server may join. If it is "",
	// each workspace needs an invitation.
	Open string
	// Journal says whether pushes are kept for examples/replay, with all that users wrote: the
	// last GiB of each workspace.
	Journal bool
	// Storage is how many bytes the records of a workspace may take; 0 means 1 GiB, and a
	// negative value means no bound. Beyond it, items that make a record grow are refused with
	// merge.StorageFull, and others accepted. The last push may go a little beyond it.
	Storage int64
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
	health   health
	decode   func(body []byte) ([]record.Item, error)
	pushes   *quotas       // of clients and workspaces
	pulls    *quotas       // of clients and workspaces
	joins    *quotas       // of addresses
	log      logger        // of what clients cause
	readers  *readers      // of pulls
	uploads  *readers      // of large pushes
	own      *admission    // of pushes that are read, by client
	turns    *admission    // of pushes that are decoded, and decided about
	working  *admission    // of pushes that have a transaction
	stopped  chan struct{} // is closed when Watch has ended
}

// The limits of a push. What it is about is limited as well: a record could grow with each
// push, and a small push could name a thousand large ones.
const (
	maxBody   = 2 << 20
	smallBody = 64 << 10 // as most have
	maxItems  = 1000
	maxFields = 200 // of an item
	maxName   = 200 // bytes
	maxValue  = 64 << 10
	maxRecord = 256 << 10
	maxLoaded = 16 << 20 // of all stored records that a push writes, or a rule reads
	maxScopes = 4000     // that the records of a push leave or are in, counted for each record
)

const defaultStorage = 1 << 30 // see Options

// New returns a Server. Its Watch should be running.
func New(ctx context.Context, d *Database, o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Storage == 0 {
		o.Storage = defaultStorage
	}
	if o.Rules == nil {
		o.Rules = new(violation.Checker)
	}
	key, err := d.secret(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the secret: %w", err)
	}
	working := 1
	if d.postgres {
		working = maxWorking
	}
	s := &Server{
		options: o, database: d, tokens: tokens{[]byte(key)},
		engine: merge.Engine{Guard: o.Guard, MaxRecord: maxRecord, TableMaxRecord: o.TableMaxRecord, Limits: record.Limits{
			Bytes: maxBody, Items: maxItems, Fields: maxFields, Value: maxValue, Name: maxName,
		}},
		feed:    feed{topics: make(map[string]*topic)},
		pushes:  newQuotas(pushedByClient, pushedToWorkspace, pushTime),
		pulls:   newQuotas(pulledByClient, pulledOfWorkspace, minute),
		joins:   newQuotas(joinsOfAddress, math.Inf(1), 5*minute),
		log:     logger{to: o.Log, quotas: newQuotas(linesOfClient, linesOfWorkspace, minute)},
		readers: newReaders(maxPulls, pullsOfWorkspace, pullsOfClient, maxSilence),
		uploads: newReaders(maxUploads, uploadsOfWorkspace, uploadsOfClient, maxUpload),
		own:     newAdmission(maxPushing, pushesOfClient),
		turns:   newAdmission(maxTurns, turnsOfWorkspace),
		working: newAdmission(working, working),
		stopped: make(chan struct{}),
	}
	s.decode = s.engine.Decode
	if err := s.auditStale(ctx); err != nil {
		// It serves all the same, and the next start tries again.
		o.Log.ErrorContext(ctx, "audit by the new rules", "err", err)
	}
	return s, nil
}
