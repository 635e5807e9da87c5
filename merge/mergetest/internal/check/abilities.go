package check

// Abilities is the set of abilities that the backend and the Clients have shown.
type Abilities uint16

// The abilities that a backend or a Client may have.
const (
	CanTellTime Abilities = 1 << iota // it asks Env.Now
	CanPause
	CanPausePull
	CanRetry // it pauses more than once in a push
	CanCrash
	CanRestart
	CanRestore
	CanWrite
	CanTell // it reports the outcome of each field
	CanMark // it reports an edit lost on arrival
	CanPage
	CanReopen // a Client can be closed and opened again
)

// Can reports whether all of b was seen.
func (a Abilities) Can(b Abilities) bool { return a&b == b }
