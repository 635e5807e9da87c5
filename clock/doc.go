// Package clock implements a hybrid logical clock: one total order over who
// wrote and when.
//
// The algorithm comes from Kulkarni, Demirbas and others, "Logical Physical
// Clocks" (OPODIS 2014). Stamps stay close to the wall clock. If an author saw
// one write before making another, the second write always has the greater
// stamp, even if the author's wall clock is slow.
//   - [Timestamp] says when: a point on one number line, as an integer, a text
//     or a time.
//   - [ClientID] says who: a UUID.
//   - [Stamp] holds both, in one order.
//   - [Clock] issues timestamps, and observes timestamps of other replicas.
//
// The three value types are comparable with == and serve as map keys. Each has
// a text form, a binary form and an SQL form, and every form sorts as the
// values do. Encoders write any value. Decoders accept only usable values and
// refuse all other input with a [*ParseError], which does not repeat the input.
// Texts come from other hosts, so Parse… and UnmarshalText refuse the reserved
// day after [MaxTimestamp]. Scan and UnmarshalBinary read timestamps that this
// host stored, so they accept that day.
//
// The package reads the wall clock through a function that the caller may
// replace. It starts no goroutine, holds no lock, logs nothing and has no
// global state.
//
// # Rules of the clock
//
// [Clock.Now] ticks: it issues the last timestamp plus one, or the wall
// clock's millisecond if that is greater. It never fails, repeats or goes
// back. Refusing to stamp a write would do more harm than a stamp that is a
// little ahead.
//
// [Clock.Observe] joins: the last timestamp becomes the greater of itself and
// the observed one. It does not tick, so observing the greatest timestamp of a
// batch once is the same as observing the whole batch.
//
// The counter has room for a million timestamps per millisecond. When it is
// full, plain addition carries into the next millisecond.
//
// # Servers and clients
//
// A server limits how far ahead a client's stamp may be ([Options].MaxAhead).
// Without the limit, one accepted stamp from the year 2099 would win over
// every edit until then. The server checks each incoming stamp with
// [Clock.Check], or leaves that to merge.Engine, and refuses a stamp that fails.
//
// A server that stamps writes of its own needs a second clock for them, without
// a bound: MaxAhead: -1. After the store has committed, that clock calls
// [Clock.Observe] with the greatest of the accepted stamps. It also observes the
// stamps of a record before it stamps a write of that record. Observing earlier
// would make the clock depend on writes that were rolled back. With a bound, the
// clock would refuse stamps that the server has accepted and stored, as soon as
// the wall clock was set back, and could no longer stamp a write above them. A
// server that stamps no writes of its own and leaves the check to merge.Engine
// needs no clock at all.
//
// A client trusts its server, and observes the server's stamps without a bound:
// MaxAhead: -1. With a bound, a phone whose wall clock is slow would refuse honest
// stamps. Its next edits would get stamps below the stamps that their author saw, and
// would lose silently.
//
// Each server process has its own [ClientID], as each client has.
//
// # Restart
//
// Store [Clock.Last] together with the data that it stamped, and restore it with
// [Options].Last. Then no stamp is issued twice, even if the wall clock went back
// meanwhile. If Last is stored apart from the data, restore the greater of the stored
// Last and the greatest timestamp in the data. Read both with Scan or UnmarshalBinary,
// which accept every timestamp that a clock can issue; see below. In JSON, mark a member with
// omitzero: the zero Timestamp stands for no time, and is refused when it is read.
//
// If stamps may leave the process before they are durable, storing Last is not enough.
// There are two remedies. One is to reserve a window: store a bound some seconds above
// Last, issue only below the bound, raise it in time, and restore it after a restart.
// The other is to take a fresh client ID at every start of the process: then no stamp
// can repeat one from before the restart, and there is nothing to store.
//
// # The end of the range
//
// No host can push another host's clock to the end of its range. Observe, Check
// and all text decoders refuse every timestamp after [MaxTimestamp]. A clock
// that observed MaxTimestamp issues timestamps of the following day, which has
// room for 85 trillion of them. They are valid on this host: edits can be
// stamped with them, and the outbox and the clock can be stored and restored (a
// record.Decoder reads them if it is Trusted). Other hosts refuse them. A
// merge.Engine answers too_far_ahead with the server's time, as it does for any
// clock that is ahead: the client corrects its clock and restamps its outbox.
//
// # Hazards
//
// If two devices use one client ID, because a disk was cloned or a backup was
// restored, a stamp no longer names a single write. Readers of equal stamps
// must still agree on a winner by comparing the values, and the cloned or
// restored device should take a new client ID. Equal stamps are rare, so most
// conflicts between two such devices go unnoticed: the devices look like one
// client that overwrites its own edits, and package merge reports none of
// these edits as lost.
//
// A wall clock that is fast, but within the bound, wins against honest clocks
// until it is corrected: the bound limits the damage and does not prevent it.
// If a server's own wall clock is wrong, the server judges stamps wrongly. A
// floor ([Options].Floor) catches the most common case, a machine that boots in
// 1970.
//
// A clock that accepted a stamp from the future stays ahead until the wall
// clock has caught up, even across restarts. [Clock.Ahead] shows by how much.
// The clock never resets by itself, because it must never go back.
//
// Pass timestamps through other systems as text, integers or bytes, never as
// dates. A JavaScript Date drops the counter, which makes the stamp older. An
// SQL timestamp column rounds the time, which may make the stamp newer. In JSON,
// timestamps are strings, because JavaScript loses digits of numbers of this
// size. Texts written by other programs may be valid and yet shorter than 30
// bytes: parse such texts before you sort them.
package clock
