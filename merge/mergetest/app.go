package mergetest

import (
	"bytes"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// clientAPI is a Client of the user: mergetest.Client says what each method must do.
type clientAPI interface {
	Edit(key record.Key, fields map[string]record.Value) error
	Outbox() []byte
	Answer(answer []byte) error
	Cursor() string
	Pulled(lines []byte, next string) error
	Shown(key record.Key) record.Record
}

// clientApp is a Client of the user, and what else it can do.
type clientApp struct {
	clientAPI
	reopen func() (clientApp, error) // closes and opens it; nil if it cannot be
}

// newApp makes a Client that is empty, has that ID, and reads the time from wall.
type newClientApp func(id clock.ClientID, wall func() time.Time) clientApp

// clientDevice is a Client in the place of a device, and what the kit knows of it. What is
// confirmed to it is in the state of the device.
type clientDevice struct {
	clientApp
	*replica
	note string // what became of its last edit
	busy bool   // whether it waits for an answer
}

// addClient puts a Client of the user in the place of a device, if it is one of those.
func (d *device) addClient() {
	if d.w.o.HasClient(d.index) {
		wall := func() time.Time { return d.w.now.Add(d.skew) }
		d.client = &clientDevice{clientApp: d.w.o.newClient(d.id, wall), replica: newReplica(d.w.judge, d.name, d.id)}
		d.client.shown = func(id string) record.Record { return d.client.Shown(d.w.key(id)) }
		if d.client.clientAPI == nil {
			d.w.broken(law.ClientErrors, "NewClient returned nil")
		}
		if d.client.reopens() {
			d.w.able |= canReopen
		}
	}
}

func (c *clientDevice) reopens() bool { return c.reopen != nil }

// reopen closes a Client and opens it again.
func (d *device) reopen() {
	next, err := d.client.reopen()
	if err != nil {
		d.w.broken(law.ClientErrors, "Reopen of %s: %v", d.name, err)
		return
	}
	d.client.clientApp, d.client.reopened = next, d.w.moment
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
