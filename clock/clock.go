package clock

import (
	"math"
	"sync/atomic"
	"time"
)

// DefaultMaxAhead is the bound of a [Clock] whose [Options].MaxAhead is zero. The
// clocks of phones are wrong by seconds to minutes. A bound of milliseconds, as is
// usual within a data centre, would lock phones out.
const DefaultMaxAhead = 5 * time.Minute

// defaultFloor is 2020-01-01.
const defaultFloor = Timestamp(1_577_836_800) * Timestamp(time.Second)

// floorOff is the floor of a clock whose floor check is switched off: no wall
// clock is below it.
const floorOff = Timestamp(-1)

// maxBatch limits one call of NowN to 2^32 timestamps, which span 4.3 seconds.
const maxBatch = 1 << 32

// Options configures a [Clock]. The zero value is a good choice for a server that only
// checks the stamps of its clients.
type Options struct {
	// Now reads the wall clock; nil means time.Now. The clock calls it without
	// holding a lock, from any goroutine that calls a method of the clock.
	Now func() time.Time

	// MaxAhead is how far a stamp may lie ahead of the wall clock and still be
	// accepted by [Clock.Observe] and [Clock.Check]. The bound is inclusive and
	// is compared in whole milliseconds. Stamps in the past have no bound,
	// because a client may be offline for weeks. 0 means [DefaultMaxAhead]; a
	// negative value means no bound. A server sets a bound for the stamps of
	// its clients. A client sets none, nor does a server for its own writes: see the
	// package documentation.
	MaxAhead time.Duration

	// Last is the greatest timestamp issued or observed before a restart, as
	// [Clock.Last] returned it. It may be after [MaxTimestamp]. The clock
	// starts above it, whatever the wall clock says. Zero means that there is
	// none.
	Last Timestamp

	// Floor is the earliest plausible date: a wall clock before it is taken to
	// be unset, as on a machine that boots in 1970. The zero time means
	// 2020-01-01; a time at or before the Unix epoch, such as time.Unix(0, 0),
	// switches the check off. Floor affects Observe and Check, whose bound needs
	// a wall clock that can be trusted, and never Now.
	Floor time.Time
}

// Clock is a hybrid logical clock: it follows the wall clock, and never goes
// back below a timestamp that it issued or observed.
//
// The zero value is ready to use, with the system's wall clock, the default
// bound and the default floor. A Clock is safe for concurrent use, holds no
// lock, and must not be copied after first use.
type Clock struct {
	last     atomic.Int64 // a Timestamp: the greatest issued or observed
	now      func() time.Time
	maxAhead time.Duration // as in Options
	floor    Timestamp     // 0 means defaultFloor
}

// New returns a clock with the given options. If o.Last is negative, the error is a
// [*ParseError] that unwraps to [ErrRange].
func New(o Options) (*Clock, error) {
	if o.Last < 0 {
		return nil, rangeError("Options.Last", beforeRange)
	}
	c := &Clock{now: o.Now, maxAhead: o.MaxAhead}
	if !o.Floor.IsZero() {
		c.floor = TimestampOf(o.Floor)
		if c.floor == 0 {
			c.floor = floorOff
		}
	}
	c.last.Store(int64(o.Last))
	return c, nil
}

// Now issues the next timestamp: the wall clock's millisecond, or the last
// timestamp plus one if that is greater. It never fails, returns zero, repeats
// or goes back, whatever the wall clock does.
//
// A clock that observed [MaxTimestamp] issues timestamps of the day after it.
// They are valid for edits on this host, but other hosts refuse them: see the
// package documentation. That day has room for 85 trillion timestamps; at its
// end, and only there, Now repeats.
func (c *Clock) Now() Timestamp { return c.NowN(1) }

// NowN issues n consecutive timestamps from one reading of the wall clock. It
// returns the first of them; the others are first+1 to first+n-1. An n below 1
// counts as 1, an n above 2^32 as 2^32.
func (c *Clock) NowN(n int) Timestamp {
	count := min(max(int64(n), 1), maxBatch)
	// The wall clock is read before the loop, which retries only the atomic
	// operation.
	wall := int64(TimestampOf(c.read()))
	for {
		last := c.last.Load()
		first := max(min(last, math.MaxInt64-count)+1, wall) // min prevents an overflow
		if c.last.CompareAndSwap(last, first+count-1) {
			return Timestamp(first)
		}
	}
}

// Observe joins a timestamp from another replica into the clock: from then on,
// Now issues greater timestamps. Observe does not tick: observing many
// timestamps is the same as observing the greatest of them once.
//
// Observe refuses a timestamp too far ahead of the wall clock with an
// [*AheadError], and a timestamp outside the range with a [*ParseError] that
// unwraps to [ErrRange]. If this host's own wall clock is below the floor, the
// error is a [*WallError]. A refused timestamp leaves the clock unchanged.
// Observe accepts, without looking at the wall clock, every timestamp that is
// not above [Clock.Last], which includes zero and all that this clock issued;
// such a timestamp changes nothing.
//
// A server calls Observe after its store has committed, not before.
func (c *Clock) Observe(t Timestamp) error {
	if t >= 0 && int64(t) <= c.last.Load() {
		return nil
	}
	if err := c.Check(t); err != nil {
		return err
	}
	for {
		last := c.last.Load()
		if int64(t) <= last || c.last.CompareAndSwap(last, int64(t)) {
			return nil
		}
	}
}

// Check judges a timestamp as [Clock.Observe] does, but changes nothing. It
// judges by the wall clock alone, and not by what the clock has observed, so
// one accepted stamp from the future does not make Check accept others.
func (c *Clock) Check(t Timestamp) error {
	switch {
	case t < 0:
		return rangeError("timestamp", beforeRange)
	case t > MaxTimestamp:
		return lateError("timestamp")
	}
	return c.judge(t)
}

// Last returns the greatest timestamp issued or observed, and zero if there is
// none. Store it, and restore it with [Options].Last after a restart.
func (c *Clock) Last() Timestamp { return Timestamp(c.last.Load()) }

// Ahead returns how far the clock is ahead of the wall clock, in whole
// milliseconds, and zero if it is not ahead. It is a gauge for monitoring: a
// value that stays above zero means that the wall clock was set back, or that
// a timestamp from the future was accepted.
func (c *Clock) Ahead() time.Duration {
	return max(0, lead(c.Last(), TimestampOf(c.read())))
}

// judge applies the bound and the floor to t, which must be zero or within the
// range.
func (c *Clock) judge(t Timestamp) error {
	limit := c.limit()
	if limit < 0 {
		return nil
	}
	reading := c.read()
	wall := TimestampOf(reading)
	if floor := c.wallFloor(); wall < floor {
		return &WallError{Wall: reading, Floor: floor.Time()}
	}
	if lead(t, wall) > limit {
		return &AheadError{Stamp: t, Wall: reading, Limit: limit}
	}
	return nil
}

// read reads the wall clock. Callers must hold no lock and have no change half
// made, because the wall clock function may call methods of the clock.
func (c *Clock) read() time.Time {
	now := c.now
	if now == nil {
		now = time.Now
	}
	return now()
}

func (c *Clock) limit() time.Duration {
	if c.maxAhead == 0 {
		return DefaultMaxAhead
	}
	return c.maxAhead
}

func (c *Clock) wallFloor() Timestamp {
	if c.floor == 0 {
		return defaultFloor
	}
	return c.floor
}
