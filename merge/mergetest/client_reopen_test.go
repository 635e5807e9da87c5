package mergetest

import (
	"slices"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// closable is an app that can be closed. What it loses then is its mistake.
type closable struct {
	*app
	loses func(*app)
}

func newClosable(loses func(*app)) newClient {
	return func(id clock.ClientID, wall func() time.Time) Client {
		return closable{newApp(clientQuirks{})(id, wall).(*app), loses}
	}
}

func (c closable) Reopen() (Client, error) {
	a := *c.app
	a.sent = 0
	err := a.newClock(c.app.clock.Last())
	if c.loses != nil {
		c.loses(&a)
	}
	return closable{&a, c.loses}, err
}

// TestReopen: a client that is right can be closed and opened again.
func TestReopen(t *testing.T) {
	t.Parallel()
	Run(t, newMemory, some(Options{NewClient: newClosable(nil)}))
}

// TestBrokenReopen: what a client loses when it is closed is found, and named.
func TestBrokenReopen(t *testing.T) {
	checkClients(t, []brokenClient{
		{"its outbox", newClosable(func(a *app) { a.outbox = nil }), []law.Law{law.ClientReopens}},
		{"its last edit", newClosable(func(a *app) { a.outbox = a.outbox[:max(0, len(a.outbox)-1)] }), []law.Law{law.ClientReopens}},
		{"its stamps", newClosable(func(a *app) { a.outbox, _ = record.Restamp(a.outbox, a.stamp) }), []law.Law{law.ClientReopens}},
		{"what was confirmed, and not its cursor", newClosable(func(a *app) { a.confirmed = map[record.Key]record.Record{} }), []law.Law{law.ClientReopens}},
		{"its clock", newClosable(func(a *app) { a.newClock(0) }), []law.Law{law.ClientObserves}},
		{"its bases", newClosable(func(a *app) {
			a.outbox = slices.Clone(a.outbox)
			for i := range a.outbox {
				a.outbox[i].Base = nil
			}
		}), []law.Law{law.ClientBase}},
	})
}
