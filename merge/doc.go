// Package merge joins what replicas wrote: record by record, field by field, the
// later write wins.
//
// # Map
//
// [Records] joins two records of one key, and [Join] two [Collection] values,
// which are what replicas hold. [Collect] makes a Collection of records, and a
// [Fold] of a stream of single writes. [Delta] is what one replica lacks of
// another. [Changes] and [Fold.Write] tell what each incoming write did: an
// [Outcome] for each field. A [Digest] tells whether two replicas agree.
//
// # The rule
//
// Of two writes of one field the greater one wins: the later time, then the
// greater client ID, then a deletion above a value, then the greater canonical
// bytes. The order is total, so the winner depends on the two writes alone, and
// not on where, when or in which order they met. Per field, a join is the greatest
// of a set. From that follow the laws that tests of this package check:
// commutative, associative, idempotent, no field vanishes, no value is made up.
// Any order, any grouping and any repetition of the same writes ends in
// byte-identical state.
//
// The last two steps decide only when one stamp was used twice, by a restored
// backup or a cloned device. Then the writes still have a winner everywhere, and
// the Outcome is [Collision], so that the client can be told to take a new ID.
//
// An equal value with a newer stamp is a newer write: it takes the stamp, and the
// stored bytes change, but nothing that a user sees.
//
// # Cost
//
// A join that changes nothing allocates nothing and returns its first operand. One
// that changes something copies the records that changed and shares the rest. It
// costs a comparison for each field of b and its records, and where a record is
// added or changed, a copy of the slice of records.
//
// # Hazards
//
// The later write is the one with the greater stamp, and stamps are made of the
// writers' clocks. A clock that runs ahead wins over honest ones for as long as it
// is ahead; refuse what is too far ahead with clock.Clock.Check before joining
// it. The join itself judges nothing and reads no clock, or replicas would differ.
//
// Last write wins is the wrong rule for counters, which lose increments, and for
// text that two people type at once. It keeps one of two edits of the same field;
// it is for data in which that is right.
package merge
