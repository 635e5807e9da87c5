package check

// Abilities are what the backend and the Clients were seen to be able to do.
type Abilities uint16

// What a backend may be able to do.
const (
	CanTellTime Abilities = 1 << iota // asks Env.Now
	CanPause
	CanPausePull
	CanRetry // pauses again within one push
	CanCrash
	CanRestart
	CanRestore
	CanWrite
	CanTell // what became of each field
	CanMark // that an edit is lost as it comes
	CanPage
	CanReopen // a Client
)

// Can reports whether all of b was seen.
func (a Abilities) Can(b Abilities) bool { return a&b == b }
