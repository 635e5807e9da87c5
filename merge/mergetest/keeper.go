package mergetest

import "github.com/fieldlww/fieldlww/record"

// Keeper is a Backend that loses no value of some fields, the kept fields. When two accepted writes of a kept
// field meet and one of them wins, the Keeper holds the other one, for example in a row for both authors, unless
// the author of the winner had seen it. An author has seen a write if the base of the own write is the stamp of
// that write. If it is not known what the author had seen, the write is held, also if both writes are by one
// client, which may be on two devices.
//
// A write need not be held if it is a deletion, if the winner has the same value, or if it lies at or below the fence
// of a [Purger]. It may be dropped when the fence reaches it, when its record is erased, or when a later write that
// has it as its base is accepted.
type Keeper interface {
	// Keeps reports whether a field is kept. The same arguments always give the same answer. The kit does not ask
	// about fields that begin with $. At least one field that the devices write must be kept: with 50 seeds or
	// more, Check returns an error if no value ever had to be held.
	Keeps(table, field string) bool
	// Held returns the held writes, in any order. Each record has the key of the record that was written, and each
	// of its fields is a held write, with its own stamp. Several records may have the same key. Writes that need
	// not be held are ignored. Held writes are part of the store: a restart keeps them, and a restored server
	// holds what its backup held. The kit only reads the records. An error fails the test.
	Held() ([]record.Record, error)
}
