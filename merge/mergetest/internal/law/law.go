// Package law contains the laws that a backend and a client must obey, as data: the name of each law, its
// statement, and where to look if it is broken.
package law

// Law identifies one law. The zero value is Answered.
type Law int

const (
	// about answers
	Answered Law = iota
	WellFormed
	Order
	Fine
	Neighbours
	BadRefused
	Blind
	Ahead
	Retry
	Outcome
	Collision
	Lost
	Note

	// about the stored write of a field
	Later
	Counter
	Client
	Kind
	Value
	Tombstone
	Revive
	Vanish
	Four
	Exact
	Stamp
	Invented
	Counted

	// about the store, and about pulls
	Whole
	RefusedLeavesNothing
	Damaged
	Stays
	Durable
	Restored
	Meet
	Skip
	Stale
	Names
	Readable
	ServerClock
	Poison
	Kept
	Filled
	Derived

	// about a backend that purges
	ComesBack
	PurgesDead
	WronglyGone
	Alone
	SyncedGone
	RetryBelow
	Unswept
	FenceFalls
	FenceTold
	ResetBelow
	Erased

	// about a backend with buckets
	Secret
	Unheard
	Named
	Keeps
	Lacks
	Evicts
	Rights
	Allowed
	HandedOver

	// about a backend that imports
	ImportWrites
	ImportYields
	ImportRepeats
	ImportBrings

	// about a backend with clients of an old version
	OldPull
	OldAnswer
	OldRefused
	OldSplit

	// about the run as a whole
	Settle
	Dies
	Panics
	Kit

	// about Clients
	ClientErrors
	ClientAnswers
	ClientEdit
	ClientObserves
	ClientKeeps
	ClientRetry
	ClientOrder
	ClientRefused
	ClientInvents
	ClientBase
	ClientRollback
	ClientShows
	ClientReopens
	ClientSettles
	ClientCounts

	// about Clients of a backend that purges
	ClientForgets
	ClientJudges
	ClientCreates
	ClientResends

	// about Clients of a backend with buckets
	ClientHides
)

// Text is what a failure prints about a broken law: its name, its statement, and where to look.
type Text struct{ Name, Says, Look string }

// Text returns what a failure prints if the law is broken.
func (l Law) Text() Text {
	for _, texts := range []map[Law]Text{answerLaws(), fieldLaws(), storeLaws(), purgeLaws(), bucketLaws(), importLaws(), oldLaws(), runLaws(), clientLaws()} {
		if t, ok := texts[l]; ok {
			return t
		}
	}
	return Text{Name: "an unnamed law"}
}

// OfBuckets reports whether a law is about who may read and write which records.
func (l Law) OfBuckets() bool {
	_, ok := bucketLaws()[l]
	return ok
}

// OfClients reports whether a law is about Clients.
func (l Law) OfClients() bool {
	_, ok := clientLaws()[l]
	return ok
}

// OfField reports whether a law is about the stored write of one field.
func (l Law) OfField() bool {
	_, ok := fieldLaws()[l]
	return ok
}
