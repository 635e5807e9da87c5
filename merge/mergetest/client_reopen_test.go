package mergetest

import (
	"slices"
	"testing"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/record"
)

// closable is an app that can be closed and opened again. Its mistake is to lose some state.
type closable struct {
	*app
	loses func(*app)
}

func newClosable(loses func(*app)) newClient { return newClosableWith(clientQuirks{}, loses) }

func newClosableWith(q clientQuirks, loses func(*app)) newClient {
	return func(id clock.ClientID, wall func() time.Time) Client {
		return closable{newApp(q)(id, wall).(*app), loses}
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

// TestCorrectReopenerPasses checks that a correct client can be closed and opened again.
func TestCorrectReopenerPasses(t *testing.T) {
	t.Parallel()
	Run(t, newMemory, some(Options{NewClient: newClosable(nil)}))
}

// forgetfulClients lose state when they are closed.
func forgetfulClients() []brokenClient {
	return []brokenClient{
		{"loses its outbox", newClosable(func(a *app) { a.outbox = nil }), []law.Law{law.ClientReopens, law.ClientKeeps}},
		{"loses its last edit", newClosable(func(a *app) { a.outbox = a.outbox[:max(0, len(a.outbox)-1)] }), []law.Law{law.ClientReopens, law.ClientKeeps}},
		{"loses its stamps", newClosable(func(a *app) { a.outbox, _ = record.Restamp(a.outbox, a.stamp) }), []law.Law{law.ClientReopens}},
		{"loses the confirmed state but not its cursor", newClosable(func(a *app) { a.confirmed = map[record.Key]record.Record{} }), []law.Law{law.ClientReopens}},
		{"loses its clock", newClosable(func(a *app) { a.newClock(0) }), []law.Law{law.ClientObserves}},
		{"loses its bases", newClosable(func(a *app) {
			a.outbox = slices.Clone(a.outbox)
			for i := range a.outbox {
				a.outbox[i].Base = nil
			}
		}), []law.Law{law.ClientBase}},
	}
}

// TestLossOnReopenIsFound checks that the kit finds clients that lose state when they are closed.
func TestLossOnReopenIsFound(t *testing.T) {
	checkClients(t, forgetfulClients())
}
