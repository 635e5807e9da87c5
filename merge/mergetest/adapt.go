package mergetest

import (
	"io"
	"time"

	"github.com/fieldlww/fieldlww/clock"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/sim"
)

// The packages below this one cannot import it, so they cannot name its interfaces. This file therefore hands
// down each Backend and each Client as a struct of its methods.

// newBackend makes an empty backend for one run.
type newBackend = func(*Env) (Backend, error)

// processes adapts a constructor of Backends to a constructor of Processes.
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
	if g, ok := b.(Purger); ok {
		p.Purge = func(retention time.Duration) (check.Purged, error) {
			got, err := g.Purge(retention)
			return check.Purged(got), err
		}
	}
	if e, ok := b.(Eraser); ok && p.Purge != nil {
		p.Erase = e.Erase
	}
	if g, ok := b.(Granter); ok {
		p.Grant, p.Revoke = g.Grant, g.Revoke
	}
	if k, ok := b.(Keeper); ok {
		p.Keeps, p.Held = k.Keeps, k.Held
	}
	if a, ok := b.(Auditor); ok {
		p.Audit = a.Audit
	}
	if i, ok := b.(Importer); ok {
		p.Import = func(rows []sim.ImportRow) error { return i.Import(ImportID(), importRows(rows)) }
	}
	if o, ok := b.(OldServer); ok {
		p.Old = func() sim.Backend { return o.Old() }
	}
	if c, ok := b.(io.Closer); ok {
		p.Close = c.Close
	}
	return p
}

// importRows converts the rows of an import.
func importRows(rows []sim.ImportRow) (all []ImportRow) {
	for _, r := range rows {
		all = append(all, ImportRow(r))
	}
	return all
}

// restarting adapts a function that returns a restarted Backend to one that returns a Process.
func restarting(next func() (Backend, error)) func() (sim.Process, error) {
	return func() (sim.Process, error) {
		b, err := next()
		return processOf(b), err
	}
}

// apps adapts a constructor of Clients to a constructor of Apps. For a nil constructor, it returns
// nil.
func apps(create newClient) sim.NewApp {
	if create == nil {
		return nil
	}
	return func(id clock.ClientID, wall func() time.Time) sim.App { return appOf(create(id, wall)) }
}

// appOf returns a Client as an App, with the optional methods that it has.
func appOf(c Client) sim.App {
	a := sim.App{Client: c}
	if r, ok := c.(Reopener); ok {
		a.Reopen = func() (sim.App, error) {
			next, err := r.Reopen()
			return appOf(next), err
		}
	}
	if r, ok := c.(interface{ failed() error }); ok {
		a.Failed = r.failed
	}
	if r, ok := c.(io.Closer); ok {
		a.Close = r.Close
	}
	return a
}
