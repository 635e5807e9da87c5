package sim

import (
	"time"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// rounds is the number of times that all devices push and pull before everything must
// be settled.
const rounds = 10

// finish ends all faults, lets all devices push and pull, and compares the results.
func (w *world) finish() {
	if w.Breach != nil {
		return
	}
	w.Tell("all faults end; all devices push and pull", "")
	w.finishing = true
	w.setClockUnset(false)
	for range rounds {
		w.Now = w.Now.Add(time.Millisecond) // after this wait, a stamp that was just beyond the limit is within it
		busy := false
		for _, d := range w.devices {
			if d != nil && w.Breach == nil {
				w.push(d, schedule.Manner{})
				w.pull(d, schedule.Manner{})
				busy = busy || w.Breach == nil && d.waits()
			}
		}
		if !busy {
			break
		}
	}
	for _, d := range w.devices {
		if d == nil || w.Breach != nil {
			continue
		}
		if d.waits() && d.client != nil {
			w.Broken(law.ClientSettles, "after %d rounds, the outbox of %s is not empty", rounds, d.name)
		} else if d.waits() {
			w.Broken(law.Settle, "after %d rounds, the outbox of %s has %d items", rounds, d.name, len(d.outbox))
		}
		w.pull(d, schedule.Manner{})
	}
	w.Audit()
	if w.Breach != nil {
		return
	}
	fresh := w.Fresh()
	for _, d := range w.devices {
		if d != nil {
			w.JudgeEnd(d.reader(), d.confirmedWrites(), fresh)
		}
	}
}
