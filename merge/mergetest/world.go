package mergetest

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/fieldlww/fieldlww/record"
)

// world is one run: a backend, its devices, and what the kit knows of them.
type world struct {
	o       domain
	env     *Env
	backend Backend
	now     time.Time
	devices []*device // nil are those that did nothing yet
	ledger  ledger
	able    abilities
	counts  counts
	story   *story // nil if nobody reads it
	breach  *breach

	moment    int      // the number of the step
	healing   bool     // whether the faults have ended
	restarted int      // the step in which the server was restarted last
	serving   *request // nil if there is none
}

// abilities are what the backend was seen to be able to do.
type abilities struct{ now, pause, crash, restart, write bool }

// breach is the first law that was broken.
type breach struct {
	law    law
	detail []string
	moment int
}

// start is when each run starts. It is past, so that a backend which does not ask Env.Now
// has no reason to find anything too far ahead.
func start() time.Time { return time.Date(2024, 3, 4, 12, 0, 0, 0, time.UTC) }

// newBackend is how a backend is made: empty, for one run.
type newBackend = func(*Env) (Backend, error)

// run runs the steps on a new backend, ends all faults, and judges. With tell it keeps
// what is needed to tell the story.
func run(create newBackend, o domain, s scenario) (w *world, err error) {
	w = &world{o: o, now: start(), counts: counts{}, restarted: -1}
	w.ledger.pasts = map[spot]*past{}
	w.devices = newDevices(o)
	w.env = &Env{w}
	if s.tell {
		w.story = &story{}
	}
	if w.backend, err = create(w.env); err != nil {
		return nil, fmt.Errorf("mergetest: no backend: %w", err)
	}
	_, w.able.restart = w.backend.(Restarter)
	_, w.able.write = w.backend.(Writer)
	for i, step := range s.steps {
		if w.breach != nil {
			break
		}
		w.moment = i
		w.do(step)
	}
	w.moment = len(s.steps)
	w.heal()
	if c, ok := w.backend.(io.Closer); ok {
		err = c.Close()
	}
	return w, err
}

// scenario is what is to be run.
type scenario struct {
	steps []step
	tell  bool
}

func newDevices(o domain) []*device { return make([]*device, len(people())) }

// broken notes that a law is broken. The first one counts.
func (w *world) broken(l law, format string, args ...any) {
	if w.breach == nil {
		w.breach = &breach{law: l, detail: []string{fmt.Sprintf(format, args...)}, moment: w.moment}
	}
}

// must notes an error that cannot be the backend's fault.
func (w *world) must(err error) {
	if err != nil {
		w.broken(lawKit, "%v", err)
	}
}

// key returns the key of a record that devices write.
func (w *world) key(id string) record.Key { return record.Key{Table: w.o.Table, ID: id} }

// device returns a device, which begins to exist when it is first asked for.
func (w *world) device(i int) *device {
	if w.devices[i] == nil {
		w.devices[i] = newDevice(w, i)
	}
	return w.devices[i]
}

// do does one step.
func (w *world) do(s step) {
	switch s.verb {
	case "wait":
		w.now = w.now.Add(s.by)
		return
	case "restarts":
		w.restart()
		return
	case "writes":
		w.write(s)
		return
	}
	d := w.device(s.who)
	switch s.verb {
	case "edits":
		d.edit(s.id, s.sets)
	case "deletes":
		d.edit(s.id, []assignment{{record.DeletedField, "true"}})
	case "restores":
		d.edit(s.id, []assignment{{record.DeletedField, "false"}})
	case "spoils":
		d.spoil(s)
	case "pushes":
		w.push(d, s.push)
		return
	case "pulls":
		w.pull(d, s.push.lost)
		return
	case "resends":
		w.resend(d, s.n)
		return
	default:
		w.befall(d, s)
	}
	w.count(s.verb)
	if w.story != nil {
		w.tell(s.String(), d.latest(s))
	}
}

// befall lets something happen to a device.
func (w *world) befall(d *device, s step) {
	if !w.copies(d, s) {
		return
	}
	switch s.verb {
	case "clock":
		d.setSkew(s.by)
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
	}
}

// copies reports whether what befalls a device is possible: a Client cannot be copied.
func (w *world) copies(d *device, s step) bool {
	switch s.verb {
	case "clones":
		return d.guest == nil && w.device(s.whom).guest == nil
	case "backs-up", "is-restored":
		return d.guest == nil
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
	w.backend, w.restarted = next, w.moment
	w.count("restarts")
	w.tell("the server is restarted", "")
	w.audit()
}

// write lets the server write by itself.
func (w *world) write(s step) {
	server, ok := w.backend.(Writer)
	if !ok {
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
