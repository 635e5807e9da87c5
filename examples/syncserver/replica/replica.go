package replica

import (
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// Options say how a Replica is opened.
type Options struct {
	// ID is the client that the Replica writes as. If what was saved was written as
	// another one, what waits is stamped anew.
	ID clock.ClientID
	// Wall is the clock of the device, which may be wrong; nil means time.Now.
	Wall func() time.Time
	// Saved is all that was saved, in any order; nil means nothing.
	Saved iter.Seq[Entry]
}

// Replica is one client's copy of the data. Open makes one. It must not be used from two
// goroutines at once.
type Replica struct {
	id     clock.ClientID
	wall   func() time.Time
	offset time.Duration // by which wall differs from the server's
	clock  *clock.Clock  // without a bound: it trusts its server

	tables map[string]map[string]*held
	outbox []*item
	sent   int // how many of the outbox Batch returned last
	cursor string

	touched []*held // since TakeChanged
	unsaved unsaved
	notices []Notice

	decoder record.Decoder
	builder record.Builder
}

// Open returns a Replica that holds what was saved. A saved entry that cannot be read is an
// *EntryError; remove it, and the entry StateKey with it, and all is pulled again.
func Open(o Options) (*Replica, error) {
	r := &Replica{id: o.ID, wall: o.Wall, tables: make(map[string]map[string]*held), decoder: trusting()}
	if r.wall == nil {
		r.wall = time.Now
	}
	r.unsaved.items = make(map[uint64]*item)
	if o.Saved == nil {
		return r, r.newClock(0)
	}
	return r, r.load(o.Saved)
}

// trusting returns a decoder without limits. They are for admission, which was the
// server's; a record that was stored and cannot be pulled would stop all pulls.
func trusting() record.Decoder {
	return record.Decoder{Limits: record.Limits{Bytes: -1, Depth: -1, Fields: -1, Value: -1, Items: -1}}
}

// ID returns the client that the Replica writes as.
func (r *Replica) ID() clock.ClientID { return r.id }

// Cursor returns where the next pull begins: "", or what Pulled was given last.
func (r *Replica) Cursor() string { return r.cursor }

// Offset returns what is added to the wall clock of the device, since the server said that it
// is wrong.
func (r *Replica) Offset() time.Duration { return r.offset }

// ForgetOffset tells the Replica that somebody has set the wall clock of the device: then
// what is known of how wrong it was does not count any longer.
func (r *Replica) ForgetOffset() {
	r.offset = 0
	r.unsaved.state = true
}

// Now returns the time by the wall clock of the device, corrected by what the server said.
func (r *Replica) Now() time.Time { return r.wall().Add(r.offset) }

// newClock makes the clock anew, above a timestamp.
func (r *Replica) newClock(last clock.Timestamp) (err error) {
	r.clock, err = clock.New(clock.Options{Now: r.Now, MaxAhead: -1, Last: last})
	return err
}

// stamp returns a new stamp.
func (r *Replica) stamp() clock.Stamp { return clock.Stamp{Time: r.clock.Now(), Client: r.id} }

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

// TakeChanged returns the keys of the records of which something is shown differently than
// when it was called last: a write, which fields wait, or a Why. They are sorted.
func (r *Replica) TakeChanged() []record.Key {
	var keys []record.Key
	for _, h := range r.touched {
		if r.differs(h) {
			keys = append(keys, h.key)
		}
		h.before, h.touched, h.whyChanged = view{}, false, false
	}
	r.touched = nil
	slices.SortFunc(keys, record.Key.Compare)
	return keys
}

// find returns what is held of a record, or nil.
func (r *Replica) find(key record.Key) *held { return r.tables[key.Table][key.ID] }

// hold returns what is held of a record, which may be nothing yet.
func (r *Replica) hold(key record.Key) *held {
	if h := r.find(key); h != nil {
		return h
	}
	// Keys of records share memory with all that was decoded with them.
	key = record.Key{Table: strings.Clone(key.Table), ID: strings.Clone(key.ID)}
	if r.tables[key.Table] == nil {
		r.tables[key.Table] = make(map[string]*held)
	}
	h := &held{key: key, confirmed: record.New(key)}
	r.tables[key.Table][key.ID] = h
	return h
}
