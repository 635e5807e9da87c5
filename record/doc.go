// Package record holds the data that is merged: values, writes of single fields,
// immutable records of them, and mutations, with their JSON, SQL and Go forms.
//
// # Map
//
// A [Value] is null, a boolean, a number, a string, a composite (a JSON array or
// object), or the mark of a deletion. It is kept as its canonical JSON text, so
// it is comparable with == and needs no conversion on its way to the wire. [Of]
// makes one of a Go value, [ParseValue] of JSON.
//
// A [FieldValue] is one write of one field: a Value and the [clock.Stamp] that
// says when and by whom. [FieldValue.Compare] is the rule of the library.
//
// A [Record] is the fields of one thing, by name, under a [Key] of table and ID.
// [Builder.Join] joins two records. [Record.Edit] begins a change, which ends as
// a [Mutation]: the unit that is sent, accepted and refused.
// [Record.Map] and [Record.Struct] read a record into Go values, and
// [Edit.SetMap] and [Edit.SetStruct] write what has changed in them.
//
// A [Decoder] reads all of these from untrusted bytes, within [Limits]. What it
// refuses is an [Error] with a path and a reason. What one's own store or server
// wrote has no limits: Decoder{Trusted: true} reads it, and the Scan methods do.
//
// # Files
//
//	value.go of.go inspector.go into.go    values, and Go values as values and back
//	field.go key.go record.go              a write, a key, a record
//	builder.go names.go making.go          records made of fields; they share lists of names
//	join.go joinall.go                     the join of two records, and of two sets
//	edit.go mutation.go                    what an author changes, and how it is sent
//	struct.go structplan.go optional.go    records and Go structs
//	decoder.go limits.go batch.go          the Decoder and its shapes of input
//	parser.go wire.go wiremutation.go      the objects of the wire format
//	sql.go errors.go                       columns, and reasons to refuse input
//	internal/jsontext                      JSON itself: tokens, canonical values, numbers
//	internal/opinion                       canonical JSON once more, for tests
//
// # Absent, null, deleted, empty
//
// These are four different things on every path. An absent field was never
// written and has no stamp. Null and the empty string are values like any other.
// A deleted field keeps a tombstone: a write of the kind deleted, which an older
// value that arrives late cannot undo. A Go map and a plain struct member cannot
// tell all four apart; [Record.Get] and [Field] can.
//
// # What wins together and what does not
//
// Each field merges by itself. What must win together, such as the start and the
// end of a booking, belongs into one composite field, which is atomic. What many
// people add to and remove from, such as tags, belongs into one field for each
// element: the element e of the set tags is the field tags/e with the value
// true, and removing it is deleting that field. Such a set keeps no order.
//
// # Deleted records
//
// A record is deleted by the write true to its field [DeletedField]. That is a
// write like any other; the rest of the fields go on merging beneath it, and only
// a newer write false brings the record back. Tombstones of fields and records
// are kept for good: to drop one safely, a server would have to know that no
// client still holds an older write.
//
// # Canonical JSON
//
// Equal values have equal bytes: object keys are sorted by the bytes of their
// UTF-8, there is no white space, and strings are escaped as little as JSON
// permits (as RFC 8785 has it, and JSON.stringify writes it). Numbers differ from
// RFC 8785 in one point, so that nothing is lost: a number that is integral and
// within int64, in whatever spelling, is written with all its digits. Any other
// is the nearest float64 in the form that ECMAScript gives it.
//
// # Hazards
//
// JSON.parse in JavaScript rounds integers beyond 2^53. The library does not,
// but such a client would send back another value; use strings for large IDs.
//
// A number that is neither an integer within int64 nor written in the digits that a
// float64 keeps is rounded silently: 18446744073709551615 becomes
// 18446744073709552000. A server that would rather refuse it sets [Limits.Exact]. [Of]
// always refuses it.
//
// encoding/json escapes <, > and & in what a MarshalJSON method returns, and it
// reads a message before any UnmarshalJSON method sees it: last of two equal
// names, folded case, no limits. Use the AppendJSON methods and a Decoder at the
// boundary, and json.Marshal only among friends.
//
// Strings are never normalised. é as one code point and é as two are different
// names and different values; normalise them where they enter, if at all.
package record
