package mergetest

import (
	"io"
	"time"

	"github.com/fieldlww/fieldlww/clock"
)

// What is below this package cannot name its interfaces, so a Backend and a Client are handed down as what
// they can do.

// processes returns a constructor of processes that makes backends.
func processes(create newBackend) newProcess {
	return func(e *simEnv) (process, error) {
		b, err := create(&Env{e})
		return processOf(b), err
	}
}

// processOf returns what a backend can do.
func processOf(b Backend) process {
	if b == nil {
		return process{}
	}
	p := process{backendAPI: b}
	if r, ok := b.(Restarter); ok {
		p.restart = restarting(r.Restart)
	}
	if r, ok := b.(Restorer); ok {
		p.backup = func() (func() (process, error), error) {
			restore, err := r.Backup()
			return restarting(restore), err
		}
	}
	if s, ok := b.(ServerWriter); ok {
		p.write = s.Write
	}
	if c, ok := b.(io.Closer); ok {
		p.close = c.Close
	}
	return p
}

// restarting adapts what makes a new process.
func restarting(next func() (Backend, error)) func() (process, error) {
	return func() (process, error) {
		b, err := next()
		return processOf(b), err
	}
}

// apps returns a constructor of apps that makes Clients, or nil.
func apps(create newClient) newClientApp {
	if create == nil {
		return nil
	}
	return func(id clock.ClientID, wall func() time.Time) clientApp { return appOf(create(id, wall)) }
}

// appOf returns what a Client can do.
func appOf(c Client) clientApp {
	a := clientApp{clientAPI: c}
	if r, ok := c.(Reopener); ok {
		a.reopen = func() (clientApp, error) {
			next, err := r.Reopen()
			return appOf(next), err
		}
	}
	return a
}
