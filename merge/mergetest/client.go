package mergetest

import (
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/record"
)

// Client is the client side of an app under test: a replica of what the server confirmed,
// an outbox of edits, and a clock. [Options.NewClient] puts it in the place of some devices.
// The kit is its user and its network. It calls a Client from one goroutine, and only Edit and
// Shown between Outbox and Answer.
//
// Some edits also write the field zzz. On their way to the server the kit makes items of
// them that must be refused (see [Schedule]), so that the Client sees what it is to be refused
// for good. All others arrive as they are spelled. A Client may also be a [Reopener].
type Client interface {
	// Edit writes some fields of a record at once, as the user sees it. A Deletion deletes a
	// field; $deleted is true to delete the record, and false to restore it. No field has
	// that value already.
	Edit(key record.Key, fields map[string]record.Value) error

	// Outbox returns all that waits, as mutations in a JSON array or in JSON Lines, and
	// nothing if nothing waits. An edit waits until it was answered for good; of several
	// writes of one field, the last is enough.
	Outbox() []byte

	// Answer takes what the server said to what Outbox returned last. It is not called if
	// the answer was lost; then Outbox is called again.
	Answer(answer []byte) error

	// Cursor returns where the next pull begins: "", or what Pulled was given last.
	Cursor() string

	// Pulled takes what a pull returned, as Backend.Pull describes it, and the next cursor.
	Pulled(lines []byte, next string) error

	// Shown returns what the user sees of a record, deleted fields and stamps included:
	// what is confirmed, joined with what waits.
	Shown(key record.Key) record.Record
}

// Reopener is a Client whose app can be closed and opened again.
type Reopener interface {
	// Reopen returns a new Client over the same storage, with the same ID and the same wall
	// clock: whatever was in memory only is gone. The old one is not used any more. It
	// happens at any time, and where a push was sent, its answer is lost.
	Reopen() (Client, error)
}

// newClient is how a client is made: empty, with an ID of its own. Wall is the clock of its
// device, which may be wrong.
type newClient = func(id clock.ClientID, wall func() time.Time) Client

// invites reports whether a device is a Client of the user: every other one is, so that
// there are devices of the kit, which can be cloned and restored, to meet.
func (d domain) invites(device int) bool { return d.NewClient != nil && device%2 == 0 }

// guest is a Client in the place of a device, and what the kit knows of it. What is
// confirmed to it is in the state of the device.
type guest struct {
	Client
	wants   map[spot][]want  // what was edited and not yet answered for good, in order
	refused map[written]bool // what was refused for good
	note    string           // what became of its last edit
	busy    bool             // whether it waits for an answer

	reopened int // the step in which it was opened again last
}

// want is a write that must reach the server.
type want struct {
	write
	base  clock.Stamp // of what was shown
	loose bool        // it may be stamped anew, since the clock was found to be wrong
	again bool        // it was loose once, so its base may have another name
	sent  bool        // at least once
}

// fits reports whether x, as it was sent, is the write that was wanted.
func (w want) fits(x write) bool {
	return w.write == x || w.loose && sameValue(w.write, x) && w.client == x.client
}

// invite puts a Client of the user in the place of a device, if it is one of those.
func (d *device) invite() {
	if d.w.o.invites(d.index) {
		wall := func() time.Time { return d.w.now.Add(d.skew) }
		d.guest = &guest{Client: d.w.o.NewClient(d.id, wall), wants: map[spot][]want{}, refused: map[written]bool{}, reopened: -1}
		if d.guest.Client == nil {
			d.w.broken(lawClientErrors, "NewClient returned nil")
		}
		_, d.w.able.reopen = d.guest.Client.(Reopener)
	}
}

func (g *guest) reopens() bool {
	_, ok := g.Client.(Reopener)
	return ok
}

// reopen closes a Client and opens it again.
func (d *device) reopen() {
	c, err := d.guest.Client.(Reopener).Reopen()
	if err != nil {
		d.w.broken(lawClientErrors, "Reopen of %s: %v", d.name, err)
		return
	}
	d.guest.Client, d.guest.reopened = c, d.w.moment
	d.look()
}

// waits reports whether something is not yet answered for good.
func (d *device) waits() bool {
	if d.guest == nil {
		return len(d.outbox) > 0
	}
	return len(d.guest.wants) > 0 || len(trimmed(d.guest.Outbox())) > 0
}
