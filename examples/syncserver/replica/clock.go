package replica

import (
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

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

// correctClock sets the clock by the server's time, makes it anew above all that is confirmed
// and above last, and stamps anew what is kept. The clock may be ahead although the wall clock
// is right, since somebody may have set that. On error nothing has changed.
func (r *Replica) correctClock(serverTime, last clock.Timestamp, kept []*item) error {
	for _, table := range r.tables {
		for _, h := range table {
			last = max(last, newest(h.confirmed))
		}
	}
	ahead, offset := r.clock, r.offset
	r.offset = serverTime.Time().Sub(r.wall())
	err := r.newClock(last)
	if err == nil {
		err = r.restamp(kept)
	}
	if err != nil {
		r.clock, r.offset = ahead, offset
		return err
	}
	r.noticeClock(r.offset - offset)
	return nil
}

// restamp stamps items of the outbox anew. On error nothing has changed, but for the clock.
func (r *Replica) restamp(items []*item) error {
	again, err := record.Restamp(mutations(items), r.stamp)
	if err != nil {
		return err
	}
	for i, m := range again {
		it := items[i]
		r.touch(m.Data.Key())
		it.m = m
		r.unsaved.items[it.number] = it
	}
	r.unsaved.state = true
	return nil
}

// newest returns the greatest time of a record.
func newest(rec record.Record) (last clock.Timestamp) {
	for _, w := range rec.All() {
		last = max(last, w.Stamp.Time)
	}
	return last
}
