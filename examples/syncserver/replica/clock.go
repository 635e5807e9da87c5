package replica

import (
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// maxAhead is how far a stamp may lie ahead of the server's time for the clock to follow it. It is
// what servers accept.
const maxAhead = clock.DefaultMaxAhead

// endless is the limit while the server's time is not known. The day above it is left free, so
// that there is a stamp after each one that the clock has followed.
const endless = clock.MaxTimestamp - clock.Timestamp(24*time.Hour)

// Now returns the time by the clock of the device, corrected by Offset.
func (r *Replica) Now() time.Time { return r.reading().Add(r.offset) }

// reading returns what the clock of the device reads. It can be set, and a device can sleep, so a
// monotonic reading must not take part in differences.
func (r *Replica) reading() time.Time { return r.wall().Round(0) }

// limit returns the greatest stamp that the clock follows: those above it no server would accept.
// It is told by the server's time, and never by the clock of the device alone: one that is slow
// would have the Replica pass over valid stamps, and stamp the next edits below what they replace.
func (r *Replica) limit() clock.Timestamp {
	return limitAt(r.serverTime())
}

// serverTime returns the server's time as far as ServerTime was told it, and zero if it never was.
func (r *Replica) serverTime() clock.Timestamp {
	if r.server == 0 {
		return 0
	}
	since := max(0, r.reading().Sub(r.heard))
	return clock.TimestampOf(r.server.Time().Add(since))
}

// limitAt returns the greatest stamp that a server accepts at a time.
func limitAt(server clock.Timestamp) clock.Timestamp {
	if !plausible(server) {
		return endless
	}
	const counters = clock.Timestamp(time.Millisecond) - 1 // the bound is in whole milliseconds
	return min(clock.TimestampOf(server.Time().Add(maxAhead))+counters, endless)
}

// observe lets the clock follow a timestamp that is not above the limit.
func (r *Replica) observe(at clock.Timestamp) {
	_ = r.clock.Observe(at) // it refuses nothing within its range
}

// newClock makes a new clock, above a timestamp.
func (r *Replica) newClock(last clock.Timestamp) {
	// A time that is not above the limit is always accepted.
	r.clock, _ = clock.New(clock.Options{Now: r.Now, MaxAhead: -1, Last: last})
}

// lowerClock makes a new clock if the old one is above a limit: above all that is confirmed and not
// above that limit itself. Only this looks at all records that are held.
func (r *Replica) lowerClock(limit clock.Timestamp) {
	if r.clock.Last() <= limit {
		return
	}
	var last clock.Timestamp
	for _, table := range r.tables {
		for _, h := range table {
			last = max(last, newestUpTo(h.confirmed, limit))
		}
	}
	r.newClock(last)
	r.unsaved.state = true
}

// newestUpTo returns the greatest time of a record that is not above a limit.
func newestUpTo(rec record.Record, limit clock.Timestamp) (last clock.Timestamp) {
	for _, w := range rec.All() {
		if w.Stamp.Time <= limit {
			last = max(last, w.Stamp.Time)
		}
	}
	return last
}
