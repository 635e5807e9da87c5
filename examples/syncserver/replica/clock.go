package replica

import (
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// maxAhead is how far ahead of the server's time a stamp may be for the clock to follow it. Servers
// accept stamps up to the same bound.
const maxAhead = clock.DefaultMaxAhead

// endless is the limit while the server's time is not known. The day above it is left free, so that
// the clock can always issue a stamp above the one that it follows.
const endless = clock.MaxTimestamp - clock.Timestamp(24*time.Hour)

// Now returns the time of the device's clock, corrected by Offset.
func (r *Replica) Now() time.Time { return r.reading().Add(r.offset) }

// reading returns the time of the device's clock. The clock can be set and a device can sleep, so
// the monotonic reading is stripped: it must not be used in differences.
func (r *Replica) reading() time.Time { return r.wall().Round(0) }

// limit returns the greatest stamp that the clock follows. No server would accept a stamp above it.
// It is based on the server's time and never on the device's clock alone: with a slow clock, the
// Replica would ignore valid stamps, and would stamp the next edits below the writes that they
// replace.
func (r *Replica) limit() clock.Timestamp {
	return limitAt(r.serverTime())
}

// serverTime returns the server's time as estimated from the last ServerTime, or zero if there was
// none.
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

// observe makes the clock follow a timestamp that is not above the limit.
func (r *Replica) observe(at clock.Timestamp) {
	_ = r.clock.Observe(at) // cannot fail: the limit lies within the range of stamps
}

// newClock replaces the clock with one that starts above a timestamp.
func (r *Replica) newClock(last clock.Timestamp) {
	// New accepts every time up to the limit.
	r.clock, _ = clock.New(clock.Options{Now: r.Now, MaxAhead: -1, Last: last})
}

// lowerClock replaces the clock if it is above a limit. The new clock starts above all accepted
// stamps that are not above the limit, and above the clock of the last trailer, even if that is above
// the limit: an edit below it could be gone.
func (r *Replica) lowerClock(limit clock.Timestamp) {
	if r.clock.Last() <= limit {
		return
	}
	r.newClock(max(r.newestKnown(limit), r.floor))
	r.unsaved.state = true
}

// newestKnown returns the greatest accepted time that is not above a limit.
func (r *Replica) newestKnown(limit clock.Timestamp) (last clock.Timestamp) {
	for _, table := range r.tables {
		for _, h := range table {
			last = max(last, newestUpTo(h.confirmed, limit))
			for _, it := range h.overlays() {
				last = max(last, newestUpTo(it.m.Data, limit))
			}
		}
	}
	return last
}

// newestUpTo returns the greatest time in a record that is not above a limit.
func newestUpTo(rec record.Record, limit clock.Timestamp) (last clock.Timestamp) {
	for _, w := range rec.All() {
		if w.Stamp.Time <= limit {
			last = max(last, w.Stamp.Time)
		}
	}
	return last
}
