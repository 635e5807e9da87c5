// Package record implements the data model: values, stamped writes of single fields,
// immutable records and mutations, with their JSON, SQL and Go forms.
//
// # Map
//
// A [Value] is null, a boolean, a number, a string, a composite (a JSON array or object), or
// a deletion. It is kept as its canonical JSON text, so it is comparable with == and is sent
// without conversion. [Of] makes a Value from a Go value, [ParseValue] from JSON.
//
// A [FieldValue] is one write of one field: a Value and a [clock.Stamp], which holds the time
// and the client of the write. [FieldValue.Compare] is the merge rule.
//
// A [Record] holds the fields of one thing by name, under a [Key] of table and ID.
// [Builder.Join] joins two records. [Record.Edit] begins a change and yields a [Mutation]:
// the unit that is sent, and accepted or refused. [Record.Map] and [Record.Struct] read a
// record into Go values; [Edit.SetMap] and [Edit.SetStruct] write the values that changed.
//
// A [Decoder] reads all of these from untrusted bytes, within [Limits]. It refuses input with
// an [Error] that holds a path and a reason. [AppendColumns] writes many records in a compact form,
// which [Decoder.Columns] reads. Data that your own store or server wrote is read
// without limits by Decoder{Trusted: true} and by the Scan methods.
//
// # Files
//
//	value.go of.go inspector.go into.go    values, and their conversion from and to Go values
//	field.go key.go record.go              a write, a key, a record
//	builder.go names.go making.go          building records, which share lists of field names
//	join.go joinall.go                     the join of two records, and of two sets of records
//	edit.go mutation.go seen.go            an author's changes, and the form that is sent
//	struct.go structplan.go optional.go    records and Go structs
//	spread.go                              members that hold several fields
//	decoder.go limits.go batch.go          the Decoder, its limits, and batches
//	parser.go wire.go wiremutation.go      the objects of the wire format
//	columns.go columnsencode.go            columns: a compact form of many records, and writing it
//	columnsdecode.go columnslists.go       reading the lists of a chunk of columns
//	columnscheck.go columnsrows.go         comparing the lists with each other, and making the records
//	sql.go errors.go                       SQL columns, and the reasons for refusing input
//	internal/jsontext                      JSON: tokens, canonical values, numbers
//	internal/opinion                       a second implementation of canonical JSON, for tests
//
// # Absent, null, deleted, empty
//
// Absent, null, deleted and empty are four different things on every path. An absent field
// was never written and has no stamp. Null and the empty string are values like any other. A
// deleted field keeps a tombstone: a write of the kind deleted, which an older value that
// arrives late cannot undo. A Go map or a plain struct member cannot distinguish all four;
// [Record.Get] and [Field] can.
//
// # Fields that must win together
//
// Each field merges on its own. Data that must win together, such as the start and the end of
// a booking, belongs in one composite field, which is atomic. A set that many people edit,
// such as tags, belongs in one field per element: the element e of the set tags is the field
// tags/e with the value true, and deleting that field removes the element. Package fields reads
// and writes such sets, and counters and ordered lists.
//
// # Deleted records
//
// A record is deleted by writing true to its field [DeletedField]. That is a write like any
// other: the other fields go on merging beneath it, and only a newer write of false restores
// the record. Tombstones of fields and records are kept: a join never drops one. A server may
// purge old tombstones under a fence: see merge.Purge.
//
// # Canonical JSON
//
// Equal values have equal bytes: object keys are sorted by the bytes of their UTF-8, white
// space is left out, and strings are escaped as little as JSON permits (as in RFC 8785 and
// JSON.stringify). Numbers differ from RFC 8785 in one point, so that integers lose no
// digits: a number that is integral and within int64, in any spelling, is written with all
// its digits. Any other number becomes the nearest float64, in the ECMAScript form.
//
// # Hazards
//
// JSON.parse in JavaScript rounds integers beyond 2^53. The library does not, but a client
// that does would send back a different value; use strings for large IDs.
//
// A number that is neither an integer within int64 nor written in digits that a float64 keeps
// is rounded silently: 18446744073709551615 becomes 18446744073709552000. A server can refuse
// such numbers with [Limits.Exact]. [Of] always refuses them.
//
// encoding/json escapes <, > and & in the output of MarshalJSON methods, and it reads a
// message before any UnmarshalJSON method does: the last of two equal names wins, names match
// regardless of case, and there are no limits. At the boundary, use the AppendJSON methods
// and a Decoder; use encoding/json only between programs that trust each other.
//
// Strings are never normalised. For example, é as one code point and é as two are different
// names and different values; normalise them where they enter your program, if at all.
package record
