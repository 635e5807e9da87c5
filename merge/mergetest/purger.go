package mergetest

import (
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Purger is a Backend that purges deleted data behind a fence, as merge.Purge describes. Its
// pulls are JSON Lines, and differ from the pulls of other backends in three ways:
//
//   - A line with a record contains all fields of the record, which replaces the record of the client.
//     A line {"table":"tasks","id":"…","left":true} makes the client forget the record.
//   - A pull from a cursor below the sequence of the fence, or from a cursor returned before the server
//     was restored from a backup, begins with a line that has the member reset. The client forgets
//     everything, including the fence, and the pull goes on from the beginning. After a restore, the
//     line also has the member "why":"epoch".
//   - Once there is a fence, each pull ends with a line that has the members fence, level and
//     clock: the two arguments of merge.Purge, and the told stamp, which the clock of the client
//     must observe. As package merge says under "Purging", the told stamp is the greatest of the
//     stamp of the fence, the greatest stamp of the newest sample, and the greatest accepted stamp
//     or, if that is lower, the wall time plus the bound. The stamps of erasures count as accepted.
//     Other members are skipped. Before there is a fence, such a line is optional, and must have a
//     member cursor.
//
// Items are judged as merge.Engine judges them with merge.Stored.Fence. An answer names the gone
// fields of an accepted item, with the outcome gone. A [Client] of a Purger gets the same lines.
type Purger interface {
	// Purge records a sample of the state, raises the fence to the newest sample that is at least
	// as old as the retention, and purges. With a retention of 0, that sample is the one just
	// recorded. The fence moves only within this method. The time of a run jumps by days, so a rule
	// that raises no fence after a gap between samples must be switched off. An error fails the
	// test.
	Purge(retention time.Duration) (Purged, error)
}

// Eraser is a Purger that erases records, as merge.Erase describes. Until an erased record is dead, all
// items on it are gone.
type Eraser interface {
	// Erase erases a record that the server stores, and returns the stamp of the erasure. The client
	// of at is an ID that no client has; the server may stamp with another one. If the time of at is
	// not zero, Erase repeats the erasure that returned at, on the store of a restored server: the kit
	// repeats each erasure since the backup before it makes any other request, and on a missing record
	// as well. A server that repeats its erasures itself returns at. An error fails the test.
	Erase(key record.Key, at clock.Stamp) (clock.Stamp, error)
}

// Purged is the state of a Purger after Purge. The zero Purged says that nothing was ever purged.
type Purged struct {
	// Sequence and Fence are the two parts of the fence: Sequence for pulls, and Fence for pushes.
	Sequence int64
	Fence    clock.Timestamp
	// Level is the level at which the Purger purges, as in merge.Stored.
	Level int
	// Records are the stored records whose sequence is at or below Sequence. The kit checks that
	// nothing dead is among them; if Records is nil, it cannot check.
	Records []record.Record
}
