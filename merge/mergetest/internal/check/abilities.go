package check

// Abilities is the set of abilities that the backend and the Clients have shown.
type Abilities uint32

// The abilities that a backend or a Client may have.
const (
	CanTellTime Abilities = 1 << iota // the backend calls Env.Now
	CanPause
	CanPausePull
	CanRetry // the backend pauses more than once in a push
	CanCrash
	CanRestart
	CanRestore
	CanWrite
	CanTell // the backend reports the outcome of each field
	CanMark // the backend reports edits that are lost on arrival
	CanPage
	CanReopen // a Client can be closed and opened again
	CanPurge
	CanErase
	CanGrant
	CanKeep
	CanImport
	CanAudit
)

// Can reports whether the set contains all the abilities in b.
func (a Abilities) Can(b Abilities) bool { return a&b == b }
