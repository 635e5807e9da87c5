package mergetest

// abilities are what the backend and the Clients were seen to be able to do.
type abilities uint16

const (
	canTellTime abilities = 1 << iota // asks Env.Now
	canPause
	canPausePull
	canRetry // pauses again within one push
	canCrash
	canRestart
	canRestore
	canWrite
	canTell // what became of each field
	canMark // that an edit is lost as it comes
	canPage
	canReopen // a Client
)

// can reports whether all of b was seen.
func (a abilities) can(b abilities) bool { return a&b == b }
