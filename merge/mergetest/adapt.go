package mergetest

import (
	"io"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/sim"
)

// What is below this package cannot name its interfaces, so a Backend and a Client are handed down as what
// they can do.

// newBackend is how a backend is made: empty, for one run.
type newBackend = func(*Env) (Backend, error)

// processes returns a constructor of processes that makes backends.
func processes(create newBackend) sim.NewProcess {
	return func(e *sim.Env) (sim.Process, error) {
		b, err := create(&Env{e})
		return processOf(b), err
	}
}

// processOf returns what a backend can do.
func processOf(b Backend) sim.Process {
	if b == nil {
		return sim.Process{}
	}
	p := sim.Process{Backend: b}
	if r, ok := b.(Restarter); ok {
		p.Restart = restarting(r.Restart)
	}
	if r, ok := b.(Restorer); ok {
		p.Backup = func() (func() (sim.Process, error), error) {
			restore, err := r.Backup()
			return restarting(restore), err
		}
	}
	if s, ok := b.(ServerWriter); ok {
		p.Write = s.Write
	}
	if c, ok := b.(io.Closer); ok {
		p.Close = c.Close
	}
	return p
}

// restarting adapts what makes a new process.
func restarting(next func() (Backend, error)) func() (sim.Process, error) {
	return func() (sim.Process, error) {
		b, err := next()
		return processOf(b), err
	}
}

// apps returns a constructor of apps that makes Clients, or nil.
func apps(create newClient) sim.NewApp {
	if create == nil {
		return nil
	}
	return func(id clock.ClientID, wall func() time.Time) sim.App { return appOf(create(id, wall)) }
}

// appOf returns what a Client can do.
func appOf(c Client) sim.App {
	a := sim.App{Client: c}
	if r, ok := c.(Reopener); ok {
		a.Reopen = func() (sim.App, error) {
			next, err := r.Reopen()
			return appOf(next), err
		}
	}
	return a
}
