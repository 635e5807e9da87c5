package mergetest

import (
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Client is the client side of an app under test: a replica of the state that the server confirmed,
// an outbox of edits, and a clock. Options.NewClient puts it in the place of some devices. The kit
// acts as its user and its network. It calls a Client from one goroutine. Between Outbox and Answer,
// it calls only Edit and Shown. An error from any method fails the test.
//
// Some edits also write the field zzz. On the way to the server, the kit turns them into items that
// must be refused (see [Schedule]), so that the Client meets permanent refusals. All other items
// arrive as the Client spells them. A Client may also be a [Reopener]. If it has a method Close() error, the kit
// calls it when the run ends or the device is reinstalled, unless something panicked.
//
// [Command] returns Clients that a program in any language runs.
//
// If the backend is a [Purger], a Client must handle the lines that Purger describes. It then shows
// the result of applying the accepted items that no complete pull has returned yet, and the waiting
// items, to the confirmed record with merge.Engine, under the fence that it was told. An item that
// is gone has its final answer. After a reset whose why is epoch, the Client sends its own
// confirmed writes again if the server lacks them; until it has pulled, the kit lets it push
// nothing, as a server refuses the pushes of clients that do not know of the restore. For the same reason it
// pulls before its first push: without a cursor, no client can learn of a restore.
//
// If the backend is a [Granter], a Client must handle the lines that Granter describes, and keeps accepted items
// apart as above even before it is told a fence. When it forgets a record, or a line with left names a record, it
// shows neither the waiting nor the accepted items on that record, even if they create it, until a line
// brings the record again. It goes on sending the waiting ones. Forgetting is not an edit.
type Client interface {
	// Edit writes some fields of a record in one edit, as the user of the app does. A
	// record.Deletion deletes a field. The field $deleted is true to delete the record, and false
	// to restore it. Each value differs from the one that the field has. Edit may keep the map.
	Edit(key record.Key, fields map[string]record.Value) error

	// Outbox returns all waiting edits, as mutations in a JSON array or in JSON Lines, and nothing
	// if no edit waits. In this test it returns all of them even if the app would send them in
	// parts. An edit waits until it has a final answer. Of several writes of one field, the last is
	// enough. Outbox may be called at any time, and its result counts as sent, even if no Answer
	// follows.
	Outbox() []byte

	// Answer processes the server's answer to the last result of Outbox. If the answer is lost,
	// the kit does not call Answer, and calls Outbox again.
	Answer(answer []byte) error

	// Cursor returns where the next pull begins: the last cursor passed to Pulled, or an empty
	// string before the first pull.
	Cursor() string

	// Pulled processes the lines that a pull returned, as described at Backend.Pull, and the next
	// cursor. The kit calls it even if there are no lines. The pull is complete if next equals Cursor.
	// No Answer comes between the requests of one pull.
	Pulled(lines []byte, next string) error

	// Shown returns the record that the user sees, including deleted fields and all stamps: the
	// confirmed state joined with the waiting edits. A record that does not exist has no fields. Under
	// a fence, the Client may leave out what merge.Purge removes, and show a dead record without
	// fields.
	Shown(key record.Key) record.Record
}

// Reopener is a Client whose app can be closed and opened again.
type Reopener interface {
	// Reopen returns a new Client over the same storage, with the same ID and the same wall clock.
	// State that was only in memory is gone. The old Client is not used again. The kit may call
	// Reopen between any two calls, for example between the pages of a pull, or after the last
	// result of Outbox was sent and its answer was lost.
	Reopen() (Client, error)
}

// newClient makes a Client.
type newClient = func(id clock.ClientID, wall func() time.Time) Client
