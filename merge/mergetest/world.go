package mergetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
	"github.com/fieldlww/fieldlww/record"
)

// world is one run: a backend, its devices, and what the kit knows of them.
type world struct {
	*judge
	o       config
	env     *simEnv
	backend process
	devices []*device // nil are those that did nothing yet
	story   []event
	telling bool // whether a story is kept

	finishing bool        // whether the faults have ended
	panicked  bool        // whether the backend or a Client did
	points    int         // how often a push called Env.Crash, at most
	pauses    int         // and Env.Pause
	serving   *request    // nil if there is none
	backup    *serverCopy // nil if there is none

	decoded map[string][]record.Record // what pulls returned
	grown   int                        // how many fields were added to records that grow
}

// run runs the steps on a new backend, ends all faults, and judges. With tell it keeps
// what is needed to tell the story.
func run(create newProcess, o config, s scenario) (r result, err error) {
	w := newWorld(o)
	w.ids = o.Named(s.steps)
	w.devices = make([]*device, len(schedule.People()))
	w.env = &simEnv{w}
	w.telling = s.tell
	w.catch(func() { err = w.play(create, s.steps) })
	if w.backend.close != nil && !w.panicked { // else it may hold a lock
		err = errors.Join(err, w.backend.close())
	}
	return w.result(), err
}

// result is what came of a run.
type result struct {
	breach *breach // the first law that was broken, or nil
	counts counts
	able   abilities
	lasted time.Duration // of virtual time
	points int           // how often a push called Env.Crash, at most
	pauses int           // and Env.Pause
	story  []event
	hints  []string // where to look, because of the steps
}

func (w *world) result() result {
	return result{w.breach, w.counts, w.able, w.now.Sub(schedule.Start()), w.points, w.pauses, w.story, w.o.hints(w.counts)}
}

// newWorld returns a run at its start, without a backend.
func newWorld(o config) *world {
	w := &world{o: o, decoded: map[string][]record.Record{}}
	w.judge = newJudge(o.rules, w)
	return w
}

// play makes a backend and plays the steps on it.
func (w *world) play(create newProcess, steps []schedule.Step) (err error) {
	if w.backend, err = create(w.env); err != nil {
		return fmt.Errorf("mergetest: no backend: %w", err)
	}
	if w.backend.backendAPI == nil {
		return errors.New("mergetest: no backend: newBackend returned nil, and no error")
	}
	w.able |= w.backend.can()
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

// mustBeEmpty returns an error if there is something of the records that devices write.
func (w *world) mustBeEmpty() error {
	found := w.fresh()
	if len(found) == 0 || w.breach != nil {
		return nil
	}
	return fmt.Errorf("mergetest: the backend is not empty when a run begins: newBackend must make an empty one each time. It has:\n%s", listed(found))
}

// scenario is what is to be run.
type scenario struct {
	steps []schedule.Step
	tell  bool
}

// device returns a device, which begins to exist when it is first asked for.
func (w *world) device(i int) *device {
	if w.devices[i] == nil {
		w.devices[i] = newDevice(w, i)
	}
	return w.devices[i]
}
