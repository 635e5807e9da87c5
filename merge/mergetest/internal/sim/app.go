package sim

import (
	"bytes"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/record"
)

// Client is the user's Client. mergetest.Client documents what each method must do.
type Client interface {
	Edit(key record.Key, fields map[string]record.Value) error
	Outbox() []byte
	Answer(answer []byte) error
	Cursor() string
	Pulled(lines []byte, next string) error
	Shown(key record.Key) record.Record
}

// App is the user's Client and its optional abilities.
type App struct {
	Client
	Reopen func() (App, error) // closes and opens the Client; nil if it cannot be reopened
	Failed func() error        // the error of the last call whose method returns none; may be nil
	Close  func() error        // may be nil
}

// NewApp makes an empty Client with the given ID, which reads the time from wall.
type NewApp func(id clock.ClientID, wall func() time.Time) App

// clientDevice is a Client that acts as a device, and the kit's knowledge of it. The
// device keeps the confirmed state.
type clientDevice struct {
	App
	*check.Replica
	note     string           // the result of its last edit
	busy     bool             // whether it is waiting for an answer
	waiting  []*check.Item    // what it last had to send, and the edits since
	aside    []oracle.Written // its own writes that it had confirmed when it learned of a restore
	joined   []oracle.Written // its own writes that were accepted without a fence since its last complete pull
	spare    []oracle.Written // those that it had joined when it learned of a restore
	mustPull bool             // whether the server was or may have been restored since its last pull
	bound    clock.Timestamp  // the greatest time that the server permitted when it last refused an edit as too far ahead
	beyond   clock.Timestamp  // the greatest time of the writes that were confirmed then
}

// addClient makes a Client of the user act as the device, if the device is one of those
// with a Client.
func (d *device) addClient() {
	if d.w.o.HasClient(d.index) {
		if d.client != nil {
			if err := d.client.close(); err != nil {
				d.client.BrokenCall("Close", err)
			}
		}
		wall := func() time.Time { return d.w.Now.Add(d.skew) }
		d.client = &clientDevice{App: d.w.o.NewApp(d.id, wall), Replica: check.NewReplica(d.w.Judge, d.name, d.id)}
		// Without a cursor, a Client could not learn that a server was restored that had accepted its edits.
		d.client.mustPull = d.w.Able.Can(check.CanPurge | check.CanRestore)
		d.client.Shows = func(id string) record.Record { return d.client.Shown(d.w.Key(id)) }
		if d.client.Client == nil {
			d.w.Broken(law.ClientErrors, "NewClient returned nil")
		}
		d.client.judgeCall("NewClient")
		if d.client.reopens() {
			d.w.Able |= check.CanReopen
		}
	}
}

func (c *clientDevice) reopens() bool { return c.Reopen != nil }

// judgeCall reports the law that a Client breaks by failing in a call whose method returns no error.
func (c *clientDevice) judgeCall(call string) {
	if c.Failed == nil {
		return
	}
	if err := c.Failed(); err != nil {
		c.BrokenCall(call, err)
	}
}

// Outbox returns the next batch of the Client, and judges whether the call failed.
func (c *clientDevice) Outbox() []byte {
	defer c.judgeCall("Outbox")
	return c.Client.Outbox()
}

// Cursor returns the cursor of the Client, and judges whether the call failed.
func (c *clientDevice) Cursor() string {
	defer c.judgeCall("Cursor")
	return c.Client.Cursor()
}

// Shown returns a record as the Client shows it, and judges whether the call failed.
func (c *clientDevice) Shown(key record.Key) record.Record {
	defer c.judgeCall("Shown")
	return c.Client.Shown(key)
}

// close closes a Client that is not used again.
func (c *clientDevice) close() error {
	if c.Close == nil {
		return nil
	}
	return c.Close()
}

// reopen closes a Client and opens it again.
func (d *device) reopen() {
	next, err := d.client.Reopen()
	if err != nil {
		d.client.BrokenCall("Reopen", err)
		return
	}
	d.client.App, d.client.Reopened = next, d.w.Moment
}

// reopenAndCompare closes a Client, opens it again, and compares what it shows.
func (d *device) reopenAndCompare() (done bool) {
	if d.reopen(); d.w.Breach == nil {
		d.judgeShown()
	}
	return true
}

// waits reports whether any write of the device has no final answer yet.
func (d *device) waits() bool {
	if d.client == nil {
		return len(d.outbox) > 0
	}
	return len(d.client.Wants) > 0 || len(bytes.TrimSpace(d.client.Outbox())) > 0
}
