package mergetest

import (
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/sim"
	"github.com/fieldlww/fieldlww/record"
)

// Backend is a sync server under test. The kit calls it from one goroutine, one call after the
// other; only within [Env.Pause] does it make calls before another one has returned. A Backend may
// also be a [Restarter], a [Restorer] and a [ServerWriter]. If it has a method Close() error, that
// is called at the end of the run, unless something panicked, since then it may hold a lock.
type Backend interface {
	// Push is the push handler. Client is the client that was authenticated. Batch is a JSON
	// array of mutations, some of which may have to be refused. Most batches have a few items. Some
	// have 300 or more, and twice that if each item is sent twice in one push; and unless
	// Options.Fields is given, some items have 5,100 new fields. All are less than 1 MB. Some are spelled otherwise than by this library, and mean the same: with members in
	// another order, members that nobody knows, white space, escapes, other forms of numbers and
	// of stamps, and client IDs in upper case. The kit does not change the batch later, and may
	// keep the answer.
	//
	// The answer is a JSON array of one merge.Reply for each item, in the order of the batch. A
	// reply needs index, table, id, verdict and changed. A refusal also needs code and retryable,
	// and with the code too_far_ahead serverTime, to the second at least. A collision needs its
	// note, or the outcome collision of its field. Table and id may be empty where an item is bad,
	// since they may be unreadable.
	//
	// Fields and the other notes may be left out, but what is there must be true. A field that is
	// there says by its lost, also by leaving it out, whether an edit was lost; a server that does
	// not find that out, such as one without marks, leaves out fields altogether. A note must be
	// one that can be true; a missing note is not a fault.
	//
	// An item is compared with what was stored before the batch, and with those items of the batch
	// that are less by the rule, wherever they stand in it. So of two writes of one field that are
	// both above what was stored, both changed it. An item that is bad as well as too far ahead is
	// bad. A batch that comes again is judged again: now it changes nothing, so an answer that was
	// kept from the first time must not be replayed.
	//
	// An error means that the client gets no answer, knows nothing, and will send the same again.
	// It is permitted if Env.Crash returned one, in requests that met within Env.Pause, and if the
	// batch is not JSON in valid UTF-8, because it was damaged on its way. Such a batch may also be
	// answered, for as many items as can be read; those that are damaged are refused.
	Push(client clock.ClientID, batch []byte) (answer []byte, err error)

	// Pull is the pull handler. It returns what changed after the cursor, as mutations in JSON Lines
	// or in a JSON array, and the next cursor. The first cursor of a client is empty. A client pulls
	// again until the next cursor equals the one that it sent, so nothing new is no lines and the same
	// cursor. Make pages small for this test: of one row, or paging is not tested; with a Client of
	// yours of two rows as well, or its loop over a page is not. The client replaces each field that
	// is there, and keeps those that are not. Records that the kit does not write are ignored. An
	// error is permitted only within Env.Pause, and if another request was served within this one.
	// What such a request stored may be missing in this pull, and not in the next one.
	Pull(client clock.ClientID, cursor string) (lines []byte, next string, err error)
}

// Restarter is a Backend that can be stopped and started again.
type Restarter interface {
	// Restart returns a new process over the same store: what was only in memory is gone. The
	// old process is neither used again nor closed. An error fails the test.
	Restart() (Backend, error)
}

// Restorer is a Backend whose store can be backed up and restored.
//
// What clients do after that, package merge leaves to the application. In the kit every device
// hears of it, sends once more what it wrote itself, and keeps its cursor. So a write that its
// author still holds wins again, and whatever else came after the backup is gone. A cursor from
// before the restore must not skip anything that comes after it: put into each cursor a number
// that changes with each restore, and send everything to a client whose cursor has another one.
// With Options.NewClient there is no restore, since a Client could not hear of it.
type Restorer interface {
	// Backup backs up the store. The restore that it returns makes a new process over a store as
	// it was at the time of the backup, whatever was written since. It may be called more than
	// once, and each time the process that ran before is not used again. An error of either fails
	// the test.
	Backup() (restore func() (Backend, error), err error)
}

// ServerWriter is a Backend whose server also makes writes of its own, stamped by its own clock.
type ServerWriter interface {
	// Write sets one field of a record, as an edit of what the server has stored at that moment.
	// It neither deletes the field nor writes $deleted. The server stamps with an ID that no
	// client has; each process may have another one. An error fails the test.
	Write(key record.Key, field string, v record.Value) error
}

// Env is what surrounds a Backend in one run: its clock, other requests, and crashes. Each method
// is optional to call; what a Backend does not call is not tested. Only the kit makes an Env. Use
// it only during calls that the kit makes to the Backend, and in their goroutine.
type Env struct{ env *sim.Env }

// Now returns the time, which is virtual. Make it the wall clock of the server: only against this
// clock can stamps be tested that are too far ahead. It may be in 1970, as on a machine whose clock
// is not set. Then each sound item that was not accepted before must be refused with
// merge.ServerClock.
func (e *Env) Now() time.Time {
	return e.env.Now()
}

// Pause lets other requests in. Call it wherever another request could be served: in Push between
// reading and a write that compares and swaps, or between drawing a sequence number and the commit,
// and in Pull between any two reads, such as those of the rows and of the cursor. The kit makes those
// requests before Pause returns, so if they had to wait for a lock that this one holds, they would
// wait for ever. Let them fail instead, by a timeout of the lock; a request that failed is repeated
// later.
func (e *Env) Pause() { e.env.Pause() }

// Crash returns an error where the server is to die, and nil otherwise. Call it in Push between
// any two steps, also after the commit, and return its error at once: Push must do nothing more,
// and a transaction that is open is rolled back. A [Restarter] is then restarted.
func (e *Env) Crash() error { return e.env.Crash() }
