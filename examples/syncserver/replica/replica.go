package replica

import (
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// Options say how a Replica is opened.
type Options struct {
	// ID is the client that the Replica writes as. If what was saved is of another one, the
	// Replica begins as after Leave, and what waits is restamped with the new ID. A Replica
	// with the zero ID cannot edit.
	ID clock.ClientID
	// Wall is the clock of the device, which may be wrong; nil means time.Now.
	Wall func() time.Time
	// Saved is all that was saved, in any order; nil means nothing. It is read once.
	Saved iter.Seq[Entry]
}

// Replica is one client's copy of the data. Open makes one. It must not be used from two
// goroutines at once.
type Replica struct {
	id      clock.ClientID
	savedAs clock.ClientID // the client that what was opened is of
	wall    func() time.Time
	offset  time.Duration            // by which wall differs from the server's
	clock   *clock.Clock             // follows what is not above the limit
	server  clock.Timestamp          // the time of the server at its last answer; zero if none told it
	heard   time.Time                // what the clock of the device read then
	asked   time.Time                // what it read when Batch was called last
	mark    clock.Timestamp          // the greatest own stamp that is known to have been accepted
	ahead   map[clock.Timestamp]bool // own stamps that wait, and that the clock is not above

	tables map[string]map[string]*held
	outbox outbox
	cursor string

	touched []*held // since TakeChanged
	unsaved unsaved
	stored  map[uint64]bool // the numbers of the items that are in the storage
	notices []Notice
	idTold  bool // whether they have that a new ID is needed
	full    bool // whether it was told that the storage of the server is full

	decoder record.Decoder // of what the server sent and of what was saved
	builder record.Builder
}

// Open returns a Replica that holds what was saved. The error is an *EntryError if a saved entry
// cannot be read: remove it and the entry "state", and all is pulled again. It is a *record.Error
// for record.ErrStamp if what waits is of a client, and the ID is zero. On error the
// Replica is nil.
func Open(o Options) (*Replica, error) {
	r := &Replica{id: o.ID, wall: o.Wall, tables: make(map[string]map[string]*held), decoder: record.Decoder{Trusted: true}}
	if r.wall == nil {
		r.wall = time.Now
	}
	r.ahead = make(map[clock.Timestamp]bool)
	r.unsaved.items, r.stored = make(map[uint64]*item), make(map[uint64]bool)
	if o.Saved == nil {
		o.Saved = func(func(Entry) bool) {}
	}
	if err := r.load(o.Saved); err != nil {
		return nil, err
	}
	return r, nil
}

// ID returns the client that the Replica writes as.
func (r *Replica) ID() clock.ClientID { return r.id }

// Cursor returns where the next pull begins: "", or what Pulled was given last.
func (r *Replica) Cursor() string { return r.cursor }

// Shown returns what the user sees of a record, deleted fields and stamps included: what is
// confirmed, joined with what waits. Of a record that is not there it has no fields.
func (r *Replica) Shown(key record.Key) record.Record {
	h := r.find(key)
	if h == nil {
		return record.New(key)
	}
	return r.shown(h)
}

// Records returns what the user sees of a table, sorted by ID. Deleted records are among
// them.
func (r *Replica) Records(table string) iter.Seq[record.Record] {
	return func(yield func(record.Record) bool) {
		held := r.tables[table]
		for _, id := range slices.Sorted(maps.Keys(held)) {
			if shown := r.shown(held[id]); shown.Len() > 0 && !yield(shown) {
				return
			}
		}
	}
}

// Violations returns what the server found to make no sense and is open now, sorted by ID.
// Those that somebody dismissed are among them.
func (r *Replica) Violations() []violation.Violation {
	var open []violation.Violation
	now := clock.TimestampOf(r.Now())
	for row := range r.Records(violation.DefaultTable) {
		v, err := violation.Parse(row)
		if err == nil && v.StatusAt(now) == violation.Open {
			open = append(open, v)
		} // else it is closed, or holds only what people wrote so far
	}
	return open
}
