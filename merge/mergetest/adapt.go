package mergetest

import (
	"io"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/sim"
)

// The packages below this one cannot name its interfaces. So this file hands a Backend and a Client down as
// structs of their methods.

// newBackend makes an empty backend for one run.
type newBackend = func(*Env) (Backend, error)

// processes adapts a constructor of backends to one of processes.
func processes(create newBackend) sim.NewProcess {
	return func(e *sim.Env) (sim.Process, error) {
		b, err := create(&Env{e})
		return processOf(b), err
	}
}

// processOf returns a backend as a Process, with the optional methods that it has.
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

// restarting adapts a function that starts a backend again to one that returns a Process.
func restarting(next func() (Backend, error)) func() (sim.Process, error) {
	return func() (sim.Process, error) {
		b, err := next()
		return processOf(b), err
	}
}

// apps adapts a constructor of Clients to one of apps. It returns nil for nil.
func apps(create newClient) sim.NewApp {
	if create == nil {
		return nil
	}
	return func(id clock.ClientID, wall func() time.Time) sim.App { return appOf(create(id, wall)) }
}

// appOf returns a Client as an App, with Reopen if it has that method.
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
