package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/merge/buckets"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/record/lens"
	"github.com/fieldlww/fieldlww/violation"
)

// Options configure a Server.
type Options struct {
	// Guard decides who may write what; see merge.Guard. Nil permits everything. In the tables violations and imports,
	// the server refuses what it derives itself, whatever Guard permits. Guard must permit the table violations, in which
	// users acknowledge violations and lost edits.
	Guard merge.Guard
	// MayWrite decides about the items that Guard and Buckets permit, and may look at the record: seen is
	// the stored record with the earlier items of the push, or a record without fields, and after is seen
	// joined with the item. It is asked only about writes that are above what is seen, so an item that was
	// stored may be sent again by an actor who has lost the right since. Nil permits everything. See
	// merge.Stored.
	MayWrite func(a Actor, seen, after record.Record, m record.Mutation) error
	// Rules checks merged records for violations, and stores its rows in the table violations: Rules.Table has no effect.
	// Nil means that nothing is flagged.
	Rules *violation.Checker
	// RulesVersion is an arbitrary text. Change it whenever a rule or its scopes change: New
	// audits all workspaces if the last server on this database had another version. All servers
	// on one database should have the same rules.
	RulesVersion string
	// Buckets divides the records of each workspace among the clients: a client pulls the records of the
	// buckets that its user has. Nil puts every record in the one bucket "". All servers on one database
	// must have the same Buckets; a server with another BucketsVersion answers 503. Do not run a server of
	// a version without buckets on the database.
	//
	// Buckets is not asked about violation rows: a row is in the buckets of the record that it is about.
	// Rules.Buckets has no effect.
	Buckets buckets.Func
	// BucketsVersion is an arbitrary text. Change it whenever Buckets changes: New then files all records
	// again, in one transaction for each workspace, and all clients pull everything again.
	BucketsVersion string
	// LostEdits makes the server store a row for each edit that another client has overwritten without having
	// seen it, with the losing value. The client that wrote the edit pulls the row as long as its user may read
	// the record, and no other client does. A client gets its latest 100 rows; a row stays until the client has
	// closed it, its record is dead, or the retention has passed. The names of buckets must then have at most 156
	// bytes: a row in a bucket with a longer name reaches no client.
	//
	// With LostEdits, clients must pull with a cursor, as with Buckets. All servers on one database must have the
	// same value; a server with another one answers 503. When it is turned on or off, New files all records again, and
	// all clients pull everything again. examples/cluster ignores it.
	LostEdits bool
	// Keep names the fields whose values must not vanish unseen, such as the notes of a task, for a server with
	// LostEdits. Of such a field, an accepted value is in the record, or its overwriting author had seen it, or it
	// is in a row until somebody chooses: with both values, for the clients of both authors. If it is not known
	// whether the author had seen the value, it counts as unseen, unless it is older than the retention. A client
	// whose pushes have made 100 such rows, with no choice made, may make no more: writes that would need a row are
	// refused as merge.LimitExceeded. Nil names none. New refuses it without LostEdits.
	Keep func(table, field string) bool
	// Schema names the version of the app in whose form the server stores records. A client states its version with
	// each push, pull, event stream and history, in the parameter schema. New translates the records that are stored in
	// the form of an earlier version, in one transaction for each workspace; there is no way back. All servers on one
	// database must have the same Schema; a server with another one answers 503. Empty means that there is no other
	// version.
	Schema string
	// Lenses has a lens from each earlier version whose clients are still served to the version Schema, by the name of
	// the earlier one. The name "" is for clients that state no version, and for records that were stored before the
	// server had a Schema. Without it, such clients are served in the form that is stored. A client that states a
	// version which is neither here nor Schema is refused with the status 400 and the code unknown_schema. Guard,
	// rights, rules, buckets, Keep and the journal only see the form that is stored. The file PROTOCOL.md says what old
	// clients see, and RENAMING.md how to rename a field.
	Lenses map[string]lens.Lens
	// TableMaxRecord is the maximum size of a record, by table, in bytes. The default is 256 KiB.
	// A rule reads at most 16 MiB of records at a time, so set a lower limit for tables from
	// which a rule reads many records.
	TableMaxRecord map[string]int
	// Authenticate returns the account that sends a request, for example from an ID token in the header
	// Authorization. It must be safe for concurrent use. If it returns an error, the request is refused
	// with the status 401, or 503 if the error wraps ErrUnavailable. Nil means that the server issues
	// tokens itself, with POST /v1/join. The file oidc_test.go has one for OpenID Connect.
	Authenticate func(*http.Request) (Account, error)
	// MayGrant decides whether an actor may change the membership of a user in a bucket, as the requests
	// POST and DELETE /v1/members ask. A nil error permits the change; any other error is told to the
	// client. It runs with a workspace locked, so it must be fast. Nil permits no change.
	MayGrant func(a Actor, g Grant) error
	// Origins lists the origins whose web pages may use the server, such as https://app.example.com,
	// apart from pages that the server's own host serves. Empty means none. New refuses a text that is
	// not an origin.
	Origins []string
	// Open names the workspace that anyone who can reach the server may join. If it is empty,
	// each workspace needs an invitation.
	Open string
	// Journal makes the server keep pushes for examples/replay, including the values that users
	// wrote, until they are older than the Retention, and the fences, epochs and resets in between. It
	// keeps at most a GiB of each workspace, most of it compressed.
	Journal bool
	// Storage is how many bytes the records of a workspace may take. Zero means 1 GiB, and a
	// negative value means no limit. When the limit is reached, items that make a record grow are
	// refused with merge.StorageFull, and other items are accepted. The push that reaches the
	// limit may exceed it a little.
	Storage int64
	// Retention is how long deleted data is kept. After that time it is purged, together
	// with the older entries of the journal and the watermarks of clients that have written nothing
	// since. A client that was away for longer pulls everything again, and its writes to purged data
	// are refused as merge.Gone. Zero means 90 days. A negative value means that nothing more is
	// purged. All servers on one database should have the same Retention.
	Retention time.Duration
	// PurgeLevel says what is kept of a deleted record after the Retention. Level 1, the default,
	// keeps the fact that the record was deleted, in about 150 bytes. Level 2 keeps nothing, but
	// then clients of earlier versions, which do not say which records they create, can create none.
	// A workspace that has reached level 2 stays at level 2. New refuses other levels.
	PurgeLevel int
	// Erasures names a file that remembers erasures: which records were erased and with which
	// stamps, but no values. Server.Erase appends to it, and Server.Restored reads it. It must be
	// the same file for all servers on one database. Keep it apart from the backups of the database,
	// so that it is never older than the database. Empty means that nothing can be erased.
	Erasures string
	// Log receives the decisions and failures; nil means slog.Default.
	Log *slog.Logger
	// Now returns the wall clock time by which stamps are judged; nil means time.Now.
	Now func() time.Time
}

// Server serves the clients of one Database. Its Frontend has the HTTP handler, and Watch, which
// notifies clients of the writes of other processes. A Server is safe for concurrent use, and other
// servers may use the same Database.
type Server struct {
	*Frontend
	division division
	readings readings // of pulls
	database *Database
	engine   merge.Engine
	users    users
	id       clock.ClientID // of the server's own writes
	decode   func(body []byte) ([]record.Item, error)
	turns    *admission // of groups of pushes that are decoded and applied, by workspace
	groups   *groups    // of pushes that wait for a turn
	working  *admission // of pushes in a transaction
	resets   resets     // that are in the journal

	retainAfter time.Duration // from the start of Watch to its first Retain
}

// The limits of a push. The stored records are limited too: a record could grow with each push,
// and a small push could name a thousand large records. All sizes are in bytes.
const (
	maxBody   = 2 << 20
	smallBody = 64 << 10 // most bodies are smaller
	maxItems  = 1000
	maxFields = 200 // of an item
	maxName   = 200 // bytes
	maxValue  = 64 << 10
	maxRecord = 256 << 10
	maxLoaded = 16 << 20 // all stored records that a push writes to, or that a rule reads
	maxScopes = 4000     // the scopes of all records of a push, before and after it, in total
)

const defaultStorage = 1 << 30 // see Options

// EngineOf returns the engine by which a server with these options decides.
func EngineOf(o Options) merge.Engine {
	guard := violation.Guard(violation.DefaultTable, guardImports(o.Guard))
	return merge.Engine{Guard: guard, MaxRecord: maxRecord, TableMaxRecord: o.TableMaxRecord, Limits: record.Limits{
		Bytes: maxBody, Items: maxItems, Fields: maxFields, Value: maxValue, Name: maxName,
	}}
}

// New returns a Server. The caller should run its Watch method, so that clients are notified of
// changes by other processes.
func New(ctx context.Context, d *Database, o Options) (*Server, error) {
	if o.Storage == 0 {
		o.Storage = defaultStorage
	}
	if o.Retention == 0 {
		o.Retention = defaultRetention
	}
	switch o.PurgeLevel {
	case 0:
		o.PurgeLevel = 1
	case 1, 2:
	default:
		return nil, fmt.Errorf("the option PurgeLevel must be 0, 1 or 2, not %d", o.PurgeLevel)
	}
	if o.Keep != nil && !o.LostEdits {
		return nil, errors.New("the option Keep needs the option LostEdits")
	}
	if o.LostEdits && o.Buckets == nil {
		o.Buckets = everyone
	}
	o.Rules = placing(o)
	working := 1
	if d.postgres {
		working = maxWorking
	}
	s := &Server{
		division: divisionOf(o), readings: d.readings(o.Buckets != nil, o.LostEdits), database: d, users: users{of: make(map[clock.ClientID]user)},
		engine:  EngineOf(o),
		turns:   newAdmission(maxTurns, turnsOfWorkspace),
		working: newAdmission(working, working),

		retainAfter: time.Minute, // a server that starts has other work
	}
	var err error
	if s.Frontend, err = NewFrontend(ctx, sqlBackend{s, d}, o); err != nil {
		return nil, err
	}
	s.id = s.tokens.ownID()
	s.decode = s.engine.Decode
	s.groups = newGroups(s.turns)
	if err := s.divide(ctx); err != nil {
		return nil, err
	}
	if err := s.auditStale(ctx); err != nil && o.Buckets != nil {
		return nil, fmt.Errorf("audit with the new rules: %w", err) // rows may be in buckets of an earlier division
	} else if err != nil {
		// The server works without the audit, and the next start tries again.
		s.options.Log.ErrorContext(ctx, "audit with the new rules failed", "err", err)
	}
	return s, nil
}
