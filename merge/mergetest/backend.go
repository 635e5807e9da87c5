package mergetest

import (
	"errors"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Backend is a sync server under test. The kit calls it from one goroutine, and not
// again before it has returned, except from within [Env.Pause]. A Backend that has a
// method Close is closed when its run is over, unless it panicked. It may also be a
// [Restarter], a [Restorer] and a [Writer].
type Backend interface {
	// Push is the push handler. Client is who was authenticated. Batch is a JSON array of
	// mutations, of which some may be refused, and which may be spelled in any way that JSON
	// and the forms of stamps permit. The answer is a JSON array with one merge.Reply for
	// each, in their order. Needed are index, table, id, verdict and changed; of a refusal
	// code and retryable, and serverTime with too_far_ahead; and the note of a collision. Of
	// a bad item table and id may be empty, since it may not be readable. Fields and the
	// other notes may be left out, but what is there must be true.
	//
	// An item is compared with what was stored before the batch and, in ascending order of
	// stamps, with the items below it in the batch, whatever their order there: so of two
	// writes of one field that are above what was stored, both changed it. An item that is
	// both bad and too far ahead is bad. A batch that comes again is judged again: it changes
	// nothing now, and an answer that was kept must not be replayed.
	//
	// An error says that the client has no answer, knows nothing, and sends the same again.
	// It is permitted if Env.Crash returned one, to requests that met in an Env.Pause, and
	// where the batch is no JSON in valid UTF-8, since it was damaged on its way. Such a batch
	// may as well be answered, for as many items as can be read; those that are damaged are
	// refused. The kit may keep the answer, and does not change the batch.
	Push(client clock.ClientID, batch []byte) (answer []byte, err error)

	// Pull is the pull handler: what changed after the cursor, as mutations in JSON Lines or
	// in an array, and the next cursor. The first cursor of a client is "". A client asks
	// again until the next cursor is the one that it sent. Make pages small for this test, of
	// one row, or paging is not tested. Each field that is there takes the place of what the
	// client had of it. Records that the kit does not write are passed over.
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
// steps, also after the commit, and return its error at once: Push must not go on. A
// transaction that is open is then rolled back. If the Backend is a Restarter, it is restarted.
func (e *Env) Crash() error { return e.w.crash() }
