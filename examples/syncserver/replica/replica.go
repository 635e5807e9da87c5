package replica

import (
	"errors"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/examples/replay/clientlog"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// Options configures a Replica.
type Options struct {
	// ID is the client that the Replica writes as. If another client saved the entries, only its
	// waiting edits, and edits that may have to be sent again, are kept and restamped with the new ID.
	// A Replica with the zero ID cannot edit.
	ID clock.ClientID
	// User is the user of the client, as the server names it, or "" if that is not known. If the
	// entries were saved for another user, Open fails and reads nothing: a device keeps the data of its
	// users apart, each in a store of its own.
	User string
	// Wall reads the device's clock, which may be wrong; nil means time.Now.
	Wall func() time.Time
	// Saved yields everything that was saved, in any order; nil means nothing. It is read once.
	Saved iter.Seq[Entry]
	// Log keeps what the Replica does, to explain it afterwards; nil means that nothing is kept. The
	// caller owns it, may pass it again when it opens the Replica again, and exports it.
	Log *clientlog.Log
}

// Replica is one client's copy of the data. Open makes one. It must not be used from two
// goroutines at once.
type Replica struct {
	id      clock.ClientID
	user    string
	logs    *clientlog.Log // Options.Log
	savedAs clock.ClientID // the client that saved the loaded entries
	wall    func() time.Time
	offset  time.Duration            // added to wall to get the server's time
	clock   *clock.Clock             // follows stamps up to the limit
	server  clock.Timestamp          // the server's time in its last answer; zero if no answer had one
	heard   time.Time                // the device's clock at that moment
	asked   time.Time                // the device's clock at the last call of Batch
	mark    clock.Timestamp          // the greatest stamp by this client known to have been accepted
	ahead   map[clock.Timestamp]bool // stamps of waiting edits that are above the clock's last stamp
	floor   clock.Timestamp          // the clock of the last trailer, below which no edit may be stamped

	tables map[string]map[string]*held
	outbox outbox

	cursor  string
	seen    record.Seen         // of the last trailer: what new edits say that their author had pulled
	chunked bool                // whether the confirmed records were pulled in chunks
	buckets []string            // that the last trailer named; nil for the one bucket ""
	settled bool                // whether the last chunk ended a pull, and no other has begun since
	loading bool                // whether a reset was not followed by the end of a pull yet
	resets  int                 // how many resets there were since a pull was settled, or since Open
	shared  map[string][]string // the buckets in a JSON array; nil if there are none

	// Of the chunk that is being applied:
	divided bool   // whether the server divides its records into buckets, by the last trailer
	ended   uint64 // the last item answered before the pull began, if nothing is left to pull

	fence    clock.Timestamp // the arguments of merge.Purge
	level    int
	overlaid []*held                // the records with overlays
	answered uint64                 // the number of the last item that was answered
	aside    map[record.Key][]*item // the client's own writes from before a reset, until the pull is settled
	// Whether it is sent again only if the server is restored before the pull is settled.
	tentative bool

	touched []*held // since TakeChanged
	unsaved unsaved
	entries entries
	notices []Notice
	idTold  bool // whether a NewIDNeeded waits to be taken
	full    bool // whether a StorageFull is already reported

	decoder record.Decoder // for data from the server and saved entries
	builder record.Builder
}

// Open returns a Replica that holds what was saved. The error is an *EntryError if a saved entry
// cannot be read: remove that entry and the entry "state", and the next pull fetches everything
// again. It is a *record.Error for record.ErrStamp if ID is zero but the waiting edits belong to a
// client, and ErrUser if the entries belong to another user. On error the Replica is nil.
func Open(o Options) (*Replica, error) {
	r := &Replica{id: o.ID, user: o.User, logs: o.Log, wall: o.Wall, tables: make(map[string]map[string]*held), decoder: record.Decoder{Trusted: true}}
	if r.wall == nil {
		r.wall = time.Now
	}
	r.ahead, r.aside = make(map[clock.Timestamp]bool), make(map[record.Key][]*item)
	r.entries = newEntries()
	if o.Saved == nil {
		o.Saved = func(func(Entry) bool) {}
	}
	if err := r.load(o.Saved); err != nil {
		return nil, err
	}
	r.log(clientlog.Event{Kind: clientlog.Opened, Client: o.ID, Count: r.NumWaiting()})
	return r, nil
}

// ErrUser reports saved entries that belong to another user.
var ErrUser = errors.New("replica: the saved entries belong to another user")

// ID returns the client that the Replica writes as.
func (r *Replica) ID() clock.ClientID { return r.id }

// Cursor returns the cursor of the last trailer, or "". Send it with each push.
func (r *Replica) Cursor() string { return r.cursor }

// Shown returns a record as the user sees it, with deleted fields and stamps: the confirmed record
// joined with the waiting edits that are not gone. If there is no such record, or it is dead, the
// result has no fields.
func (r *Replica) Shown(key record.Key) record.Record {
	h := r.find(key)
	if h == nil {
		return record.New(key)
	}
	return r.shown(h)
}

// Records returns a table's records as the user sees them, sorted by ID, including deleted records.
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

// Violations returns the violations that are open now, as derived by the server, sorted by ID.
// Dismissed ones are included.
func (r *Replica) Violations() []violation.Violation {
	var open []violation.Violation
	now := clock.TimestampOf(r.Now())
	for row := range r.Records(violation.DefaultTable) {
		v, err := violation.Parse(row)
		if err == nil && v.StatusAt(now) == violation.Open {
			open = append(open, v)
		} // otherwise it is closed, or so far holds only user-written fields
	}
	return open
}
