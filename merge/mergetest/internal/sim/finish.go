package sim

import (
	"time"

	"github.com/fieldlww/fieldlww/merge/mergetest/internal/law"
	"github.com/fieldlww/fieldlww/merge/mergetest/internal/schedule"
)

// rounds is how often everybody pushes and pulls until all must be settled.
const rounds = 10

// finish ends all faults, lets everybody push and pull, and compares.
func (w *world) finish() {
	if w.Breach != nil {
		return
	}
	w.Tell("all faults end; everybody pushes and pulls", "")
	w.finishing = true
	w.setClockUnset(false)
	for range rounds {
		w.Now = w.Now.Add(time.Millisecond) // what lies just ahead of the limit can wait for that
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
			w.Broken(law.ClientSettles, "after %d rounds something waits in the outbox of %s", rounds, d.name)
		} else if d.waits() {
			w.Broken(law.Settle, "after %d rounds the outbox of %s has %d items", rounds, d.name, len(d.outbox))
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
			w.JudgeEnd(d.name, d.confirmedWrites(), fresh)
		}
	}
}
