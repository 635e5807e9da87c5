package mergetest

import "time"

// Env is what surrounds a Backend in one run: its clock, other requests, and crashes. Each method
// is optional to call; what a Backend does not call is not tested. Only the kit makes an Env. Use
// it only during calls that the kit makes to the Backend, and in their goroutine.
type Env struct{ env *simEnv }

// Now returns the time, which is virtual. Make it the wall clock of the server: only against this
// clock can stamps be tested that are too far ahead. It may be in 1970, as on a machine whose clock
// is not set. Then each sound item that was not accepted before must be refused with
// merge.ServerClock.
func (e *Env) Now() time.Time {
	return e.env.now()
}

// Pause lets other requests in. Call it wherever another request could be served: in Push between
// reading and a write that compares and swaps, or between drawing a sequence number and the commit,
// and in Pull between any two reads, such as those of the rows and of the cursor. The kit makes those
// requests before Pause returns, so if they had to wait for a lock that this one holds, they would
// wait for ever. Let them fail instead, by a timeout of the lock; a request that failed is repeated
// later.
func (e *Env) Pause() { e.env.pause() }

// Crash returns an error where the server is to die, and nil otherwise. Call it in Push between
// any two steps, also after the commit, and return its error at once: Push must do nothing more,
// and a transaction that is open is rolled back. A [Restarter] is then restarted.
func (e *Env) Crash() error { return e.env.crash() }

// newBackend is how a backend is made: empty, for one run.
type newBackend = func(*Env) (Backend, error)
