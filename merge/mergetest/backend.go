package mergetest

import (
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/sim"
	"github.com/fieldlww/fieldlww/record"
)

// Backend is a sync server under test. The kit calls it from one goroutine, one call at a time.
// Only within [Env.Pause] does it start a call before another call has returned. A Backend may also
// be a [Restarter], a [Restorer], a [ServerWriter], a [Purger], a [Granter], a [Keeper], an [Importer],
// an [Auditor] and an [OldServer]. If it has a method Close() error, the kit calls it at the end of
// the run, unless something panicked, since the Backend may then hold a lock.
type Backend interface {
	// Push is the push handler. Client is the authenticated client. Batch is a JSON array of
	// mutations; the server may have to refuse some of them.
	//
	// Most batches have a few items. Some have 300 or more, and twice that if each item is sent
	// twice in one push. Unless Options.OnlyFields is set, some items have 5,100 new fields. Every
	// batch is smaller than 1 MB. Some batches are spelled differently from how this library spells
	// them, with the same meaning: members in another order, unknown members, white space, escapes,
	// other forms of numbers and of stamps, and client IDs in upper case. The kit does not change
	// the batch after the call. It may keep the answer, so Push must not change the answer later.
	//
	// The answer is a JSON array with one merge.Reply for each item, in the order of the batch. A
	// reply needs index, table, id, verdict and changed. A refusal also needs code and retryable;
	// with the code too_far_ahead, it needs serverTime as well, at least to the second. A collision
	// needs its note, or the outcome collision in its field. Table and id may be empty for an
	// invalid item, since they may be unreadable.
	//
	// The member fields and the other notes may be left out, but those that are present must be true.
	// In each field, the member lost says whether an edit was lost, and leaving it out means that
	// none was. A server that does not detect lost edits, such as one without marks, leaves out
	// the member fields altogether. A note that cannot be true is a fault; a missing one is not.
	//
	// An item is compared with the writes stored before the batch, and with the writes of the batch
	// that are below its own by the rule, wherever they are in the batch. So if two items write one
	// field, and both writes are above the stored one, changed is true for both items. An item that
	// is invalid and also too far ahead is refused as invalid. A batch that arrives again is judged
	// again, and now changes nothing, so an answer that was kept from the first time must not be
	// replayed.
	//
	// An error means that the client gets no answer, knows nothing, and will send the same batch
	// again. It is permitted after an error from Env.Crash, in requests that overlap because of
	// Env.Pause, and for a batch that is not JSON in valid UTF-8, because it was damaged in
	// transit. Such a batch may also be answered, for as many items as can be read; damaged items
	// are refused.
	Push(client clock.ClientID, batch []byte) (answer []byte, err error)

	// Pull is the pull handler. It returns the changes after the cursor, as mutations in JSON Lines
	// or in a JSON array, and the next cursor. The first cursor of a client is empty. A client pulls
	// until the next cursor equals the one that it sent, so if there is nothing new, Pull returns no
	// records and the same cursor. The client replaces each field that is present, and keeps the
	// others. Records that the kit does not write are ignored.
	//
	// Make pages small for this test: with more than one row per page, paging may not be tested. With a
	// Client of yours, test pages of two rows as well: otherwise the Client's loop over the rows of a page is
	// not tested.
	//
	// An error is permitted in two cases only: the pull is served within the Env.Pause of another
	// request, or another request was served within the Env.Pause of the pull. The writes that the
	// other request stored may be missing from this pull, but not from the next.
	Pull(client clock.ClientID, cursor string) (lines []byte, next string, err error)
}

// Restarter is a Backend that can be stopped and started again. The kit restarts it between requests, and after
// half of the errors from [Env.Crash].
type Restarter interface {
	// Restart returns a new process over the same store. State that was only in memory is gone. The
	// old process is neither used again nor closed. An error fails the test.
	Restart() (Backend, error)
}

// Restorer is a Backend whose store can be backed up and restored.
//
// Package merge leaves it to the application to decide what clients do after a restore. In the kit,
// every device learns that the server was restored, sends its own writes once more, and keeps its
// cursor. So a write that its author still has wins again, and everything else that came after the
// backup is gone.
//
// A cursor from before the restore must not skip anything that comes after it. Put into each cursor
// a number that changes with each restore, and send everything to a client whose cursor has another
// number. With Options.NewClient only a [Purger] is restored, since other servers have no way to
// inform a Client of it.
type Restorer interface {
	// Backup backs up the store. The restore function that it returns starts a new process over a
	// store in the state of the backup, whatever was written since. The kit may call restore more
	// than once. After each call, the process that ran before is not used again. An error from
	// Backup or from restore fails the test.
	Backup() (restore func() (Backend, error), err error)
}

// ServerWriter is a Backend whose server also makes writes of its own, stamped by its own clock.
type ServerWriter interface {
	// Write sets one field of a record, as an edit of the record that the server stores at that
	// moment. The value is never a deletion, and the field is never $deleted. The server stamps the
	// write with an ID that no client has; each process may use a different ID. An error fails the
	// test.
	Write(key record.Key, field string, v record.Value) error
}

// Env gives a Backend its surroundings in one run: the time, other requests, and crashes. Calling
// its methods is optional, but a method that the Backend does not call is not tested. Only the kit
// makes an Env. Use it only during the kit's calls to the Backend, and in the goroutine of these
// calls.
type Env struct{ env *sim.Env }

// Now returns the virtual time. Use it as the wall clock of the server: the kit can test stamps
// that are too far ahead only against this clock. The time may be in 1970, as on a machine whose
// clock is not set. The server must then refuse, with merge.ServerClock, each valid item that it
// did not accept before.
func (e *Env) Now() time.Time {
	return e.env.Now()
}

// Pause lets other requests in. Call it wherever another request could be served. In Push, that is
// between a read and a write that compares and swaps, or between drawing a sequence number and the
// commit. In Pull, that is between any two reads, such as reading the rows and reading the cursor.
//
// The kit makes the other requests before Pause returns, so a request that waits for a lock held by
// this one would wait forever. Let such a request fail with a lock timeout; the kit repeats a
// failed request later.
func (e *Env) Pause() { e.env.Pause() }

// Crash returns an error where the server is to die or its commit is to fail, and nil otherwise. Call it in
// Push between any two steps, and after the commit, and return its error at once: Push must do nothing more,
// and an open transaction is rolled back. Half of the time, a [Restarter] is then restarted. Otherwise, and
// if the Backend is not a Restarter, the same process goes on, as after a commit that failed: whatever it
// keeps in memory must then match what is stored.
func (e *Env) Crash() error { return e.env.Crash() }
