package mergetest

import (
	"bytes"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
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

// newClient is how a client is made: empty, with an ID of its own. Wall is the clock of its
// device, which may be wrong.
type newClient = func(id clock.ClientID, wall func() time.Time) Client

// clientDevice is a Client in the place of a device, and what the kit knows of it. What is
// confirmed to it is in the state of the device.
type clientDevice struct {
	Client
	*replica
	note string // what became of its last edit
	busy bool   // whether it waits for an answer
}

// addClient puts a Client of the user in the place of a device, if it is one of those.
func (d *device) addClient() {
	if d.w.o.HasClient(d.index) {
		wall := func() time.Time { return d.w.now.Add(d.skew) }
		d.client = &clientDevice{Client: d.w.o.newClient(d.id, wall), replica: newReplica(d.w.judge, d.name, d.id)}
		d.client.shown = func(id string) record.Record { return d.client.Shown(d.w.key(id)) }
		if d.client.Client == nil {
			d.w.broken(law.ClientErrors, "NewClient returned nil")
		}
		if d.client.reopens() {
			d.w.able |= canReopen
		}
	}
}

func (c *clientDevice) reopens() bool {
	_, ok := c.Client.(Reopener)
	return ok
}

// reopen closes a Client and opens it again.
func (d *device) reopen() {
	c, err := d.client.Client.(Reopener).Reopen()
	if err != nil {
		d.w.broken(law.ClientErrors, "Reopen of %s: %v", d.name, err)
		return
	}
	d.client.Client, d.client.reopened = c, d.w.moment
}

// reopenAndCompare closes a Client, opens it again, and compares what it shows.
func (d *device) reopenAndCompare() (done bool) {
	if d.reopen(); d.w.breach == nil {
		d.client.judgeShown(d.confirmed)
	}
	return true
}

// waits reports whether something is not yet answered for good.
func (d *device) waits() bool {
	if d.client == nil {
		return len(d.outbox) > 0
	}
	return len(d.client.wants) > 0 || len(bytes.TrimSpace(d.client.Outbox())) > 0
}
