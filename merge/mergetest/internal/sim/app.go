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
	mustPull bool             // whether the server was restored since its last pull
}

// addClient makes a Client of the user act as the device, if the device is one of those
// with a Client.
func (d *device) addClient() {
	if d.w.o.HasClient(d.index) {
		wall := func() time.Time { return d.w.Now.Add(d.skew) }
		d.client = &clientDevice{App: d.w.o.NewApp(d.id, wall), Replica: check.NewReplica(d.w.Judge, d.name, d.id)}
		d.client.Shows = func(id string) record.Record { return d.client.Shown(d.w.Key(id)) }
		if d.client.Client == nil {
			d.w.Broken(law.ClientErrors, "NewClient returned nil")
		}
		if d.client.reopens() {
			d.w.Able |= check.CanReopen
		}
	}
}

func (c *clientDevice) reopens() bool { return c.Reopen != nil }

// reopen closes a Client and opens it again.
func (d *device) reopen() {
	next, err := d.client.Reopen()
	if err != nil {
		d.w.Broken(law.ClientErrors, "Reopen of %s: %v", d.name, err)
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
