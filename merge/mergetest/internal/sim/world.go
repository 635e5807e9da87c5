// Package sim runs a schedule on a backend: it simulates the devices and their clocks, the network
// and the server, and contains the table of steps. It reports everything that it sees to a judge.
package sim

import (
	"errors"
	"fmt"
	"time"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/check"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// world is one run: a backend, its devices, and the kit's knowledge of them.
type world struct {
	*check.Judge
	o       Config
	env     *Env
	backend Process
	devices []*device // nil for a device that has done nothing yet
	story   []Event
	telling bool // whether the run keeps a story

	finishing bool        // whether the faults have ended
	panicked  bool        // whether the backend or a Client panicked
	points    int         // the most calls to Env.Crash in one push
	pauses    int         // the most calls to Env.Pause in one push
	serving   *request    // the request that is being served, or nil
	backup    *serverCopy // the last backup, or nil
	fenceSeq  int64       // the sequence of the fence
	erasures  []erasure   // in order

	decoded map[string][]line // the decoded lines, keyed by their text
	grown   int               // the number of fields added by growing records
	source  check.Rows        // of the imports
	added   map[string]int    // by record ID, the number of additions to its counter
}

// Run runs the steps on a new backend, ends all faults, and judges the results. With s.Tell, it
// keeps the events for the story.
func Run(create NewProcess, o Config, s Scenario) (r Result, err error) {
	w := newWorld(o)
	w.IDs = o.Named(s.Steps)
	w.devices = make([]*device, len(schedule.People()))
	w.env = &Env{w}
	w.telling = s.Tell
	w.recoverPanic(func() { err = w.play(create, s.Steps) })
	if !w.panicked { // after a panic, the backend may hold a lock
		err = errors.Join(err, w.close())
	}
	return w.result(), err
}

// close closes the backend and the Clients.
func (w *world) close() (err error) {
	if w.backend.Close != nil {
		err = w.backend.Close()
	}
	for _, d := range w.devices {
		if d != nil && d.client != nil {
			err = errors.Join(err, d.client.close())
		}
	}
	return err
}

// Result is the result of a run.
type Result struct {
	Breach *check.Breach // the first law that was broken, or nil
	Counts check.Counts
	Able   check.Abilities
	Lasted time.Duration // of virtual time
	Points int           // the most calls to Env.Crash in one push
	Pauses int           // the most calls to Env.Pause in one push
	Story  []Event
	Hints  []string // hints that depend on the steps
}

func (w *world) result() Result {
	return Result{w.Breach, w.Counts, w.Able, w.Now.Sub(schedule.Start()), w.points, w.pauses, w.story, w.o.hints(w.Counts)}
}

// newWorld returns a run at its start, without a backend.
func newWorld(o Config) *world {
	w := &world{o: o, decoded: map[string][]line{}, added: map[string]int{}, source: check.Rows{}}
	w.Judge = check.NewJudge(o.Rules, w)
	return w
}

// play makes a backend and plays the steps on it.
func (w *world) play(create NewProcess, steps []schedule.Step) (err error) {
	if w.backend, err = create(w.env); err != nil {
		return fmt.Errorf("mergetest: no backend: %w", err)
	}
	if w.o.Old != nil && w.backend.Old == nil {
		return errors.New("mergetest: Options.Old lists fields, but the backend is not an OldServer")
	}
	if w.backend.Backend == nil {
		return errors.New("mergetest: no backend: newBackend returned nil and no error; return a Backend, or an error")
	}
	w.Able |= w.can()
	w.Keeps = w.backend.Keeps
	w.openBuckets()
	if err := w.mustBeNew(); err != nil {
		return err
	}
	for i, step := range steps {
		if w.Breach != nil {
			break
		}
		w.Moment = i
		w.do(step)
	}
	w.Moment = len(steps)
	w.finish()
	return nil
}

// mustBeNew returns an error if the backend has fields of the records that devices write, and Options.Stored lacks
// these fields.
func (w *world) mustBeNew() error {
	others := w.JudgeFilled(w.Fresh())
	if len(others) == 0 || w.Breach != nil {
		return nil
	}
	what := "is not empty when a run begins; newBackend must return an empty one each time"
	if len(w.o.Stored) > 0 {
		what = "has more than Options.Stored when a run begins; newBackend must return a new one each time"
	}
	return fmt.Errorf("mergetest: the backend %s. It has:\n%s", what, check.Listed(others))
}

// Scenario is a schedule to run.
type Scenario struct {
	Steps []schedule.Step
	Tell  bool
}

// device returns a device, and creates it when it is first asked for.
func (w *world) device(i int) *device {
	if w.devices[i] == nil {
		w.devices[i] = newDevice(w, i)
	}
	return w.devices[i]
}
