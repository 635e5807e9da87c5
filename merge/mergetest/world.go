package mergetest

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/oracle"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// world is one run: a backend, its devices, and what the kit knows of them.
type world struct {
	o       config
	env     *Env
	backend Backend
	now     time.Time
	devices []*device // nil are those that did nothing yet
	ledger  oracle.Ledger
	able    abilities
	counts  counts
	story   *story // nil if nobody reads it
	breach  *breach

	moment     int      // the number of the step
	sendings   int      // how many batches were sent
	unread     bool     // whether a push was, that nobody has looked at since
	finishing  bool     // whether the faults have ended
	clockUnset bool     // whether the server's clock is not set
	panicked   bool     // whether the backend or a Client did
	points     int      // how often a push called Env.Crash, at most
	pauses     int      // and Env.Pause
	serving    *request // nil if there is none
	last       latest
	backup     *serverCopy // nil if there is none

	ids     []string                   // of the records that the steps name
	decoded map[string][]record.Record // what pulls returned
	grown   int                        // how many fields were added to records that grow
}

// latest are the steps in which something happened last, and the last sendings that were damaged
// and audited.
type latest struct{ restart, restore, audit, damage, audited int }

// breach is the first law that was broken.
type breach struct {
	law    law.Law
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
func run(create newBackend, o config, s scenario) (w *world, err error) {
	w = &world{o: o, now: start(), counts: counts{}, ledger: oracle.NewLedger(), last: latest{-1, -1, -1, -1, -1}, decoded: map[string][]record.Record{}}
	w.ids = o.Named(s.steps)
	w.devices = make([]*device, len(schedule.People()))
	w.env = &Env{w}
	if s.tell {
		w.story = &story{}
	}
	w.catch(func() { err = w.play(create, s.steps) })
	if c, ok := w.backend.(io.Closer); ok && !w.panicked { // else it may hold a lock
		err = errors.Join(err, c.Close())
	}
	return w, err
}

// play makes a backend and plays the steps on it.
func (w *world) play(create newBackend, steps []schedule.Step) (err error) {
	if w.backend, err = create(w.env); err != nil {
		return fmt.Errorf("mergetest: no backend: %w", err)
	}
	if w.backend == nil {
		return errors.New("mergetest: no backend: newBackend returned nil, and no error")
	}
	w.able |= offered(w.backend)
	if err := w.mustBeEmpty(); err != nil {
		return err
	}
	for i, step := range steps {
		if w.breach != nil {
			break
		}
		w.moment = i
		w.do(step)
	}
	w.moment = len(steps)
	w.finish()
	return nil
}

// offered returns what a backend can do by the methods that it has.
func offered(b Backend) (a abilities) {
	if _, ok := b.(Restarter); ok {
		a |= canRestart
	}
	if _, ok := b.(Restorer); ok {
		a |= canRestore
	}
	if _, ok := b.(ServerWriter); ok {
		a |= canWrite
	}
	return a
}

// mustBeEmpty returns an error if there is something of the records that devices write.
func (w *world) mustBeEmpty() error {
	found := w.fresh()
	if len(found) == 0 || w.breach != nil {
		return nil
	}
	return fmt.Errorf("mergetest: the backend is not empty when a run begins: newBackend must make an empty one each time. It has:\n%s", w.listed(found))
}

// scenario is what is to be run.
type scenario struct {
	steps []schedule.Step
	tell  bool
}

// broken notes that a law is broken. The first one counts.
func (w *world) broken(l law.Law, format string, args ...any) {
	if w.breach == nil {
		w.breach = &breach{law: l, detail: []string{fmt.Sprintf(format, args...)}, moment: w.moment}
	}
}

// must notes an error that cannot be the backend's fault.
func (w *world) must(err error) {
	if err != nil {
		w.broken(law.Kit, "%v", err)
	}
}

// key returns the key of a record that devices write.
func (w *world) key(id string) record.Key {
	table, rest := w.o.Place(id)
	return record.Key{Table: table, ID: rest}
}

// idOf returns what steps call a record, if it is one that devices may write.
func (w *world) idOf(key record.Key) (id string, ok bool) { return w.o.IdOf(key.Table, key.ID) }

// place says which record an ID in a step is.
func (w *world) place(id string) string {
	key := w.key(id)
	return key.Table + "/" + schedule.Clipped(key.ID)
}

// device returns a device, which begins to exist when it is first asked for.
func (w *world) device(i int) *device {
	if w.devices[i] == nil {
		w.devices[i] = newDevice(w, i)
	}
	return w.devices[i]
}
