package mergetest

import (
	"errors"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Backend is a sync server under test. The kit calls it from one goroutine, and not
// again before it has returned, except from within [Env.Pause]. A Backend that has a
// method Close is closed when its run is over. It may also be a [Restarter], a [Restorer]
// and a [Writer].
type Backend interface {
	// Push is the push handler. Client is who was authenticated. Batch is a JSON array of
	// mutations, of which some may be refused. The answer is a JSON array with one
	// merge.Reply for each, in their order; it may leave out fields and notes, but not the
	// note of a collision, and what it tells of lost edits must be true. The kit may keep the
	// answer, and does not change the batch.
	//
	// An error says that the client has no answer, knows nothing, and sends the same again.
	// It is permitted if Env.Crash returned one, to requests that met in an Env.Pause, and
	// where the batch is no JSON in valid UTF-8, since it was damaged on its way. Such a batch
	// may as well be answered, for as many items as can be read; those that are damaged are
	// refused.
	Push(client clock.ClientID, batch []byte) (answer []byte, err error)

	// Pull is the pull handler: what changed after the cursor, as mutations in JSON Lines or
	// in an array, and the next cursor. The first cursor of a client is "". A client asks
	// again until the next cursor is the one that it sent. Each field that is there takes
	// the place of what the client had of it. Records that the kit does not write are
	// passed over.
	Pull(client clock.ClientID, cursor string) (lines []byte, next string, err error)
}

// Restarter is a Backend that can be stopped and started again.
type Restarter interface {
	// Restart returns a new process over the same store: whatever was in memory only is
	// gone. The old one is not used any more, and not closed either.
	Restart() (Backend, error)
}

// Restorer is a Backend whose store can be backed up and restored.
//
// What happens to clients then, package merge leaves to the application. In the kit all
// devices learn of it, send what they wrote themselves again, and go on with their cursors.
// So what its writer still holds wins again, and the server has nothing else of what came
// after the backup. A cursor from before the restore must not skip what comes after it: put
// into each cursor a number that is new after each restore, and send everything to those who
// come with another one. With [Options].NewClient there is no restore, since no Client would
// learn of it.
type Restorer interface {
	// Backup backs up the store, and returns what restores it: a new process over a store as
	// it was then. It may be called more than once. The process before it is not used any
	// more.
	Backup() (restore func() (Backend, error), err error)
}

// Writer is a Backend whose server also writes by itself, with a clock of its own.
type Writer interface {
	// Write sets one field, as the server sees the record at that moment.
	Write(key record.Key, field string, v record.Value) error
}

// Env is what surrounds a Backend in one run. Each of its methods is optional to call:
// what a Backend does not call is not tested. It is made by the kit, and must be used only
// from within calls that the kit makes, and from the goroutine that made them.
type Env struct{ w *world }

// errCrash is what Env.Crash returns.
var errCrash = errors.New("mergetest: the server dies here")

// Now returns the time, which is virtual. Make it the wall clock of the server: stamps that
// are too far ahead can only be tested against this clock. It may be in 1970, as that of a
// machine whose clock is not set: then all items must be refused with merge.ServerClock.
func (e *Env) Now() time.Time {
	e.w.able.now = true
	return e.w.wall()
}

// Pause lets other requests in. Call it in Push wherever another request could be served
// as well: between the reading and a write that compares and swaps, or between drawing a
// sequence and the commit. Mind that the kit makes those requests within the call: if
// they had to wait for a lock that Push holds, they would wait for ever. Let them fail
// instead, by a timeout of the lock; a failed request is repeated later.
func (e *Env) Pause() { e.w.pause() }

// Crash returns an error where the server is to die. Call it in Push between any two
// steps, also after the commit, and return its error at once. A transaction that is open
// is then rolled back. If the Backend is a Restarter, it is restarted.
func (e *Env) Crash() error { return e.w.crash() }
