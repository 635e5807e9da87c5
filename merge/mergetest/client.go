package mergetest

import (
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Client is the client side of an app under test: a replica of what the server confirmed, an
// outbox of edits, and a clock. Options.NewClient puts it in the place of some devices. The kit is
// its user and its network. It calls a Client from one goroutine, and between Outbox and Answer
// only Edit and Shown. An error of any method fails the test.
//
// Some edits also write the field zzz. On their way to the server the kit turns them into items
// that must be refused (see [Schedule]), so that the Client meets refusals for good. All others
// arrive as the Client spells them. A Client may also be a [Reopener].
type Client interface {
	// Edit writes some fields of a record at once, as its user does. A record.Deletion deletes a
	// field; the field $deleted is true to delete the record, and false to restore it. No field
	// has its new value already. Edit may keep the map.
	Edit(key record.Key, fields map[string]record.Value) error

	// Outbox returns everything that waits, as mutations in a JSON array or in JSON Lines, and
	// nothing if nothing waits; for this test also where the app would send it in parts. An edit
	// waits until it is answered for good. Of several writes of one field, the last is enough.
	Outbox() []byte

	// Answer takes the server's answer to what Outbox returned last. If the answer is lost, it is
	// not called, and Outbox is called again.
	Answer(answer []byte) error

	// Cursor returns where the next pull begins: what Pulled was given last, and empty before.
	Cursor() string

	// Pulled takes the lines that a pull returned, as described at Backend.Pull, and the next
	// cursor. It is also called if there are no lines.
	Pulled(lines []byte, next string) error

	// Shown returns what the user sees of a record, including deleted fields and all stamps: what
	// is confirmed, joined with what waits. A record that does not exist has no fields.
	Shown(key record.Key) record.Record
}

// Reopener is a Client whose app can be closed and opened again.
type Reopener interface {
	// Reopen returns a new Client over the same storage, with the same ID and the same wall clock:
	// what was only in memory is gone. The old one is not used again. It may be called between
	// any two calls, also after some pages of a pull, and when what Outbox returned last was sent
	// and its answer is lost.
	Reopen() (Client, error)
}

// newClient is how a Client is made.
type newClient = func(id clock.ClientID, wall func() time.Time) Client
