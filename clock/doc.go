// Package clock says who wrote, and when, as one totally ordered stamp.
//
// It is a hybrid logical clock (Kulkarni, Demirbas and others, "Logical
// Physical Clocks", OPODIS 2014): stamps stay close to the wall clock, and yet
// a write that was made after seeing another one always has the greater stamp,
// even if its maker's wall clock is behind.
//
//   - [Timestamp] is when: an integer, a text and a time on one number line.
//   - [ClientID] is who: a UUID.
//   - [Stamp] is both, with one order.
//   - [Clock] issues timestamps, and learns from those of others.
//
// The three value types are comparable with ==, serve as map keys, and have a
// text form, a binary form and an SQL form, all of which sort as the values do.
// Encoders write any value; decoders accept only what may be used, and answer
// everything else with a [*ParseError] that does not repeat the input. Texts come
// from other hosts: Parse… and UnmarshalText refuse the last day of the range. Scan
// and UnmarshalBinary read timestamps that this host stored, and accept that day.
//
// The package reads the wall clock through a function that the caller may
// replace. It starts no goroutine, holds no lock, logs nothing and has no
// global state.
//
// # Rules of the clock
//
// [Clock.Now] ticks: the next timestamp is the greater of the last one plus
// one and the wall clock's millisecond. It never fails, repeats or goes back.
// Refusing to stamp would hurt more than a stamp that is a little ahead.
//
// [Clock.Observe] joins: the last timestamp becomes the greater of itself and
// the one observed. It does not tick, so observing a batch is observing its
// greatest timestamp, once.
//
// The counter has room for a million timestamps per millisecond. When it is
// full, plain addition carries into the next millisecond.
//
// # Servers and clients
//
// A server bounds how far a client's stamp may be ahead ([Options].MaxAhead),
// for one stamp from the year 2099 that it accepts would win over every edit
// until then. It calls [Clock.Check] on each incoming stamp, or leaves that to
// merge.Engine, refuses those that fail, and after its store has committed it
// calls [Clock.Observe] with the greatest of the accepted ones. Observing earlier
// would make the clock depend on writes that were rolled back. Where the wall clock
// was set back between the two, Observe refuses what was accepted: that is the
// fault of the host, and worth a line in its log. A server that stamps no writes of
// its own needs no clock at all.
//
// A client trusts its server and observes what it sends without a bound:
// MaxAhead: -1. With a bound, a phone whose wall clock is slow would refuse
// honest stamps, and its next edits, stamped lower than what their author saw,
// would lose in silence.
//
// Each server process has its own [ClientID], as each client has.
//
// # Restart
//
// Store [Clock.Last] together with the data that it stamped, and restore it
// with [Options].Last; then no stamp is issued twice, even if the wall clock
// went back meanwhile. If it was stored apart from the data, restore the
// greatest of the two. Read it with Scan or UnmarshalBinary, which accept every
// timestamp that a clock can issue; see below.
//
// If stamps may leave the process before they are durable, that is not enough.
// Either reserve a window: store a bound some seconds above Last, issue below
// it only, raise it in time, and after a restart restore the bound. Or take a
// fresh client ID at every start of the process; then no stamp can repeat one
// of an earlier life, with nothing to store.
//
// # The end of the range
//
// No host can push the clock of another one to the end of its range. Decoders of
// text, Observe and Check refuse every timestamp after [MaxTimestamp]. A clock
// that observed MaxTimestamp issues timestamps of the day after it, which has room
// for 85 trillion. They are valid on this host: edits can be stamped with them, and
// outbox and clock can be stored and restored (a record.Decoder reads them if it
// is Trusted). Other hosts refuse them, and a merge.Engine answers too_far_ahead
// with the server's time, as for any clock that is ahead: the client corrects its
// clock and restamps its outbox.
//
// # Hazards
//
// One client ID used by two devices, by a cloned disk or a restored backup,
// breaks the promise that a stamp names one write. Readers of equal stamps must
// still agree on a winner by looking at the values, and the device should take
// a new client ID. Equal stamps are rare, so most of what two such devices do
// goes unnoticed: they look like one client that overwrites its own edits, and
// package merge reports none of them as lost.
//
// A wall clock that is fast within the bound wins ties against honest ones
// until it is corrected: the bound limits the damage and does not prevent it.
// A wall clock that is wrong on the server makes it judge wrongly; a floor
// ([Options].Floor) catches the most common case, a machine that boots in 1970.
//
// A clock that accepted a stamp from the future stays ahead until the wall
// clock has caught up, through restarts too. [Clock.Ahead] shows it. It never
// resets by itself, since going back is what it must not do.
//
// Timestamps pass through other systems as text, as integers or as bytes, and
// not as dates: a Date of JavaScript drops the counter, which makes the stamp
// older, and an SQL timestamp column rounds it, which may make it newer. In
// JSON they are strings, for a number of this size loses digits in JavaScript.
// Texts that other programs wrote may be valid and yet shorter than 30 bytes;
// parse them before they are sorted.
package clock
