package powersync

import (
	"crypto/sha256"
	"encoding/json"
	"maps"

	"github.com/fieldlww/fieldlww/clock"
)

// arrivals remembers which entries without a stamp were applied, for one device. Store it in the
// transaction that stores their writes.
//
// Such an entry gets the time of its arrival as its stamp. If a retry got a stamp of its own, it
// would win over every edit made since the first attempt. So an entry is applied at most once:
//
//   - A queue is in order, and the client removes a transaction only after its answer. So each request
//     begins with the first transaction that has not left the queue: all before it have left it, and
//     come only in late copies of earlier requests. They are refused.
//   - From that transaction on, the ledger has the digest of every entry that was applied. Such an
//     entry is a retry, and is accepted without effect.
//   - Every other entry is new, or was refused, so it never had an effect. It is applied now.
//
// The ledger is as long as the uncompleted part of the queue that was sent: requests with the same
// first transaction are beginnings of one queue, and the longest has at most MaxEntries. So further
// entries come from a hostile device. They are refused, and the ledger stays bounded.
//
// Entries that do not agree with the ledger come from a database that was restored from a backup or
// copied, and are refused: they would otherwise be taken for retries, and vanish.
type arrivals struct {
	floor   int64 // all transactions before it have left the queue
	applied map[place][sha256.Size]byte
}

// place is the place of an entry in the queue of a device.
type place struct {
	transaction int64
	index       int
}

// begin takes the first transaction of a request.
func (a *arrivals) begin(first int64) {
	if first <= a.floor {
		return
	}
	a.floor = first
	maps.DeleteFunc(a.applied, func(p place, _ [sha256.Size]byte) bool { return p.transaction < first })
}

// state says whether an entry is new, a retry, or neither.
func (a *arrivals) state(p place, e Entry) state {
	if p.transaction < a.floor {
		return contradicts
	}
	known, ok := a.applied[p]
	switch {
	case !ok && len(a.applied) >= MaxEntries:
		return contradicts
	case !ok:
		return unknown
	case known == digest(e):
		return isApplied
	}
	return contradicts
}

// add notes that an entry was applied.
func (a *arrivals) add(p place, e Entry) {
	if a.applied == nil {
		a.applied = make(map[place][sha256.Size]byte)
	}
	a.applied[p] = digest(e)
}

// state is what the ledger knows about an entry.
type state int

const (
	unknown state = iota
	isApplied
	contradicts
)

// digest returns a hash of an entry.
func digest(e Entry) [sha256.Size]byte {
	text, err := json.Marshal(e) // sorts the columns
	if err != nil {
		return [sha256.Size]byte{} // cannot happen: the entry was read from JSON
	}
	return sha256.Sum256(text)
}

// arrivalID returns the client ID for the entries of a device that have no stamp. It differs from the
// ID of the device, whose own stamps come from its own clock: under one ID, the stamps would seem to
// run backwards.
func arrivalID(device clock.ClientID) clock.ClientID {
	sum := sha256.Sum256(append([]byte("fieldlww/powersync/arrival/"), device[:]...))
	return clock.ClientID(sum[:16])
}
