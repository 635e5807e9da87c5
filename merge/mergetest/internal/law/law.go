// Package law has the laws that a backend and a client must obey, as data: what each is called, what it says,
// and where to look if it is broken.
package law

// Law is a law. The zero value is Answered.
type Law int

const (
	// of answers
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

	// of what is stored of a field
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

	// of the store, and of pulls
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

	// of the whole
	Settle
	Dies
	Panics
	Kit

	// of Clients
	ClientErrors
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
)

// Text is what is told of a law that is broken: its name, what it says, and where to
// look.
type Text struct{ Name, Says, Look string }

// Text returns what is told if the law is broken.
func (l Law) Text() Text {
	for _, texts := range []map[Law]Text{answerLaws(), fieldLaws(), storeLaws(), runLaws(), clientLaws()} {
		if t, ok := texts[l]; ok {
			return t
		}
	}
	return Text{Name: "a law without a name"}
}

// OfField reports whether a law is about what is stored of one field.
func (l Law) OfField() bool {
	_, ok := fieldLaws()[l]
	return ok
}
