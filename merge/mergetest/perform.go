package mergetest

import (
	"time"

	"github.com/fieldlww/fieldlww/record"
)

// do does one step.
func (w *world) do(s step) {
	switch {
	case s.verb == "wait":
		w.now = w.now.Add(s.by)
		if s.by > 30*24*time.Hour {
			w.count("silent for long")
		}
	case s.who == server:
		w.doServer(s)
	case s.verb == "pushes":
		w.push(w.device(s.who), s.push)
	case s.verb == "pulls":
		w.pull(w.device(s.who), s.push)
	case s.verb == "resends":
		w.resend(w.device(s.who), s.n)
	default:
		d := w.device(s.who)
		if w.apply(d, s) {
			w.count(s.verb)
		}
		if w.story != nil {
			w.tell(s.told(), d.latest(s))
		}
	}
}

// apply does to a device what a step says, and reports whether anything was done.
func (w *world) apply(d *device, s step) bool {
	if !w.possible(d, s) {
		return false
	}
	switch s.verb {
	case "edits":
		return d.edit(s.id, s.sets)
	case "adds":
		return d.add(s.id, s.sets)
	case "deletes":
		return d.edit(s.id, []assignment{{record.DeletedField, "true"}})
	case "restores":
		return d.edit(s.id, []assignment{{record.DeletedField, "false"}})
	case "spoils":
		return d.spoil(s)
	case "floods":
		d.flood(s)
	case "clock":
		d.setSkew(s.by)
	case "ticks":
		d.tick()
	case "clones":
		d.become(w.device(s.whom).save())
	case "backs-up":
		d.backup = d.save()
	case "is-restored":
		if d.backup == nil {
			d.backup = (&device{w: w, index: d.index, installed: d.installed}).factory()
		}
		d.become(d.backup)
	case "reinstalls":
		d.installed++
		d.install()
		d.addClient()
	case "reopens":
		if d.reopen(); d.w.breach == nil {
			d.judgeShown()
		}
	}
	return true
}

// possible reports whether a step can be done to a device: a Client cannot be copied, and only
// a Client can be opened again.
func (w *world) possible(d *device, s step) bool {
	switch s.verb {
	case "clones":
		return s.who != s.whom && d.client == nil && w.device(s.whom).client == nil
	case "backs-up", "is-restored", "floods", "ticks":
		return d.client == nil
	case "reopens":
		return d.client != nil && d.client.reopens()
	}
	return true
}

// factory returns the state of a device that was just installed.
func (d *device) factory() *state {
	d.install()
	return d.save()
}
