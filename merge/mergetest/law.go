package mergetest

// law is something that must hold.
type law int

const (
	// of answers
	lawAnswered law = iota
	lawWellFormed
	lawOrder
	lawFine
	lawNeighbours
	lawBadRefused
	lawBlind
	lawAhead
	lawRetry
	lawOutcome
	lawCollision
	lawLost
	lawNote

	// of what is stored of a field
	lawLater
	lawCounter
	lawClient
	lawKind
	lawValue
	lawTombstone
	lawRevive
	lawVanish
	lawFour
	lawExact
	lawStamp
	lawInvented

	// of the store, and of pulls
	lawWhole
	lawRefusedLeavesNothing
	lawDamaged
	lawStays
	lawDurable
	lawRestored
	lawMeet
	lawSkip
	lawStale
	lawNames
	lawReadable
	lawServerClock
	lawPoison

	// of the whole
	lawSettle
	lawDies
	lawPanics
	lawKit

	// of Clients
	lawClientErrors
	lawClientEdit
	lawClientObserves
	lawClientKeeps
	lawClientRetry
	lawClientOrder
	lawClientRefused
	lawClientInvents
	lawClientBase
	lawClientRollback
	lawClientShows
	lawClientReopens
	lawClientSettles
)

// lawText is what is told of a law that is broken: its name, what it says, and where to
// look.
type lawText struct{ name, says, look string }

func (l law) text() lawText {
	for _, texts := range []map[law]lawText{answerLaws(), fieldLaws(), storeLaws(), runLaws(), clientLaws()} {
		if t, ok := texts[l]; ok {
			return t
		}
	}
	return lawText{name: "a law without a name"}
}

// ofField reports whether a law is about what is stored of one field.
func (l law) ofField() bool {
	_, ok := fieldLaws()[l]
	return ok
}
