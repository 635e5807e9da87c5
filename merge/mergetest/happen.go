package mergetest

import (
	"errors"
	"time"

	"github.com/fieldlww/fieldlww/record"
)

// do does one step.
func (w *world) do(s step) {
	switch {
	case s.verb == "wait":
		w.now = w.now.Add(s.by)
	case s.who == server:
		w.serves(s)
	case s.verb == "pushes":
		w.push(w.device(s.who), s.push)
	case s.verb == "pulls":
		w.pull(w.device(s.who), s.push.lost)
	case s.verb == "resends":
		w.resend(w.device(s.who), s.n)
	default:
		d := w.device(s.who)
		w.befall(d, s)
		w.count(s.verb)
		if w.story != nil {
			w.tell(s.told(), d.latest(s))
		}
	}
}

// serves lets something happen to the server.
func (w *world) serves(s step) {
	switch s.verb {
	case "restarts":
		w.restart()
	case "writes":
		w.write(s)
	case "backs-up":
		w.backUp()
	case "is-restored":
		w.restore()
	case "forgets-time":
		w.setUnset(true)
	case "learns-time":
		w.setUnset(false)
	}
}

// setUnset decides whether the server's clock is set.
func (w *world) setUnset(unset bool) {
	if unset == w.unset {
		return
	}
	w.unset = unset
	w.tell("the clock of the server is "+map[bool]string{true: "not set", false: "set"}[unset], "")
}

// wall is the time by the server's clock: of a machine that begins in 1970, if it is not set.
func (w *world) wall() time.Time {
	if w.unset {
		return time.Unix(0, 0).UTC().Add(w.now.Sub(start()))
	}
	return w.now
}

// blind reports whether the server cannot judge stamps.
func (w *world) blind() bool { return w.unset && w.able.now && w.o.bounded() }

// befall lets something happen to a device.
func (w *world) befall(d *device, s step) {
	if !w.possible(d, s) {
		return
	}
	switch s.verb {
	case "edits":
		d.edit(s.id, s.sets)
	case "deletes":
		d.edit(s.id, []assignment{{record.DeletedField, "true"}})
	case "restores":
		d.edit(s.id, []assignment{{record.DeletedField, "false"}})
	case "spoils":
		d.spoil(s)
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
		d.invite()
	case "reopens":
		d.reopen()
	}
}

// possible reports whether something can befall a device: a Client cannot be copied, and
// nothing else can be opened again.
func (w *world) possible(d *device, s step) bool {
	switch s.verb {
	case "clones":
		return d.guest == nil && w.device(s.whom).guest == nil
	case "backs-up", "is-restored", "floods", "ticks":
		return d.guest == nil
	case "reopens":
		return d.guest != nil && d.guest.reopens()
	}
	return true
}

// factory returns the state of a device that was just installed.
func (d *device) factory() *state {
	d.install()
	return d.save()
}

// restart starts the server anew, if that is possible.
func (w *world) restart() {
	r, ok := w.backend.(Restarter)
	if !ok {
		return
	}
	next, err := r.Restart()
	if err != nil {
		w.broken(lawAnswered, "restart: %v", err)
		return
	}
	w.backend, w.last.restart = next, w.moment
	w.count("restarts")
	w.tell("the server is restarted", "")
	w.audit()
}

// write lets the server write by itself.
func (w *world) write(s step) {
	server, ok := w.backend.(Writer)
	if !ok || w.unset {
		return
	}
	for _, a := range s.sets {
		v, err := record.ParseValue([]byte(a.value))
		w.must(err)
		if err := server.Write(w.key(s.id), a.name, v); err != nil {
			w.brokenWrite(s, err)
			return
		}
		w.count("writes")
		w.judgeWrite(spot{s.id, a.name}, v)
	}
}

// brokenWrite names the law that is broken by an error instead of a write.
func (w *world) brokenWrite(s step, err error) {
	w.tell(s.String(), "error: "+err.Error())
	l := lawAnswered
	if errors.Is(err, record.ErrStamp) {
		l = lawServerClock
	}
	w.broken(l, "Write: %v", err)
}
